"""KX108."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import check_flagged, check_not_found, ported


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("f = getattr(tf.losses, name)", "the codemod can't know which loss"),
        ("f = getattr(tf.losses, name, None)", "the codemod can't know which loss"),
        ("f = getattr(tf.contrib.losses, name)", "the codemod can't know which loss"),
        ("f = getattr(tf.losses, 'softmax_cross_entropy')", "instead, and run"),
        ("f = getattr(tf.losses, 'sparse_softmax_cross_entropy')", "instead, and run"),
        ("f = getattr(tf.nn, 'sigmoid_cross_entropy_with_logits')", "instead, and run"),
        ("f = getattr(tf.nn, 'softmax_cross_entropy_with_logits_v2')", "instead, and run"),
        (
            "x = hasattr(tf.nn, 'softmax_cross_entropy_with_logits_v2')",
            "keep the branch that your program used",
        ),
        ("x = hasattr(tf.losses, 'softmax_cross_entropy')", "keep the branch that your"),
        ("setattr(tf.losses, 'softmax_cross_entropy', f)", "is replaced here"),
        ("f = getattr(tf.contrib.losses, name)", "v1, which expects the labels first"),
        ("f = eval('tf.losses.sigmoid_cross_entropy')", "the loss is in a string"),
        ("f = eval('tf.losses.' + name)", "the loss is in a string"),
        ("f = eval(f'tf.losses.{name}')", "the loss is in a string"),
        ("exec('z = tf.nn.sigmoid_cross_entropy_with_logits(labels=y)')", "is in a string"),
        (
            "mock.patch('tensorflow.losses.softmax_cross_entropy', f)",
            "write keras_xent.v1.softmax_cross_entropy",
        ),
        (
            "f = locate('tensorflow.contrib.losses.softmax_cross_entropy')",
            "v1.softmax_cross_entropy, which expects the labels first",
        ),
        (
            "f = locate('tf_slim.losses.softmax_cross_entropy')",
            "v1.softmax_cross_entropy, which expects the labels first",
        ),
        ("f = locate(name='tf.nn.sigmoid_cross_entropy_with_logits')", "is in a string"),
        ("tf.losses.softmax_cross_entropy = f", "is replaced here"),
        ("tf.nn.softmax_cross_entropy_with_logits = f", "is replaced here"),
    ],
)
def test_flagged(line: str, message: str) -> None:
    source = f"import tensorflow.compat.v1 as tf\n{line}\n"
    check_flagged(source, "KX108", message, line=2)
    assert ported(source)[0] == source


@pytest.mark.parametrize(
    "line", ["f = getattr(tf.losses, name)", "f = locate('tf.losses.softmax_cross_entropy')"]
)
def test_the_order_is_the_same(line: str) -> None:
    source = f"import tensorflow.compat.v1 as tf\n{line}\n"
    assert "expects" not in check_flagged(source, "KX108", "keras_xent.v1").message


def test_a_variable_that_is_evaluated() -> None:
    source = "import tensorflow as tf\ncode = 'tf.losses.softmax_cross_entropy'\nf = eval(code)\n"
    check_flagged(source, "KX108", "the loss is in a string", line=3)


@pytest.mark.parametrize("owner", ["tf.losses", "tf.nn", "slim.losses", "tf.compat.v1.nn"])
def test_what_is_said_is_ported(owner: str) -> None:
    """Written out, the call becomes what computes the same."""
    is_nn = owner.endswith("nn")
    name = "softmax_cross_entropy" + ("_with_logits" if is_nn else "")
    arguments = "labels=tf.abs(logits), logits=logits" if is_nn else "labels, logits"
    if owner.startswith("slim"):
        arguments = "logits, labels"
    before = (
        "import tensorflow as tf\nimport tf_slim as slim\n\nplaceholder = tf.placeholder\n\n\n"
        f"def loss(labels, logits, weights):\n    return getattr({owner}, '{name}')({arguments})\n"
    )
    check_flagged(before, "KX108", f"write {owner}.{name} instead, and run the codemod again")
    written = before.replace(f"getattr({owner}, '{name}')", f"{owner}.{name}")
    new, _ = ported(written)
    assert "keras_xent.v1" in new
    executing.check_same(before, [written, new])


@pytest.mark.parametrize(
    "line",
    [
        "f = getattr(tf.losses, 'mean_squared_error')",
        "f = getattr(tf.train, name)",
        "f = getattr(tf.nn, 'relu')",
        "x = hasattr(tf, 'contrib')",
        "f = getattr(FLAGS, 'softmax_cross_entropy')",
        "f = getattr(*things)",
        "f = eval('tf.nn.' + name)",
        "f = eval('tf.keras.losses.' + name)",
        "f = eval('tf.losses.mean_squared_error')",
        "x = 'tf.losses.softmax_cross_entropy'",
        "print('tf.losses.softmax_cross_entropy')",
        "self.log.exception('tf.losses.softmax_cross_entropy')",
        "self.log.critical('tf.losses.softmax_cross_entropy')",
        "self.log.fatal('tf.losses.softmax_cross_entropy')",
        "self.log.log(10, 'tf.losses.softmax_cross_entropy')",
        *(
            f"self.log.{name}('tf.losses.softmax_cross_entropy')"
            for name in ("debug", "info", "warn", "warning", "error")
        ),
        "f = locate('optax.losses.softmax_cross_entropy')",
        "self.softmax_cross_entropy = f",
        "softmax_cross_entropy = f",
    ],
)
def test_not_found(line: str) -> None:
    check_not_found(f"import tensorflow.compat.v1 as tf\n{line}\n", "KX108")
