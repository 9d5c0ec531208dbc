"""The table of unusual numbers in the documentation: each row is what the losses return.

Run as a program, this file prints the table.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Callable

import pytest
import tensorflow as tf

import keras_xent

PAGE = Path(__file__).parent.parent / "docs" / "numbers.md"
INF, NAN = float("inf"), float("nan")
# The smallest float32 that isn't 0.
TINY = 1e-45
# The loss, what is unusual, the logits and the labels of one example.
ROWS = [
    ("softmax", "logits ±10⁴", [1e4, -1e4, 0], [0, 0, 1]),
    ("softmax", "logits ±10³⁰", [1e30, -1e30, 0], [0, 0, 1]),
    ("softmax", "a logit masked with −10⁹", [1, 2, -1e9], [0, 1, 0]),
    ("softmax", "all logits masked with −10⁹", [-1e9, -1e9, -1e9], [0, 1, 0]),
    ("softmax", "a logit is −∞, its label is 0", [1, 2, -INF], [0, 1, 0]),
    ("softmax", "a logit is −∞, its label is 1", [1, 2, -INF], [0, 0, 1]),
    ("softmax", "all logits are −∞", [-INF, -INF, -INF], [0, 1, 0]),
    ("softmax", "a logit is +∞", [1, INF, 2], [0, 0, 1]),
    ("softmax", "a logit is +∞, its label is 1", [1, INF, 2], [0, 1, 0]),
    ("softmax", "a logit is NaN", [1, NAN, 2], [0, 0, 1]),
    ("softmax", "a label is NaN", [1, 2, 3], [0, NAN, 1]),
    ("softmax", "denormal logits", [TINY, -TINY, 0], [0, 0, 1]),
    ("softmax", "a denormal label", [1, 2, 3], [TINY, 0, 1]),
    ("softmax", "labels add up to 2", [1, 2, 3], [1, 0, 1]),
    ("softmax", "a negative label", [1, 2, 3], [-1, 0, 1]),
    ("softmax", "all labels are 0", [1, 2, 3], [0, 0, 0]),
    ("softmax", "one class", [5], [1]),
    ("softmax", "no classes", [], []),
    ("softmax", "an empty batch", None, None),
    ("sparse", "logits ±10⁴", [1e4, -1e4, 0], 2),
    ("sparse", "logits ±10³⁰", [1e30, -1e30, 0], 2),
    ("sparse", "a logit masked with −10⁹", [1, 2, -1e9], 1),
    ("sparse", "all logits masked with −10⁹", [-1e9, -1e9, -1e9], 1),
    ("sparse", "a logit is −∞, another is labeled", [1, 2, -INF], 1),
    ("sparse", "the labeled logit is −∞", [1, 2, -INF], 2),
    ("sparse", "a logit is +∞", [1, INF, 2], 2),
    ("sparse", "a logit is NaN", [1, NAN, 2], 2),
    ("sparse", "denormal logits", [TINY, -TINY, 0], 2),
    ("sparse", "a class id out of range", [1, 2, 3], 3),
    ("sparse", "one class", [5], 0),
    ("sparse", "an empty batch", None, None),
    ("sigmoid", "logits ±10⁴", [1e4, -1e4], [0, 0]),
    ("sigmoid", "logits ±10³⁰", [1e30, -1e30], [0, 0]),
    ("sigmoid", "a logit masked with −10⁹", [-1e9], [0]),
    ("sigmoid", "a logit is −∞, its label is 0", [-INF], [0]),
    ("sigmoid", "a logit is +∞, its label is 0", [INF], [0]),
    ("sigmoid", "a logit is +∞, its label is 1", [INF], [1]),
    ("sigmoid", "a logit is NaN", [NAN], [1]),
    ("sigmoid", "a denormal logit", [TINY], [1]),
    ("sigmoid", "a label of 2", [1], [2]),
    ("sigmoid", "a negative label", [1], [-1]),
    ("sigmoid", "an empty batch", None, None),
]
V1 = tf.compat.v1.losses
OURS = {
    "softmax": keras_xent.v1.softmax_cross_entropy,
    "sparse": keras_xent.v1.sparse_softmax_cross_entropy,
    "sigmoid": keras_xent.v1.sigmoid_cross_entropy,
}
TF1 = {
    "softmax": V1.softmax_cross_entropy,
    "sparse": V1.sparse_softmax_cross_entropy,
    "sigmoid": V1.sigmoid_cross_entropy,
}


Loss = Callable[..., Any]


def number(value: Any) -> str:
    text = f"{float(value):.5g}".replace("-", "−").replace("inf", "∞").replace("nan", "NaN")
    return "0" if text == "−0" else text.replace("e+", "e")


def loss_and_gradient(loss: Loss, logits: tf.Tensor, labels: tf.Tensor) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(labels, logits)
    return value, tape.gradient(value, logits)


@functools.lru_cache(maxsize=None)
def compiled(name: str) -> Any:
    """Compiles once for all rows with the same shapes."""
    run = functools.partial(loss_and_gradient, OURS[name])
    return tf.function(run, jit_compile=True, autograph=False)


def result(run: Callable[..., Any], logits: tf.Tensor, labels: tf.Tensor) -> str:
    """The loss and the gradient, as the table shows them."""
    try:
        value, gradient = run(logits, labels)
    except (ValueError, tf.errors.InvalidArgumentError):
        return "error"
    each = ", ".join(map(number, tf.reshape(gradient, [-1])))
    return f"{number(value)} ({each})" if each else number(value)


def row(name: str, what: str, logits: list[float] | None, labels: Any) -> str:
    dtype = tf.int32 if name == "sparse" else tf.float32
    if logits is None:
        x, y = tf.zeros([0, 3]), tf.zeros([0] if name == "sparse" else [0, 3], dtype)
    else:
        x, y = tf.constant([logits], tf.float32), tf.constant([labels], dtype)
    cells = [name, what]
    for backend in ("auto", "portable"):
        keras_xent.set_backend(backend)
        cells.append(result(functools.partial(loss_and_gradient, OURS[name]), x, y))
    cells.append(result(compiled(name), x, y))
    cells.append(result(functools.partial(loss_and_gradient, TF1[name]), x, y))
    keras_xent.set_backend("auto")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    for each in ROWS:
        print(row(*each))
else:

    @pytest.mark.skipif(keras_xent.backend().name != "native", reason="shows the native kernels")
    @pytest.mark.parametrize("each", ROWS, ids=lambda each: f"{each[0]}, {each[1]}")
    def test_a_row_is_what_the_losses_return(each: Any) -> None:
        assert row(*each) in PAGE.read_text(encoding="utf-8").splitlines()

    def test_the_table_has_no_other_rows() -> None:
        lines = PAGE.read_text(encoding="utf-8").splitlines()
        rows = [line for line in lines if line.startswith(("| softmax", "| sparse", "| sigmoid"))]
        assert len(rows) == len(ROWS)
