"""Code that can't be parsed, and what may be in it."""

from __future__ import annotations

import pytest

from keras_xent_cli.migrate.source.unparsed import may_hold

NAME = "tf.losses.softmax_cross_entropy"


@pytest.mark.parametrize(
    "source",
    [
        f"print {NAME}(y, x)",
        f"x = # TODO\nz = {NAME}(y, x)",
        f"x = (\nz = {NAME}(y, x)",
        f"'''\nz = {NAME}(y, x)",
        f"x = `1`\nz = {NAME}(y, x)",
        f"x = 0777\n  {NAME}",
        "z = getattr(tf.losses, name)\nprint z",
        "z = '''a''' + compute_weighted_loss\nprint z",
        "a = '''\n''' # b\nprint tf.losses.huber_loss",
        "é = '😀'; print compute_weighted_loss",
        "from tensorflow import losses\nprint losses.huber_loss",
    ],
)
def test_it_may(source: str) -> None:
    assert may_hold(source)
    assert may_hold(source.replace("\n", "\r\n"))


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = # TODO",
        f"# {NAME}\nprint 'x'",
        f"print 'x'  # {NAME}",
        f"'''{NAME}'''\nprint 'x'",
        f"def f():\n    # A comment.\n    '''It.\n\n    {NAME}\n    '''\n    print 'x'",
        f"x = (\n    # {NAME}\n",
        f"    # {NAME}\nx = `1`",
        "print tf.keras.losses.Reduction.NONE",
        "print tf.losses.Reduction.NONE",
        "from tensorflow import losses\nprint 'x'",
        "é = '😀'  # compute_weighted_loss\nprint é",
        "a = '''\n''' # compute_weighted_loss\nprint a",
    ],
)
def test_it_cannot(source: str) -> None:
    assert not may_hold(source)
    assert not may_hold(source.replace("\n", "\r\n"))


def test_lines_may_end_in_carriage_returns() -> None:
    source = "# a\rprint 'x'\rloss = tf.losses.softmax_cross_entropy(a, b)\r"
    assert may_hold(source)
    assert may_hold(source.replace("\r", "\r\n"))
    assert not may_hold("print 'x'\r# tf.losses.softmax_cross_entropy\ry = `1`\r")
