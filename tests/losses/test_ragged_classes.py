"""Class ids where each loss has its own number of classes: the loss of one-hot labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy, Reduction, SparseCategoricalCrossentropy

COUNTS = [2, 4, 1, 3]
IDS = np.array([1, 2, 0, 0])
LOGITS = np.random.default_rng(0).normal(size=sum(COUNTS)).astype(np.float32)
WEIGHTS = np.float32([0.5, 2, 3, 0])
SPLITS = np.cumsum([0, *COUNTS])
ONE_HOT = np.concatenate([np.eye(n, dtype=np.float32)[k] for n, k in zip(COUNTS, IDS)])


def rows(values: Any) -> tf.RaggedTensor:
    return tf.RaggedTensor.from_row_splits(values, tf.constant(SPLITS), validate=False)


def value_and_gradient(loss: Any, labels: Any, predictions: Any, *weights: Any) -> list[Any]:
    def run(values: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(values)
            value = loss(labels, rows(values), *weights)
        return [value, tape.gradient(value, values)]

    return run(tf.constant(predictions))


def assert_close(found: Any, expected: Any) -> None:
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("reduction", list(Reduction))
def test_it_is_the_loss_of_one_hot_labels(
    from_logits: bool, smoothing: float, reduction: Reduction
) -> None:
    arguments = {"reduction": reduction, "label_smoothing": smoothing}
    # Keras renormalises probabilities beside one-hot labels after it clips, and clips beside ids.
    predictions = LOGITS
    if not from_logits:
        predictions = np.concatenate([tf.nn.softmax(x) for x in np.split(LOGITS, SPLITS[1:-1])])
    ours = SparseCategoricalCrossentropy(from_logits, **arguments)
    theirs = CategoricalCrossentropy(from_logits, **arguments)
    found = value_and_gradient(ours, IDS, predictions, WEIGHTS)
    expected = value_and_gradient(theirs, rows(ONE_HOT), predictions, WEIGHTS)
    if from_logits:
        assert_close(found, expected)
    else:
        assert_close(found[:1], expected[:1])


@pytest.mark.parametrize(("jit_compile", "ignore_class"), [(False, None), (False, 0), (True, 0)])
def test_graphs_that_know_no_row_give_the_same(jit_compile: bool, ignore_class: Any) -> None:
    loss = SparseCategoricalCrossentropy(True, ignore_class, label_smoothing=0.2)

    @tf.function(
        input_signature=[tf.TensorSpec([None], dtype) for dtype in ("int64", "float32", "int64")],
        autograph=False,
    )
    def traced(ids: tf.Tensor, values: tf.Tensor, splits: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(values)
            y_pred = tf.RaggedTensor.from_row_splits(values, splits, validate=False)
            value = loss(ids, y_pred)
        return [value, tape.gradient(value, values)]

    run = tf.function(lambda *inputs: traced(*inputs), jit_compile=jit_compile, autograph=False)
    assert_close(run(IDS, LOGITS, SPLITS), value_and_gradient(loss, IDS, LOGITS))
    for ids in (IDS[:1], IDS[:3], np.append(IDS, 0)):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            run(ids, LOGITS, SPLITS)


def test_the_second_derivatives() -> None:
    """Those of one-hot labels."""

    def second(loss: Any, labels: Any) -> tf.Tensor:
        values = tf.constant(LOGITS)
        with tf.GradientTape() as outer:
            outer.watch(values)
            _, gradient = value_and_gradient_of(loss, labels, values)
            squares = tf.reduce_sum(gradient**2)
        return outer.gradient(squares, values)

    def value_and_gradient_of(loss: Any, labels: Any, values: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(values)
            value = loss(labels, rows(values))
        return value, tape.gradient(value, values)

    arguments = {"label_smoothing": 0.2, "reduction": "sum"}
    found = second(SparseCategoricalCrossentropy(True, **arguments), IDS)
    expected = second(CategoricalCrossentropy(True, **arguments), rows(ONE_HOT))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_nothing_of_an_ignored_row_reaches_loss_or_gradient() -> None:
    ids = np.array([1, -1, 0, -1])
    logits = LOGITS.copy()
    logits[2:6] = np.nan, np.inf, -np.inf, 0
    loss = SparseCategoricalCrossentropy(True, -1, label_smoothing=0.2)
    value, gradient = value_and_gradient(loss, ids, logits)
    kept = SparseCategoricalCrossentropy(True, label_smoothing=0.2)
    assert float(value) == pytest.approx(float(kept([1], LOGITS[None, :2])) / 2, rel=1e-5)
    assert np.isfinite(gradient).all()
    assert not np.any(gradient[2:6])
    assert np.all(gradient[:2])
    losses = SparseCategoricalCrossentropy(True, -1, "none").call(ids, rows(logits))
    np.testing.assert_array_equal(losses._keras_mask, ids != -1)


def test_an_infinite_logit_of_another_class_adds_nothing() -> None:
    logits = LOGITS.copy()
    logits[0] = -np.inf
    loss = SparseCategoricalCrossentropy(True, reduction="sum")
    value, gradient = value_and_gradient(loss, IDS, logits)
    theirs = CategoricalCrossentropy(True, reduction="sum")
    expected = value_and_gradient(theirs, rows(ONE_HOT), logits)
    assert_close([value, gradient], expected)
    assert np.isfinite(float(value))


def test_under_xla_an_id_that_its_row_does_not_have_is_nan() -> None:
    loss = SparseCategoricalCrossentropy(True, reduction="none", label_smoothing=0.1)
    run = tf.function(
        lambda ids, values: loss(ids, rows(values)), jit_compile=True, autograph=False
    )
    found = run(np.array([2, 2, -1, 0]), LOGITS)
    np.testing.assert_array_equal(np.isnan(found), [True, False, True, False])


@pytest.mark.parametrize("ignore_class", [None, 0])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_dtypes(dtype: str, ignore_class: int | None) -> None:
    def value(dtype: str) -> tf.Tensor:
        loss = SparseCategoricalCrossentropy(True, ignore_class, dtype=dtype, label_smoothing=0.1)
        return loss(IDS, rows(tf.cast(LOGITS, dtype)))

    assert value(dtype).dtype == dtype
    assert float(value(dtype)) == pytest.approx(float(value("float32")), rel=2e-2)


@pytest.mark.parametrize("ignore_class", [None, 7])
def test_float64_is_exact(ignore_class: int | None) -> None:
    loss = SparseCategoricalCrossentropy(True, ignore_class, dtype="float64", reduction="none")
    logits = np.random.default_rng(1).normal(size=sum(COUNTS))
    losses = loss(IDS, rows(tf.constant(logits)))
    for number, (start, end) in enumerate(zip(SPLITS, SPLITS[1:])):
        row = logits[start:end]
        expected = np.log(np.exp(row).sum()) - row[IDS[number]]
        assert float(losses[number]) == pytest.approx(expected, rel=1e-13)


def test_an_id_that_its_row_does_not_have_is_in_the_error() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="class ids that are out") as caught:
        SparseCategoricalCrossentropy(True)(np.array(COUNTS), rows(LOGITS))
    assert "[2 4 1...] [2 4 1...]" in str(caught.value)


def test_large_logits() -> None:
    loss = SparseCategoricalCrossentropy(True, reduction="none")
    value, gradient = value_and_gradient(loss, IDS, 1e4 + LOGITS)
    expected = value_and_gradient(loss, IDS, np.float32(1e4) + LOGITS - np.float32(1e4))
    assert_close([value, gradient], expected)


def test_an_ignored_id_does_not_count() -> None:
    loss = SparseCategoricalCrossentropy(True, 2, Reduction.SUM_BY_NONZERO_WEIGHTS)
    each = SparseCategoricalCrossentropy(True, reduction="none")
    value = loss(IDS, rows(LOGITS))
    assert getattr(value, "_keras_mask", None) is None
    losses = each(IDS, rows(LOGITS)).numpy()[IDS != 2]
    assert float(value) == pytest.approx(losses.mean())


def test_under_xla_ids_in_other_rows_give_nan() -> None:
    """XLA compiles no assertions, and ids of other rows would be taken for these."""
    loss = SparseCategoricalCrossentropy(True, reduction="sum")

    @tf.function(jit_compile=True, autograph=False)
    def value(splits: tf.Tensor) -> tf.Tensor:
        nested = [tf.constant([0, 1, 4], tf.int64), tf.constant(SPLITS, tf.int64)]
        y_pred = tf.RaggedTensor.from_nested_row_splits(LOGITS, nested, validate=False)
        return loss(tf.RaggedTensor.from_row_splits(IDS, splits, validate=False), y_pred)

    right, wrong = tf.constant([0, 1, 4], tf.int64), tf.constant([0, 2, 4], tf.int64)
    np.testing.assert_allclose(value(right), loss(IDS, rows(LOGITS)), rtol=1e-5)
    assert np.isnan(value(wrong))
