"""Class ids: their dtypes, their shapes, and those to ignore."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent.losses import class_ids


@pytest.mark.parametrize(
    ("dtype", "becomes"),
    [
        *[(dtype, "int32") for dtype in ("int8", "int16", "uint8", "uint16", "int32")],
        *[(dtype, "int64") for dtype in ("int64", "uint32", "float16", "float32", "bool")],
    ],
)
def test_every_dtype_becomes_one_that_the_op_takes(dtype: str, becomes: str) -> None:
    ids = class_ids.to_ids(tf.cast([0, 1], dtype))
    assert ids.dtype == becomes
    np.testing.assert_array_equal(ids, [0, 1])


def test_lists_and_arrays_are_ids() -> None:
    np.testing.assert_array_equal(class_ids.to_ids([3, 2**40]), [3, 2**40])
    np.testing.assert_array_equal(class_ids.to_ids([1.7, 2.0]), [1, 2])
    np.testing.assert_array_equal(class_ids.to_ids(np.float64([1.7, 2.0])), [1, 2])
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])
    np.testing.assert_array_equal(class_ids.to_ids(ragged).flat_values, [1, 2, 3])


def test_no_id_goes_through_the_loss_s_dtype() -> None:
    ids = tf.constant([2**24 + 1, 257])
    assert class_ids.to_ids(ids) is ids


@pytest.mark.parametrize(
    ("ids", "predictions", "axis", "fitting"),
    [
        ((4,), (4, 3), -1, (4,)),
        ((4, 1), (4, 3), -1, (4,)),
        ((4, 1, 1), (4, 3), -1, (4,)),
        ((), (3,), -1, ()),
        ((1,), (3,), -1, ()),
        ((4, 2), (4, 2, 3), -1, (4, 2)),
        ((4, 2, 1), (4, 2, 3), -1, (4, 2)),
        ((4, 1), (4, 1, 3), -1, (4, 1)),
        ((4, 1, 1), (4, 1, 3), -1, (4, 1)),
        ((4, 2), (4, 3, 2), 1, (4, 2)),
        ((4, 1, 2), (4, 3, 2), 1, (4, 2)),
        ((4, 1, 2), (4, 3, 2), -2, (4, 2)),
        ((4, 2, 1), (4, 3, 2), 1, (4, 2)),
        ((1, 4), (3, 4), 0, (4,)),
        ((4,), (4, 1), -1, (4,)),
        ((0,), (0, 3), -1, (0,)),
    ],
)
def test_dimensions_of_1_too_many_go(ids: Any, predictions: Any, axis: int, fitting: Any) -> None:
    found, same = class_ids.fitted(tf.zeros(ids, tf.int32), tf.zeros(predictions), axis)
    assert found.shape == fitting
    assert same.shape == predictions


def test_a_column_of_ids_beside_a_vector_is_one_class() -> None:
    ids, predictions = class_ids.fitted(tf.zeros([4, 1], tf.int32), tf.zeros([4]), -1)
    assert ids.shape == [4]
    assert predictions.shape == [4, 1]


@pytest.mark.parametrize(
    ("ids", "predictions", "axis"),
    [
        ((3,), (4, 3), -1),
        ((4, 3), (4, 3), -1),
        ((1,), (4, 3), -1),
        ((4,), (4, 2, 3), -1),
        ((8,), (4, 2, 3), -1),
        ((2, 4), (4, 2, 3), -1),
        ((4, 3), (4, 3, 2), 1),
        ((2, 1, 2), (2, 3), -1),
        ((4, 2, 1), (4, 3), -1),
    ],
)
def test_other_shapes_raise_an_error(ids: Any, predictions: Any, axis: int) -> None:
    with pytest.raises(ValueError, match="expected class ids of shape"):
        class_ids.fitted(tf.zeros(ids, tf.int32), tf.zeros(predictions), axis)


@pytest.mark.parametrize("ids_known", [None, "rank"])
@pytest.mark.parametrize("predictions_known", [None, "rank"])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_ids_of_unknown_shapes_are_fitted(
    ids_known: Any, predictions_known: Any, shape: Any
) -> None:
    def run(ids: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
        return class_ids.fitted(ids, predictions, -1)[0]

    ids, predictions = np.arange(4).reshape(shape), np.zeros((4, 3), np.float32)
    signature = [
        tf.TensorSpec([None] * len(x.shape) if known else None, x.dtype)
        for x, known in ((ids, ids_known), (predictions, predictions_known))
    ]
    function = tf.function(run, input_signature=signature, autograph=False)
    np.testing.assert_array_equal(function(ids, predictions), np.arange(4))
    if shape == (4, 1):
        with pytest.raises(tf.errors.InvalidArgumentError):
            function(ids.reshape(2, 2), predictions)


def test_the_last_dimension_may_be_the_surplus_one_though_the_classes_are_elsewhere() -> None:
    ids, predictions = np.zeros((4, 2, 1), np.int32), np.zeros((4, 3, 2), np.float32)
    function = tf.function(
        lambda ids: class_ids.fitted(ids, tf.constant(predictions), 1)[0],
        input_signature=[tf.TensorSpec([4, 2, None], tf.int32)],
        autograph=False,
    )
    assert function(ids).shape == (4, 2)
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(np.zeros((4, 2, 3), np.int32))


def test_only_one_of_two_dimensions_that_are_unknown_goes() -> None:
    predictions = np.zeros((4, 3, 2), np.float32)
    function = tf.function(
        lambda ids: class_ids.fitted(ids, tf.constant(predictions), 1)[0],
        input_signature=[tf.TensorSpec([4, None, None], tf.int32)],
        autograph=False,
    )
    assert function(np.zeros((4, 1, 2), np.int32)).shape == (4, 2)


def test_labels_that_are_no_ids_are_named() -> None:
    with pytest.raises(ValueError, match=r"^y_true"):
        class_ids.to_ids([[1], [2, 3]])


def test_what_is_kept() -> None:
    ids = tf.constant([0, 255, -1])
    np.testing.assert_array_equal(class_ids.kept(ids, -1), [True, True, False])
    np.testing.assert_array_equal(class_ids.kept(tf.cast(ids, tf.int64), 255), [True, False, True])
    assert class_ids.kept(ids, None) is None
    assert class_ids.kept(ids, 2**40) is None


def test_nothing_of_an_ignored_place_is_left() -> None:
    nan, inf = float("nan"), float("inf")
    predictions = tf.constant([[1.0, 2.0], [nan, 0.0], [-inf, inf]])
    kept = tf.constant([True, False, False])
    found = class_ids.without_ignored(predictions, kept, -1)
    np.testing.assert_array_equal(found, [[1, 2], [0, 0], [0, 0]])


def test_in_a_graph_the_ignored_places_are_those_of_the_losses() -> None:
    @tf.function(
        input_signature=[tf.TensorSpec(None, tf.bool), tf.TensorSpec(None)], autograph=False
    )
    def run(kept: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
        return class_ids.without_ignored(predictions, kept, -1)

    found = run(tf.constant([True, False]), tf.ones([2, 3]))
    np.testing.assert_array_equal(found, [[1, 1, 1], [0, 0, 0]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="without the class axis"):
        run(tf.constant([True]), tf.ones([2, 3]))
