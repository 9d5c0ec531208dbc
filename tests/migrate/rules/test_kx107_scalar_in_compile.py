"""KX107."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_not_found

FUNCTION = "def f(y, x):\n    return {}\n"

SCALARS = [
    "tf.losses.softmax_cross_entropy(y, x)",
    "tf.losses.softmax_cross_entropy(y, x, reduction=tf.losses.Reduction.SUM)",
    "tf.losses.compute_weighted_loss(losses)",
    "tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(y, x))",
    "tf.contrib.losses.softmax_cross_entropy(x, y)",
    "tf.losses.sparse_softmax_cross_entropy(y, x)",
    "tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x))",
]
VECTORS = [
    "tf.losses.softmax_cross_entropy(y, x, reduction=tf.losses.Reduction.NONE)",
    "tf.losses.softmax_cross_entropy(y, x, reduction='none')",
    "tf.nn.softmax_cross_entropy_with_logits_v2(y, x)",
    "tf.keras.losses.categorical_crossentropy(y, x)",
    "tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x), axis=-1)",
    "tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x), 1)",
    "tf.losses.sigmoid_cross_entropy(y, x, reduction='none')",
]


@pytest.mark.parametrize("value", SCALARS)
def test_functions(value: str) -> None:
    source = f"import tensorflow as tf\n{FUNCTION.format(value)}model.compile('sgd', loss=f)\n"
    check_flagged(source, "KX107", "f returns one number", line=4)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("softmax_cross_entropy", "Categorical"),
        ("sparse_softmax_cross_entropy", "SparseCategorical"),
        ("sigmoid_cross_entropy", "Binary"),
    ],
)
def test_which_loss_object(name: str, of: str) -> None:
    source = f"import tensorflow as tf\nmodel.compile('sgd', tf.losses.{name})\n"
    check_flagged(source, "KX107", f"Pass keras_xent.{of}Crossentropy(from_logits=True, ")


@pytest.mark.parametrize("value", VECTORS)
def test_one_loss_for_each(value: str) -> None:
    check_not_found(
        f"import tensorflow as tf\n{FUNCTION.format(value)}model.compile('sgd', loss=f)\n", "KX107"
    )


@pytest.mark.parametrize(
    "line",
    [
        "model.compile('sgd', f)",
        "model.compile(optimizer='sgd', loss=[f])",
        "model.compile(loss={'a': f})",
        "model.compile(loss=lambda y, x: tf.losses.softmax_cross_entropy(y, x))",
        "g = lambda y, x: tf.losses.softmax_cross_entropy(y, x)\nmodel.compile(loss=g)",
        "model.compile(loss=tf.losses.softmax_cross_entropy)",
    ],
)
def test_ways_to_compile(line: str) -> None:
    check_flagged(
        f"import tensorflow as tf\n{FUNCTION.format(SCALARS[0])}{line}\n",
        "KX107",
        "Keras multiplies it by sample_weight",
    )


@pytest.mark.parametrize(
    "line",
    [
        "model.compile('sgd', 'mse')",
        "model.compile('sgd', loss=g)",
        "model.compile()",
        "value = f(y, x)",
    ],
)
def test_not_found(line: str) -> None:
    check_not_found(f"import tensorflow as tf\n{FUNCTION.format(SCALARS[0])}{line}\n", "KX107")
