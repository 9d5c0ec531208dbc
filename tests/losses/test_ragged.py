"""Ragged labels and predictions: Keras 2's results, and those of the values of all rows."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
from ragged_rows import SPLITS, in_graph, rows

import keras_xent
from keras_xent import CategoricalCrossentropy, Reduction
from keras_xent._keras import IS_KERAS_3
from keras_xent.reduction import V1_NAMES

keras = tf.keras
only_keras_2 = pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 takes no ragged tensors")

RNG = np.random.default_rng(0)
LABELS = np.eye(3, dtype=np.float32)[RNG.integers(0, 3, 6)]
LOGITS = RNG.normal(size=(6, 3)).astype(np.float32)
EACH = np.float32([1, 0, 2, 0.5, 3, 0])
SAMPLES = np.float32([0.5, 7, 0, 3])
REDUCTIONS = ["sum", "sum_over_batch_size", "none"]


def repeated(samples: Any) -> np.ndarray:
    """One weight a sample as one weight a value."""
    return np.repeat(samples, np.diff(SPLITS), axis=0)


def both(**arguments: Any) -> Any:
    """Our loss and Keras's."""
    return CategoricalCrossentropy(**arguments), keras.losses.CategoricalCrossentropy(**arguments)


def assert_same(value: Any, expected: Any, rtol: float = 1e-5) -> None:
    assert isinstance(value, tf.RaggedTensor) == isinstance(expected, tf.RaggedTensor)
    assert value.dtype == expected.dtype
    assert value.shape.as_list() == expected.shape.as_list()
    if isinstance(value, tf.RaggedTensor):
        for splits, expected_splits in zip(value.nested_row_splits, expected.nested_row_splits):
            np.testing.assert_array_equal(splits, expected_splits)
        value, expected = value.flat_values, expected.flat_values
    np.testing.assert_allclose(value, expected, rtol=rtol, atol=1e-6)


WEIGHTS: list[Any] = [
    None,
    0.4,
    SAMPLES,
    SAMPLES.tolist(),
    SAMPLES.astype(np.int64),
    SAMPLES[:, None],
    np.float32([2]),
    np.float32([[2]]),
    rows(EACH),
    rows(EACH[:, None]),
]


@only_keras_2
@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
@pytest.mark.parametrize("from_logits", [True, False])
def test_keras_2s_values(from_logits: bool, label_smoothing: float) -> None:
    predictions = LOGITS if from_logits else np.exp(LOGITS)
    for reduction in REDUCTIONS:
        ours, theirs = both(
            from_logits=from_logits, label_smoothing=label_smoothing, reduction=reduction
        )
        weights = WEIGHTS if reduction == "none" else [None, SAMPLES, rows(EACH)]
        for weight in weights:
            expected = theirs(rows(LABELS), rows(predictions), weight)
            assert_same(ours(rows(LABELS), rows(predictions), weight), expected)


@only_keras_2
def test_keras_2s_own_cases() -> None:
    """The data of Keras 2's own tests: the classes are ragged too, as tf.ragged.constant does."""
    y_true = tf.ragged.constant([[[1, 0, 0], [0, 1, 0]], [[0, 0, 1]]])
    probabilities = tf.ragged.constant(
        [[[0.9, 0.05, 0.05], [0.5, 0.89, 0.6]], [[0.05, 0.01, 0.94]]], dtype=tf.float32
    )
    logits = tf.ragged.constant([[[8.0, 1.0, 1.0], [0.0, 9.0, 1.0]], [[2.0, 3.0, 5.0]]])
    samples = tf.constant([[1.2], [3.4]])
    each = tf.ragged.constant([[1.2, 3.4], [5.6]], dtype=tf.float32)
    for weight in (samples, each):
        for from_logits, y_pred in ((False, probabilities), (True, logits)):
            ours, theirs = both(from_logits=from_logits)
            assert_same(ours(y_true, y_pred, weight), theirs(y_true, y_pred, weight))


@only_keras_2
def test_keras_2s_shapes() -> None:
    ours, theirs = both(from_logits=True, reduction="none")
    uniform = [tf.RaggedTensor.from_uniform_row_length(x, 2) for x in (LABELS, LOGITS)]
    assert_same(ours(*uniform), theirs(*uniform))
    dense_weights = np.float32([[1, 2], [3, 4], [5, 6]])
    assert_same(ours(*uniform, dense_weights), theirs(*uniform, dense_weights))
    nested = [
        tf.RaggedTensor.from_nested_row_splits(x, [[0, 1, 4], SPLITS]) for x in (LABELS, LOGITS)
    ]
    weights = nested[0].with_flat_values(EACH)
    assert_same(ours(*nested), theirs(*nested))
    assert_same(ours(*nested, weights), theirs(*nested, weights))
    for size, splits in ((0, [0]), (0, [0, 0, 0])):
        empty = [rows(x[:size], splits) for x in (LABELS, LOGITS)]
        assert_same(ours(*empty), theirs(*empty))


@only_keras_2
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_keras_2s_dtypes(dtype: str) -> None:
    ours, theirs = both(from_logits=True, reduction="none")
    logits = rows(tf.cast(LOGITS, dtype))
    for labels in (rows(LABELS.astype(np.int64)), rows(LABELS.astype(np.float64))):
        value, expected = ours(labels, logits), theirs(labels, logits)
        assert value.dtype == expected.dtype == dtype
        value, expected = (tf.cast(x, tf.float64) for x in (value, expected))
        assert_same(value, expected, rtol={"float64": 1e-12}.get(dtype, 2e-2))


@only_keras_2
def test_keras_2s_masks() -> None:
    kept = [True, False, True, True, False, True]
    samples_kept = tf.constant([True, True, False, True])
    # Keras 2 can't multiply the dense mask by ragged weights.
    masks = [(rows(kept), [None, SAMPLES, rows(EACH)]), (samples_kept, [None, SAMPLES])]
    for mask, weights in masks:
        for reduction in REDUCTIONS:
            ours, theirs = both(from_logits=True, reduction=reduction)
            for weight in weights:
                logits = rows(LOGITS)
                logits._keras_mask = mask
                expected = theirs(rows(LABELS), logits, weight)
                assert_same(ours(rows(LABELS), logits, weight), expected)


@only_keras_2
@pytest.mark.parametrize("from_logits", [True, False])
def test_keras_2s_ragged_classes(from_logits: bool) -> None:
    y_true = tf.ragged.constant([[1.0, 0.0], [], [0.0, 1.0, 0.0]])
    y_pred = tf.ragged.constant([[0.1, 0.3], [], [0.2, 0.4, 0.1]])
    steps = [tf.RaggedTensor.from_row_splits(x, [0, 2, 3]) for x in (y_true, y_pred)]
    for label_smoothing in (0.0, 0.3):
        ours, theirs = both(
            from_logits=from_logits, label_smoothing=label_smoothing, reduction="none"
        )
        for weight in (None, np.float32([1, 2, 3])):
            assert_same(ours(y_true, y_pred, weight), theirs(y_true, y_pred, weight))
        for weight in (None, np.float32([2, 3]), tf.ragged.constant([[1.0, 2.0], [3.0]])):
            assert_same(ours(*steps, weight), theirs(*steps, weight))


@only_keras_2
def test_keras_2_pads_predictions_beside_dense_labels() -> None:
    dense = rows(LABELS).to_tensor()
    for reduction in REDUCTIONS:
        ours, theirs = both(from_logits=True, label_smoothing=0.1, reduction=reduction)
        for weight in (None, SAMPLES):
            assert_same(ours(dense, rows(LOGITS), weight), theirs(dense, rows(LOGITS), weight))


@only_keras_2
def test_keras_2_looks_for_no_logits_behind_a_ragged_softmax() -> None:
    probabilities = tf.nn.softmax(100 * LOGITS)
    probabilities._keras_logits = tf.constant(100 * LOGITS)
    for from_logits in (True, False):
        ours, theirs = both(from_logits=from_logits, reduction="none")
        expected = theirs(rows(LABELS), rows(probabilities))
        assert_same(ours(rows(LABELS), rows(probabilities)), expected)


@pytest.mark.skipif(not IS_KERAS_3, reason="about Keras 3")
def test_keras_3_takes_no_ragged_tensors() -> None:
    ours, theirs = both(from_logits=True)
    with pytest.raises((TypeError, ValueError)):
        theirs(rows(LABELS), rows(LOGITS))
    assert float(ours(rows(LABELS), rows(LOGITS))) == pytest.approx(
        float(theirs(LABELS, LOGITS))
    )


def test_every_reduction_is_that_of_all_values(eager_backend: str) -> None:
    losses = tf.nn.softmax_cross_entropy_with_logits(LABELS, LOGITS)
    weights = [
        *[(None, 1.0), (0.4, 0.4), (SAMPLES, repeated(SAMPLES)), (rows(EACH), EACH)],
        (SAMPLES[:, None], repeated(SAMPLES)),
    ]
    for reduction in Reduction:
        loss = CategoricalCrossentropy(from_logits=True, reduction=reduction)
        for weight, flat in weights:
            value = loss(rows(LABELS), rows(LOGITS), weight)
            expected = tf.compat.v1.losses.compute_weighted_loss(
                losses, flat, reduction=V1_NAMES[reduction]
            )
            if reduction is Reduction.NONE:
                expected = rows(expected)
            assert_same(value, expected)


@pytest.mark.parametrize(
    ("jit_compile", "weight"), [(False, SAMPLES), (False, rows(EACH)), (True, SAMPLES)]
)
def test_graphs_give_the_same(jit_compile: bool, weight: Any) -> None:
    losses = [
        CategoricalCrossentropy(from_logits=True, reduction=reduction)
        for reduction in ("sum_by_nonzero_weights", "none")
    ]

    def run(*inputs: Any) -> list[Any]:
        return [loss(*inputs) for loss in losses]

    inputs = rows(LABELS), rows(LOGITS), weight
    for value, expected in zip(in_graph(run, *inputs, jit_compile=jit_compile), run(*inputs)):
        assert_same(value, expected)


def test_a_tf1_graph_gives_the_same() -> None:
    loss = CategoricalCrossentropy(from_logits=True, reduction="sum_by_nonzero_weights")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        value = session.run(loss(rows(LABELS), rows(LOGITS), SAMPLES))
    assert value == pytest.approx(float(loss(rows(LABELS), rows(LOGITS), SAMPLES)))


@pytest.mark.parametrize(
    ("backend", "traced"),
    [("auto", False), ("portable", False), ("auto", True)],
    indirect=["backend"],
)
@pytest.mark.parametrize("from_logits", [True, False])
def test_gradients_arrive_at_the_values(backend: str, from_logits: bool, traced: bool) -> None:
    loss = CategoricalCrossentropy(
        from_logits=from_logits, label_smoothing=0.2, reduction="sum_by_nonzero_weights"
    )

    def of_rows(labels: Any, predictions: Any, samples: Any) -> Any:
        return loss(rows(labels), rows(predictions), samples)

    def of_all(labels: Any, predictions: Any, samples: Any) -> Any:
        return loss(labels, predictions, tf.repeat(samples, np.diff(SPLITS)))

    def gradients(function: Any, mode: Any) -> Any:
        def run(*inputs: tf.Tensor) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                value = function(*inputs)
            return tape.gradient(value, inputs)

        return mode(run, LABELS, np.exp(LOGITS), SAMPLES)

    found = gradients(of_rows, modes.traced if traced else modes.eager)
    for gradient, expected in zip(found, gradients(of_all, modes.eager)):
        assert isinstance(gradient, tf.Tensor)
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("from_logits", [True, False])
def test_gradients_of_ragged_classes(eager_backend: str, from_logits: bool) -> None:
    """Each element is the loss of its own classes."""
    loss = CategoricalCrossentropy(from_logits, label_smoothing=0.3, reduction="sum")
    labels, predictions = np.float32([0, 1, 1, 0, 0]), np.float32([0.1, 0.3, 0.2, 0.4, 0.1])
    with tf.GradientTape() as tape:
        values = tf.constant(predictions)
        tape.watch(values)
        value = loss(rows(labels, [0, 2, 2, 5]), rows(values, [0, 2, 2, 5]))
    gradient = tape.gradient(value, values)
    assert isinstance(gradient, tf.Tensor)
    with tf.GradientTape() as tape:
        values = tf.constant(predictions)
        tape.watch(values)
        parts = [slice(0, 2), slice(2, 5)]
        expected = tf.add_n([loss(labels[part], values[part]) for part in parts])
    assert float(value) == pytest.approx(float(expected))
    np.testing.assert_allclose(gradient, tape.gradient(expected, values), rtol=1e-5, atol=1e-6)


def test_dimensions_behind_the_ragged_ones() -> None:
    """Keras 2 fails here: its map expects ragged losses of a sample."""
    rng = np.random.default_rng(1)
    labels = np.eye(3, dtype=np.float32)[rng.integers(0, 3, (6, 2))]
    logits = rng.normal(size=(6, 2, 3)).astype(np.float32)
    for axis, flat_axis in ((-1, -1), (3, 2), (2, 1), (-2, -2)):
        ragged_loss = CategoricalCrossentropy(True, axis=axis, reduction="none")
        loss = CategoricalCrossentropy(True, axis=flat_axis, reduction="none")
        for weight, flat in ((None, None), (SAMPLES, repeated(SAMPLES)), (rows(EACH), EACH)):
            value = ragged_loss(rows(labels), rows(logits), weight)
            assert_same(value, rows(loss(labels, logits, flat)))
    loss = CategoricalCrossentropy(True, reduction="none")
    weights = rng.uniform(size=(6, 2)).astype(np.float32)
    value = loss(rows(labels), rows(logits), rows(weights))
    assert_same(value, rows(loss(labels, logits, weights)))
    mask = rows(logits)
    mask._keras_mask = rows(EACH > 0)
    value = loss(rows(labels), mask, rows(weights))
    assert_same(value, rows(loss(labels, logits, weights * (EACH > 0)[:, None])))


@pytest.mark.parametrize("row_splits_dtype", [tf.int32, tf.int64])
def test_weights_of_samples_and_of_a_dimension_behind_the_ragged_one(
    row_splits_dtype: tf.DType,
) -> None:
    labels, logits = LABELS.reshape(6, 1, 3).repeat(2, 1), RNG.normal(size=(6, 2, 3)).astype("f")
    weights = np.arange(8, dtype=np.float32).reshape(4, 1, 2)
    loss = CategoricalCrossentropy(from_logits=True)

    def ragged(values: Any) -> tf.RaggedTensor:
        return tf.RaggedTensor.from_row_splits(values, tf.constant(SPLITS, row_splits_dtype))

    expected = loss(labels, logits, repeated(weights[:, 0]))
    for run in (loss, tf.function(loss)):
        found = run(ragged(labels), ragged(logits), tf.constant(weights))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_weights_of_the_first_ragged_dimensions() -> None:
    """Keras 2 fails here."""
    labels, logits = (
        tf.RaggedTensor.from_nested_row_splits(x, [[0, 1, 4], SPLITS]) for x in (LABELS, LOGITS)
    )
    loss = CategoricalCrossentropy(True, reduction="none")
    each = loss(LABELS, LOGITS)
    value = loss(labels, logits, rows(SAMPLES, [0, 1, 4]))
    assert_same(value, labels.with_flat_values(each * repeated(SAMPLES)))
    value = loss(labels, logits, np.float32([2, 3]))
    assert_same(value, labels.with_flat_values(each * np.float32([2, 2, 3, 3, 3, 3])))


def test_weights_with_a_last_dimension_of_one() -> None:
    """One weight for each value or sample, as in Keras 2, and one row alone."""
    loss = CategoricalCrossentropy(True, reduction="none")
    inputs = rows(LABELS), rows(LOGITS)
    assert_same(loss(*inputs, rows(EACH[:, None])), loss(*inputs, rows(EACH)))
    assert_same(loss(*inputs, SAMPLES[:, None]), loss(*inputs, SAMPLES))
    assert_same(loss(*inputs, np.float32([[2]])), loss(*inputs, 2.0))
    one_row = rows(LABELS, [0, 6]), rows(LOGITS, [0, 6])
    assert_same(loss(*one_row, np.float32([[2]])), loss(*one_row, 2.0))


def test_a_python_number_is_a_float64_weight() -> None:
    loss = CategoricalCrossentropy(True, reduction="sum", dtype="float64")
    inputs = rows(LABELS.astype(np.float64)), rows(LOGITS.astype(np.float64))
    for weight in (0.1, [0.1] * 4):
        np.testing.assert_allclose(loss(*inputs, weight), 0.1 * loss(*inputs), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_a_row_without_classes_has_a_loss_of_zero(dtype: str) -> None:
    loss = CategoricalCrossentropy(True, reduction="none", dtype=dtype)
    labels, logits = (rows(tf.cast(x, dtype)) for x in (LABELS[:, 0] * 0, LOGITS[:, 0]))
    value = loss(labels, logits)
    assert value.dtype == dtype
    np.testing.assert_array_equal(value, [0, 0, 0, 0])


def test_weights_of_samples_and_a_mask_of_each_value() -> None:
    """The mask has one more dimension than the weights."""
    rng = np.random.default_rng(1)
    labels = np.eye(3, dtype=np.float32)[rng.integers(0, 3, (6, 2))]
    logits = rng.normal(size=(6, 2, 3)).astype(np.float32)
    kept = rng.integers(0, 2, (6, 2)).astype(bool)
    masked = rows(logits)
    masked._keras_mask = rows(kept)
    loss = CategoricalCrossentropy(True, reduction="sum")
    expected = loss(labels, logits, repeated(SAMPLES)[:, None] * kept)
    assert_same(loss(rows(labels), masked, SAMPLES), expected)


def test_dense_labels_count_the_padding_of_predictions() -> None:
    loss = CategoricalCrossentropy(True, label_smoothing=0.1, reduction="none")
    dense = rows(LABELS).to_tensor()
    for weight in (None, SAMPLES):
        expected = loss(dense, rows(LOGITS).to_tensor(), weight)
        assert_same(loss(dense, rows(LOGITS), weight), expected)


@pytest.mark.parametrize("axis", [-1, 2, 3])
def test_ragged_classes_by_a_positive_axis(axis: int) -> None:
    """Two or three dimensions are ragged, and the last one holds the classes."""
    counts = [0, 2, 5, 6]
    labels = np.float32([1, 0, 0, 1, 0, 1])
    losses = [
        tf.nn.softmax_cross_entropy_with_logits(labels[first:end], LOGITS[first:end, 0])
        for first, end in zip(counts, counts[1:])
    ]
    outer = [[0, 1, 2], [0, 2, 3]] if axis != 2 else [[0, 2, 3]]
    inputs = [
        tf.RaggedTensor.from_nested_row_splits(x, [*outer, counts]) for x in (labels, LOGITS[:, 0])
    ]
    loss = CategoricalCrossentropy(True, axis=axis, reduction="none")
    expected = tf.RaggedTensor.from_nested_row_splits(tf.stack(losses), outer)
    assert_same(loss(*inputs), expected)


def test_a_subclass_s_call_gets_and_gives_ragged_tensors() -> None:
    class Squared(CategoricalCrossentropy):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            assert isinstance(y_true, tf.RaggedTensor)
            return super().call(y_true, y_pred) ** 2

    losses = tf.nn.softmax_cross_entropy_with_logits(LABELS, LOGITS) ** 2
    inputs = rows(LABELS), rows(LOGITS)
    unreduced = CategoricalCrossentropy(True).call(*inputs)
    assert_same(unreduced**2, rows(losses))
    for reduction in (Reduction.NONE, Reduction.SUM_BY_NONZERO_WEIGHTS, Reduction.MEAN):
        loss = Squared(True, reduction=reduction)
        expected = tf.compat.v1.losses.compute_weighted_loss(
            losses, repeated(SAMPLES), reduction=V1_NAMES[reduction]
        )
        expected = rows(expected) if reduction is Reduction.NONE else expected
        assert_same(loss(*inputs, SAMPLES), expected)
        if reduction is not Reduction.MEAN:
            assert_same(in_graph(loss, *inputs, SAMPLES), expected)


def test_masked_values_count_as_weight_zero() -> None:
    loss = CategoricalCrossentropy(True, reduction="sum_by_nonzero_weights")
    logits = rows(LOGITS)
    logits._keras_mask = rows(np.array([1, 1, 0, 1, 1, 1], bool))
    weights = EACH * [1, 1, 0, 1, 1, 1]
    assert_same(loss(rows(LABELS), logits, rows(EACH)), loss(LABELS, LOGITS, weights))


def test_one_class_warns_at_the_caller() -> None:
    loss = CategoricalCrossentropy(from_logits=True)
    with pytest.warns(SyntaxWarning, match="In loss categorical_crossentropy") as caught:
        loss(rows(LABELS[:, :1]), rows(LOGITS[:, :1]))
    assert [warning.filename for warning in caught] == [__file__]


class Linear(keras.Model):
    """Logits of every value of every row."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = self.add_weight(name="kernel", shape=(3, 3), initializer="ones")

    def call(self, inputs: Any) -> Any:
        return inputs.with_flat_values(inputs.flat_values @ self.kernel)


def fitted(loss: Any, weights: Any) -> np.ndarray:
    """The losses that `fit` reports, and the parameters that it finds."""
    model = Linear()
    model.compile(optimizer="sgd", loss=loss, jit_compile=False)
    data = (rows(LOGITS), rows(LABELS)) + (() if weights is None else (weights,))
    batches = tf.data.Dataset.from_tensor_slices(data).batch(2)
    history = model.fit(batches, epochs=2, verbose=0).history["loss"]
    return np.append(history, model.kernel.numpy())


@only_keras_2
def test_fit_is_keras_2s() -> None:
    for weights in (SAMPLES, rows(EACH)):
        ours, theirs = both(from_logits=True)
        np.testing.assert_allclose(fitted(ours, weights), fitted(theirs, weights), rtol=1e-5)


def test_fit_is_that_of_all_values() -> None:
    """Plain gradient descent on TF1's loss of the same batches."""
    kernel = np.ones((3, 3), np.float32)
    weights = repeated(SAMPLES)
    history = []
    for _ in range(2):
        values = []
        for start, stop in ((0, 2), (2, 6)):
            part = slice(start, stop)
            with tf.GradientTape() as tape:
                variable = tf.constant(kernel)
                tape.watch(variable)
                value = tf.compat.v1.losses.softmax_cross_entropy(
                    LABELS[part], LOGITS[part] @ variable, weights[part]
                )
            kernel = kernel - 0.01 * tape.gradient(value, variable)
            values.append(float(value))
        history.append(np.mean(values))
    loss = CategoricalCrossentropy(True, reduction="sum_by_nonzero_weights")
    np.testing.assert_allclose(fitted(loss, SAMPLES), np.append(history, kernel), rtol=1e-5)


def test_the_native_op_computes_it() -> None:
    if keras_xent.backend().name != "native":
        pytest.skip(keras_xent.backend().reason)
    loss = CategoricalCrossentropy(from_logits=True)
    traced = tf.function(loss).get_concrete_function(rows(LABELS), rows(LOGITS))
    graph = traced.graph.as_graph_def()
    types = {node.op for node in graph.node}
    types |= {node.op for function in graph.library.function for node in function.node_def}
    assert any(name.startswith("KerasXent>") for name in types)
