"""KX107."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_not_found

from keras_xent_cli.migrate.rules.kx107_scalar_in_compile import RULE

FUNCTION = "def f(y, x):\n    return {}\n"

SCALARS = [
    "tf.losses.softmax_cross_entropy(y, x)",
    "tf.losses.softmax_cross_entropy(y, x, reduction=tf.losses.Reduction.SUM)",
    "tf.losses.compute_weighted_loss(losses)",
    "tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(y, x))",
    "tf.contrib.losses.softmax_cross_entropy(x, y)",
    "tf.losses.sparse_softmax_cross_entropy(y, x)",
    "tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x))",
    "tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(y, x), name='loss')",
    "tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits_v2(y, x))",
    "tf.losses.softmax_cross_entropy(y, x, reduction='weighted_sum')",
]
VECTORS = [
    "tf.losses.softmax_cross_entropy(y, x, reduction=tf.losses.Reduction.NONE)",
    "tf.losses.softmax_cross_entropy(y, x, reduction='none')",
    "tf.nn.softmax_cross_entropy_with_logits_v2(y, x)",
    "tf.keras.losses.categorical_crossentropy(y, x)",
    "tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x), axis=-1)",
    "tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x), 1)",
    "tf.losses.sigmoid_cross_entropy(y, x, reduction='none')",
    "tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits_v2(y, x), reduction_indices=1)",
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


def test_which_loss_object_for_any_losses() -> None:
    function = FUNCTION.format("tf.losses.compute_weighted_loss(losses)")
    source = f"import tensorflow as tf\n{function}model.compile('sgd', f)\n"
    check_flagged(source, "KX107", "Pass keras_xent.CategoricalCrossentropy(from_logits=True, ")


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
        "print(x)\nmodel.compile('sgd', f)",
        "import functools\nmodel.compile(loss=functools.partial("
        "lambda w, y, x: tf.losses.softmax_cross_entropy(y, x, w), 2.0))",
        "from functools import partial\nmodel.compile(loss=partial(f, scope='a'))",
        "import functools\ng = functools.partial(f, scope='a')\nmodel.compile(loss=[g])",
        "import functools\ng = f\ng = functools.partial(\n    g, scope='a')\nmodel.compile(loss=g)",
        "import functools\nmodel.compile(loss=functools.partial("
        "tf.losses.softmax_cross_entropy, label_smoothing=0.1))",
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
        "model.compile('sgd', 'mse', [f])",
        "model.compile('sgd', tf.nn.softmax_cross_entropy_with_logits_v2)",
        "model.compile('sgd', tf.losses.compute_weighted_loss)",
        "model.compile(loss=other(lambda y, x: tf.losses.softmax_cross_entropy(y, x)))",
        "for g in losses:\n    model.compile('sgd', g)",
        "value = f(y, x)",
        "import functools\nmodel.compile(loss=functools.partial(g, w=1.0))",
        "import functools\nmodel.compile(loss=functools.partial())",
        "import functools\ng = functools.partial(\n    g)\nmodel.compile(loss=g)",
        "import functools\ng = f\n" + "g = functools.partial(g)\n" * 1000 + "model.compile(loss=g)",
        "import functools\nmodel.compile(loss=functools.partial("
        "tf.losses.softmax_cross_entropy, reduction='none'))",
    ],
)
def test_not_found(line: str) -> None:
    check_not_found(f"import tensorflow as tf\n{FUNCTION.format(SCALARS[0])}{line}\n", "KX107")


def test_it_is_counted_among_the_mistakes_of_the_program() -> None:
    assert RULE.is_defect
