"""KX011."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import (
    TARGETS,
    check_flagged,
    check_loss_object,
    check_noop,
    check_stays_v1,
    ported,
)

NAME = "sigmoid_cross_entropy_with_logits"
TF1 = "import tensorflow.compat.v1 as tf"
CALL = f"tf.nn.{NAME}(labels=labels, logits=logits)"
AVERAGED = [
    f"return tf.reduce_mean({CALL})",
    f"return tf.reduce_mean(input_tensor={CALL})",
    f"return 0.5 * tf.math.reduce_mean(\n        {CALL}  # for each element\n    )",
    f"xentropy = {CALL}\n    return tf.reduce_mean(xentropy)",
    f"xentropy = {CALL}\n    return tf.reduce_mean(xentropy) + tf.reduce_mean(xentropy)",
    f"xentropy = {CALL}\n    return (lambda: tf.reduce_mean(xentropy))()",
]
OTHERWISE = [
    f"return {CALL}",
    f"return tf.reduce_sum({CALL})",
    f"return tf.reduce_mean({CALL}, 1)",
    f"return tf.reduce_mean({CALL}, axis=0)",
    f"return tf.reduce_mean({CALL} * weights[:, None])",
    f"return tf.reduce_mean(-{CALL})",
    f"return tf.reduce_mean([{CALL}])",
    f"xentropy = {CALL}\n    return tf.reduce_mean(xentropy) + tf.reduce_sum(xentropy)",
    f"xentropy = {CALL}\n    xentropy = xentropy * 2\n    return tf.reduce_mean(xentropy)",
    f"xentropy = other = {CALL}\n    return tf.reduce_mean(xentropy) + tf.reduce_sum(other)",
    f"xentropy = {CALL}\n    xentropy *= 2.0\n    return tf.reduce_mean(xentropy)",
    f"global G\n    G = {CALL}\n    return tf.reduce_mean(G)",
]


def program(body: str, imports: str = TF1) -> str:
    return f"{imports}\n\n\ndef loss(labels, logits, weights):\n    {body}\n"


@pytest.mark.parametrize("body", AVERAGED)
def test_averaged(body: str) -> None:
    before = program(body)
    executing.check_same(before, [ported(before)[0]])
    new = check_loss_object(before)
    assert "BinaryCrossentropy(from_logits=True, reduction=keras_xent.Reduction.NONE)(" in new


@pytest.mark.parametrize("body", OTHERWISE)
def test_stays_v1(body: str) -> None:
    check_stays_v1(program(body), "the same only if the result is used only in tf.reduce_mean")


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (4, 1)])
def test_ranks(shape: tuple) -> None:
    check_loss_object(program(AVERAGED[0]), shape=shape)


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("import tensorflow as tf", "tf.nn."),
        ("import tensorflow as tf", "tf.compat.v1.nn."),
        ("from tensorflow.python.ops import nn", "nn."),
        ("from tensorflow.python.ops import nn_impl", "nn_impl."),
        (f"from tensorflow.nn import {NAME}", ""),
    ],
)
def test_imports(imports: str, name: str) -> None:
    before = program(f"return {name}{NAME}(logits=logits, labels=labels + logits)", imports)
    new, findings = ported(before)
    assert f"return keras_xent.v1.{NAME}(logits=logits, labels=labels + logits)" in new
    assert [finding.rule for finding in findings] == ["KX011"]
    executing.check_same(before, [new])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("z = tf.nn.{}(x, y)", "TF1 raises an error for positional arguments"),
        ("z = tf.nn.{}(logits=x, targets=y)", "'targets' isn't one of its arguments"),
    ],
)
def test_flagged(line: str, message: str, target: str) -> None:
    source = f"{TF1}\n{line.format(NAME)}\n"
    assert ported(source, target)[0] == source
    check_flagged(source, "KX011", message, target=target)


def test_noop() -> None:
    check_noop(f"import tensorflow as tf\nz = tf.nn.{NAME}(y, x)\n")
    check_noop(f"import tensorflow.compat.v2 as tf\nz = tf.nn.{NAME}(labels=y, logits=x)\n")
