"""The loss of class ids: its arguments, its ids, the class to ignore, ragged tensors."""

from __future__ import annotations

import inspect
from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
from ragged_rows import SPLITS, rows

from keras_xent import CategoricalCrossentropy, Reduction, SparseCategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3
from keras_xent.reduction import V1_NAMES

keras = tf.keras
only_keras_2 = pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 differs here from Keras 2")
only_keras_3 = pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 differs here from Keras 3")

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(6, 4)).astype(np.float32)
IDS = RNG.integers(0, 4, 6)
WEIGHTS = np.float32([1, 0, 2, 0.5, 3, 0])
SAMPLES = np.float32([0.5, 7, 0, 3])


def one_hot(ids: Any, axis: int = -1) -> np.ndarray:
    return tf.one_hot(ids, 4, axis=axis).numpy()


def test_arguments_are_keras_s_with_smoothing_after_the_axis() -> None:
    ours = {
        name: each.default
        for name, each in inspect.signature(SparseCategoricalCrossentropy).parameters.items()
    }
    names = "from_logits ignore_class reduction axis label_smoothing name dtype normalization"
    assert list(ours) == names.split()
    theirs = inspect.signature(keras.losses.SparseCategoricalCrossentropy).parameters
    for name, each in theirs.items():
        if name != "reduction" or IS_KERAS_3:
            assert ours[name] == each.default
    if IS_KERAS_3:
        assert [name for name in ours if name in theirs] == list(theirs)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("axis", [-1, 1, 0])
def test_smoothing_is_that_of_one_hot_labels(
    from_logits: bool, axis: int, eager_backend: str
) -> None:
    predictions = RNG.normal(size=(3, 2, 4)).astype(np.float32)
    if not from_logits:
        predictions = tf.nn.softmax(predictions).numpy()
    predictions, ids = np.moveaxis(predictions, -1, axis), RNG.integers(0, 4, (3, 2))
    for smoothing in (0.0, 0.3, 1.0):
        arguments = {"label_smoothing": smoothing, "axis": axis, "reduction": "none"}
        value = SparseCategoricalCrossentropy(from_logits, **arguments)(ids, predictions)
        expected = CategoricalCrossentropy(from_logits, **arguments)(
            one_hot(ids, axis), predictions
        )
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


def test_smoothing_leaves_ignored_losses_at_zero() -> None:
    loss = SparseCategoricalCrossentropy(
        True, ignore_class=-1, label_smoothing=0.2, reduction="none"
    )
    assert float(loss([-1], LOGITS[:1])[0]) == 0


def test_an_id_outside_of_the_classes_is_an_error_whatever_its_weight(backend: str) -> None:
    loss = SparseCategoricalCrossentropy(from_logits=True)
    calls = [loss, tf.function(loss)]
    for weight in (0.0, 1.0):
        weights = np.float32([weight, 1])
        for call in calls:
            assert np.isfinite(call(np.array([3, 0]), LOGITS[:2], weights))
            for bad in (4, -1):
                with pytest.raises(tf.errors.InvalidArgumentError):
                    call(np.array([bad, 0]), LOGITS[:2], weights)


def test_under_xla_an_id_outside_of_the_classes_is_nan_as_in_tensorflow() -> None:
    loss = SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    value = tf.function(loss, jit_compile=True)(tf.constant([4, 0]), tf.constant(LOGITS[:2]))
    np.testing.assert_array_equal(np.isnan(value), [True, False])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_ids_do_not_go_through_the_loss_s_dtype(dtype: str) -> None:
    """In bfloat16 257 is 256, and 2049 is 2048 in float16."""
    logits = np.zeros((1, 2050), np.float32)
    logits[0, [257, 2049]] = 20, 19
    arguments = {"from_logits": True, "dtype": dtype, "reduction": "none"}
    loss = SparseCategoricalCrossentropy(**arguments)
    (first,), (second,) = loss([257], logits), loss([2049], logits)
    assert float(first) < 0.5
    assert float(second) < 1.5
    if IS_KERAS_3:
        theirs = keras.losses.SparseCategoricalCrossentropy(**arguments)
        wrong = theirs(np.array([257 if dtype == "bfloat16" else 2049]), logits)
        assert float(wrong[0]) > 15


def test_a_subclass_s_call_is_given_ids() -> None:
    seen = []

    class Own(SparseCategoricalCrossentropy):
        def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
            seen.append(y_true)
            return super().call(y_true, y_pred)

    expected = SparseCategoricalCrossentropy(True)(IDS, LOGITS)
    for ids in (IDS, IDS.astype("uint8"), IDS.astype("float32")):
        assert float(Own(True)(ids, LOGITS)) == float(expected)
    if IS_KERAS_3:
        assert [each.dtype for each in seen] == [tf.int64, tf.int64, tf.int64]


IGNORED = np.where([True, False, False, True, False, False], -1, IDS)


@pytest.mark.parametrize("reduction", list(Reduction))
@pytest.mark.parametrize("from_logits", [True, False])
def test_ignored_ids_are_losses_of_weight_zero(
    reduction: Reduction, from_logits: bool, eager_backend: str
) -> None:
    loss = SparseCategoricalCrossentropy(from_logits, -1, reduction)
    predictions = LOGITS if from_logits else tf.nn.softmax(LOGITS).numpy()
    for given in (None, WEIGHTS):
        weights = np.ones(6, "f") if given is None else given
        part = IGNORED != -1
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(IDS, LOGITS) * part
        expected = tf.compat.v1.losses.compute_weighted_loss(
            losses, weights * part, reduction=V1_NAMES[reduction]
        )
        if reduction is Reduction.SUM_OVER_BATCH_SIZE:
            expected = tf.reduce_sum(losses * weights) / part.sum()
        np.testing.assert_allclose(loss(IGNORED, predictions, given), expected, rtol=1e-5)


def test_nothing_of_an_ignored_place_reaches_loss_or_gradient(eager_backend: str) -> None:
    predictions = LOGITS.copy()
    predictions[IGNORED == -1] = np.float32([np.nan, np.inf, -np.inf, 0])
    for from_logits in (True, False):
        clean = predictions if from_logits else np.abs(predictions) / 10
        for reduction in ("sum", "sum_by_nonzero_weights", "sum_over_batch_size"):
            loss = SparseCategoricalCrossentropy(from_logits, -1, reduction)
            with tf.GradientTape() as tape:
                x = tf.constant(clean)
                tape.watch(x)
                value = loss(IGNORED, x)
            gradient = tape.gradient(value, x).numpy()
            assert np.isfinite(float(value))
            assert np.isfinite(gradient).all()
            assert not gradient[IGNORED == -1].any()
            assert gradient[IGNORED != -1].all()


def test_all_ids_ignored_give_zero() -> None:
    for reduction in set(Reduction) - {Reduction.NONE}:
        loss = SparseCategoricalCrossentropy(True, 255, reduction)
        assert float(loss(np.full(6, 255, np.uint8), LOGITS)) == 0


def test_a_mask_and_a_class_to_ignore_both_count() -> None:
    ids, logits = IGNORED.reshape(2, 3), LOGITS.reshape(2, 3, 4)
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(IDS, LOGITS).numpy().reshape(2, 3)
    for mask in (np.array([[1, 1, 0], [1, 1, 1]], bool), np.array([True, False])):
        both = (ids != -1) & (mask if mask.ndim == 2 else mask[:, None])
        masked = tf.constant(logits)
        masked._keras_mask = tf.constant(mask)
        value = SparseCategoricalCrossentropy(True, -1)(ids, masked)
        assert float(value) == pytest.approx(each[both].mean(), rel=1e-5)


def test_call_leaves_the_mask_for_who_reduces() -> None:
    losses = SparseCategoricalCrossentropy(True, -1).call(IGNORED, LOGITS)
    np.testing.assert_array_equal(losses._keras_mask, IGNORED != -1)

    class Same(SparseCategoricalCrossentropy):
        def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
            return super().call(y_true, y_pred)

    for inputs in ((IGNORED, LOGITS), (rows(IGNORED), rows(LOGITS))):
        expected = float(SparseCategoricalCrossentropy(True, -1)(*inputs))
        assert float(Same(True, -1)(*inputs)) == pytest.approx(expected)


def test_an_ignored_class_in_graphs_of_unknown_shapes() -> None:
    loss = SparseCategoricalCrossentropy(True, -1, label_smoothing=0.1)
    expected = float(loss(IGNORED, LOGITS, WEIGHTS))
    for mode in ("compiled_unknown_shapes", "tf1_graph"):
        value = modes.MODES[mode](loss, IGNORED, LOGITS, WEIGHTS)
        assert float(value) == pytest.approx(expected, rel=1e-5)


def test_ids_of_another_shape_that_a_graph_finds_do_not_repeat_the_predictions() -> None:
    unknown = [tf.TensorSpec([None], tf.int64), tf.TensorSpec([None, 4], tf.float32)]
    for ignore_class in (None, -1):
        loss = SparseCategoricalCrossentropy(True, ignore_class)
        for jit_compile in (False, True):
            function = tf.function(loss, input_signature=unknown, jit_compile=jit_compile)
            assert np.isfinite(float(function(IDS, LOGITS)))
            for ids, logits in ((IDS, LOGITS[:1]), (IDS[:1], LOGITS)):
                with pytest.raises(tf.errors.InvalidArgumentError):
                    function(ids, logits)


def test_one_hot_labels_raise_an_error() -> None:
    with pytest.raises(ValueError, match="for one-hot labels, use CategoricalCrossentropy"):
        SparseCategoricalCrossentropy(True)(one_hot(IDS), LOGITS)


def test_one_class_warns_at_the_caller() -> None:
    with pytest.warns(SyntaxWarning, match="always 0") as caught:
        value = SparseCategoricalCrossentropy(True)(np.zeros(6, int), LOGITS[:, :1])
    assert [each.filename for each in caught] == [__file__]
    assert float(value) == 0


def test_a_softmax_s_own_logits_are_used_beside_a_class_to_ignore() -> None:
    logits = 100 * LOGITS
    probabilities = keras.activations.softmax(tf.constant(logits))
    expected = float(SparseCategoricalCrossentropy(True, -1)(IGNORED, logits))
    assert float(SparseCategoricalCrossentropy(False, -1)(IGNORED, probabilities)) == (
        pytest.approx(expected)
    )
    theirs = keras.losses.SparseCategoricalCrossentropy(False, ignore_class=-1)
    keras_value = float(theirs(IGNORED, probabilities))
    assert (keras_value == pytest.approx(expected)) == (not IS_KERAS_3)


def test_in_a_graph_the_logits_of_any_softmax_are_used() -> None:
    logits = 100 * LOGITS

    @tf.function
    def run() -> tf.Tensor:
        return SparseCategoricalCrossentropy(False)(IDS, tf.nn.softmax(logits))

    expected = float(SparseCategoricalCrossentropy(True)(IDS, logits))
    assert float(run()) == pytest.approx(expected)


def test_any_axis_in_a_model_of_channels_first() -> None:
    ids = RNG.integers(0, 4, (2, 1, 3, 5))
    logits = RNG.normal(size=(2, 4, 3, 5)).astype(np.float32)
    expected = tf.nn.sparse_softmax_cross_entropy_with_logits(ids[:, 0], np.moveaxis(logits, 1, -1))
    loss = SparseCategoricalCrossentropy(True, axis=1, reduction="none")
    np.testing.assert_allclose(loss(ids, logits), expected, rtol=1e-5)
    np.testing.assert_allclose(loss(ids[:, 0], logits), expected, rtol=1e-5)


def assert_same_rows(value: Any, expected: Any) -> None:
    assert isinstance(value, tf.RaggedTensor) == isinstance(expected, tf.RaggedTensor)
    if isinstance(value, tf.RaggedTensor):
        np.testing.assert_array_equal(value.row_splits, expected.row_splits)
        value, expected = value.flat_values, expected.flat_values
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


@only_keras_2
@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("column", [True, False])
def test_ragged_tensors_are_keras_2s(from_logits: bool, column: bool) -> None:
    predictions = LOGITS if from_logits else tf.nn.softmax(LOGITS)
    ids = rows(IDS[:, None] if column else IDS)
    for reduction in ("sum", "sum_over_batch_size", "none"):
        arguments = {"from_logits": from_logits, "reduction": reduction}
        ours = SparseCategoricalCrossentropy(**arguments)
        theirs = keras.losses.SparseCategoricalCrossentropy(**arguments)
        for weights in (None, SAMPLES, rows(WEIGHTS)):
            expected = theirs(ids, rows(predictions), weights)
            if reduction == "none" and column:
                # A ragged tensor of losses with a dimension of 1 in tf_keras.
                expected = rows(tf.reshape(expected.flat_values, [-1]))
            assert_same_rows(ours(ids, rows(predictions), weights), expected)


@only_keras_2
@pytest.mark.parametrize("from_logits", [True, False])
def test_ragged_classes_are_keras_2s(from_logits: bool) -> None:
    ids = tf.ragged.constant([[0, 1], [2]])
    y_pred = tf.ragged.constant([[[0.1, 0.3], [0.2, 0.4]], [[0.3, 0.6, 0.1]]])
    arguments = {"from_logits": from_logits, "reduction": "none"}
    ours = SparseCategoricalCrossentropy(**arguments)
    theirs = keras.losses.SparseCategoricalCrossentropy(**arguments)
    assert_same_rows(ours(ids, y_pred), theirs(ids, y_pred))
    # Within a sample Keras 2 makes classes of the padding.
    y_pred = tf.ragged.constant([[[0.1, 0.3], [0.2, 0.4, 0.1]], [[0.3, 0.6, 0.1]]])
    first, *rest = ours(ids, y_pred).flat_values
    padded, *same = theirs(ids, y_pred).flat_values
    np.testing.assert_allclose(rest, same, rtol=1e-5)
    if from_logits:
        exact = tf.nn.sparse_softmax_cross_entropy_with_logits(0, [0.1, 0.3])
        assert float(first) == pytest.approx(float(exact), rel=1e-5)
        exact = tf.nn.sparse_softmax_cross_entropy_with_logits(0, [0.1, 0.3, 0.0])
        assert float(padded) == pytest.approx(float(exact), rel=1e-5)


@pytest.mark.parametrize("reduction", list(Reduction))
def test_ragged_tensors_are_all_their_values(reduction: Reduction, eager_backend: str) -> None:
    for ignore_class, ids in ((None, IDS), (-1, IGNORED)):
        loss = SparseCategoricalCrossentropy(True, ignore_class, reduction, label_smoothing=0.1)
        for weights, flat in (
            (None, None),
            (SAMPLES, np.repeat(SAMPLES, np.diff(SPLITS))),
            (rows(WEIGHTS), WEIGHTS),
        ):
            value = loss(rows(ids), rows(LOGITS), weights)
            expected = loss(ids, LOGITS, flat)
            if reduction is Reduction.NONE:
                expected = rows(expected)
            assert_same_rows(value, expected)


def test_a_mask_of_ragged_tensors_beside_a_class_to_ignore() -> None:
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(IDS, LOGITS).numpy()
    mask = np.array([1, 1, 0, 1, 1, 0], bool)
    samples = np.array([True, True, False, True])
    for given, flat in ((rows(mask), mask), (samples, np.repeat(samples, np.diff(SPLITS)))):
        logits = rows(LOGITS)
        logits._keras_mask = given
        value = SparseCategoricalCrossentropy(True, -1)(rows(IGNORED), logits)
        expected = each[flat & (IGNORED != -1)].mean()
        assert float(value) == pytest.approx(expected, rel=1e-5)


def test_ragged_classes_are_each_loss_s_own(backend: str) -> None:
    counts, ids = [2, 4, 3], [1, 2, 0]
    values = [LOGITS[i, :count] for i, count in enumerate(counts)]
    expected = [tf.nn.sparse_softmax_cross_entropy_with_logits(k, x) for k, x in zip(ids, values)]
    for from_logits in (True, False):
        flat = np.concatenate(values)
        if not from_logits:
            flat = np.concatenate([tf.nn.softmax(x) for x in values])
        y_pred = tf.RaggedTensor.from_row_lengths(flat, counts)
        loss = SparseCategoricalCrossentropy(from_logits, reduction="none")
        value = tf.function(loss)(tf.constant(ids), y_pred)
        np.testing.assert_allclose(value, expected, rtol=1e-5)
        np.testing.assert_allclose(loss(ids, y_pred), expected, rtol=1e-5)


@pytest.mark.parametrize("ignore_class", [None, -1, 3])
def test_padding_of_ragged_classes_is_no_class(ignore_class: Any) -> None:
    y_pred = tf.RaggedTensor.from_row_lengths(LOGITS.ravel()[:6], [2, 4])
    loss = SparseCategoricalCrossentropy(True, ignore_class, "none")
    if ignore_class != 3:
        with pytest.raises(tf.errors.InvalidArgumentError):
            loss([3, 3], y_pred)
        return
    np.testing.assert_array_equal(loss([3, 3], y_pred), [0, 0])
    with pytest.raises(tf.errors.InvalidArgumentError):
        loss([2, 3], y_pred)


def test_ragged_classes_with_other_numbers_of_ids_raise_an_error() -> None:
    y_pred = tf.RaggedTensor.from_row_lengths(LOGITS.ravel()[:6], [2, 4])
    for ids in ([0], [0, 1, 1]):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            SparseCategoricalCrossentropy(True)(ids, y_pred)


def test_other_rows_raise_an_error() -> None:
    loss = SparseCategoricalCrossentropy(True)
    with pytest.raises(ValueError, match="y_true and y_pred must have the same row lengths"):
        loss(rows(IDS, [0, 1, 2, 3, 6]), rows(LOGITS))
    nested = tf.RaggedTensor.from_nested_row_splits(IDS, [[0, 1, 4], SPLITS])
    with pytest.raises(ValueError, match=r"y_true has ragged_rank 2 and .* expected ragged_rank 1"):
        loss(nested, rows(LOGITS))
    with pytest.raises(TypeError, match="y_true is a RaggedTensor and y_pred isn't"):
        loss(rows(IDS), LOGITS)
