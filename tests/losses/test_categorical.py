"""The loss class itself: its arguments, its example, what it refuses."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent import CategoricalCrossentropy, Reduction
from keras_xent._keras import IS_KERAS_3

keras = tf.keras

LABELS = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
LOGITS = [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]


def value(**arguments: Any) -> float:
    weights = arguments.pop("sample_weight", None)
    loss = CategoricalCrossentropy(from_logits=True, label_smoothing=0.2, **arguments)
    return float(loss(LABELS, LOGITS, sample_weight=weights))


def test_the_example_without_zero_weights_is_tf1s_number_and_keras_s() -> None:
    by_nonzero = value(reduction="sum_by_nonzero_weights", sample_weight=[0.3, 0.7])
    assert by_nonzero == pytest.approx(0.57618, abs=5e-6)
    assert value(sample_weight=[0.3, 0.7]) == pytest.approx(by_nonzero)


def test_the_example_with_a_zero_weight_is_tf1s_number_and_twice_keras_s() -> None:
    weights = [0.0, 0.7]
    ours = value(reduction="sum_by_nonzero_weights", sample_weight=weights)
    v1 = tf.compat.v1.losses.softmax_cross_entropy(LABELS, LOGITS, weights, label_smoothing=0.2)
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)
    labels, logits = np.float32(LABELS), np.float32(LOGITS)
    assert ours == pytest.approx(0.94014, abs=5e-6)
    assert ours == pytest.approx(float(v1))
    assert float(theirs(labels, logits, np.float32(weights))) == pytest.approx(0.47007, abs=5e-6)


def test_arguments_and_defaults_are_keras_s() -> None:
    def parameters(cls: type) -> dict[str, Any]:
        signature = inspect.signature(cls.__init__).parameters
        return {
            name: each.default
            for name, each in signature.items()
            if each.kind is not inspect.Parameter.KEYWORD_ONLY
        }

    theirs = parameters(keras.losses.CategoricalCrossentropy)
    ours = parameters(CategoricalCrossentropy)
    if IS_KERAS_3:
        assert list(ours.items()) == list(theirs.items())
    else:
        assert list(ours)[: len(theirs)] == list(theirs)
        assert theirs.pop("reduction") == "auto"
        assert {name: ours[name] for name in theirs} == theirs


def test_it_is_a_keras_loss() -> None:
    assert isinstance(CategoricalCrossentropy(), keras.losses.Loss)
    assert keras_xent.CategoricalCrossentropy is CategoricalCrossentropy


def test_the_reduction_is_a_reduction_and_a_string_that_keras_knows() -> None:
    reduction = CategoricalCrossentropy(reduction="mean").reduction
    assert reduction is Reduction.SUM_OVER_BATCH_SIZE
    assert reduction == "sum_over_batch_size"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (None, Reduction.NONE),
        ("none", Reduction.NONE),
        ("sum", Reduction.SUM),
        ("weighted_sum", Reduction.SUM),
        ("mean", Reduction.SUM_OVER_BATCH_SIZE),
        ("auto", Reduction.SUM_OVER_BATCH_SIZE),
        ("weighted_mean", Reduction.MEAN),
        ("weighted_sum_by_nonzero_weights", Reduction.SUM_BY_NONZERO_WEIGHTS),
        (Reduction.SUM_OVER_NONZERO_WEIGHTS, Reduction.SUM_BY_NONZERO_WEIGHTS),
    ],
)
def test_names_of_reductions(given: Any, meant: Reduction) -> None:
    assert CategoricalCrossentropy(reduction=given).reduction is meant


def test_repr_shows_the_arguments() -> None:
    loss = CategoricalCrossentropy(True, 0.1, 1, "sum_by_nonzero_weights", "mine", "float64")
    assert repr(loss) == (
        "CategoricalCrossentropy(from_logits=True, label_smoothing=0.1, axis=1, "
        "reduction='sum_by_nonzero_weights', name='mine', dtype='float64')"
    )


def test_repr_of_a_subclass_has_its_name() -> None:
    class Mine(CategoricalCrossentropy):
        pass

    assert repr(Mine()).startswith("Mine(from_logits=False, ")


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"from_logits": 1}, TypeError, ["from_logits is 1", "int", "True or False"]),
        ({"from_logits": "yes"}, TypeError, ["'yes'", "str", "True or False"]),
        ({"from_logits": None}, TypeError, ["None", "True or False"]),
        ({"label_smoothing": "a lot"}, TypeError, ["'a lot'", "str", "a number"]),
        ({"label_smoothing": True}, TypeError, ["True", "bool", "a number"]),
        ({"label_smoothing": None}, TypeError, ["None", "a number"]),
        ({"label_smoothing": -0.1}, ValueError, ["-0.1", "[0, 1]"]),
        ({"label_smoothing": 1.1}, ValueError, ["1.1", "[0, 1]"]),
        ({"label_smoothing": float("nan")}, ValueError, ["nan", "[0, 1]"]),
        ({"axis": 1.0}, TypeError, ["axis is 1.0", "float", "int"]),
        ({"axis": True}, TypeError, ["True", "bool", "int"]),
        ({"axis": (1,)}, TypeError, ["(1,)", "tuple", "int"]),
        ({"reduction": "average"}, ValueError, ["'average'", "'sum_by_nonzero_weights'"]),
        ({"reduction": 3}, ValueError, ["3", "'sum_over_batch_size'"]),
        ({"name": 5}, TypeError, ["name is 5", "int", "string or None"]),
        ({"dtype": "int32"}, ValueError, ["'int32'", "floating point"]),
        ({"dtype": tf.int64}, ValueError, ["int64", "floating point"]),
        ({"dtype": "flaot32"}, (TypeError, ValueError), ["flaot32"]),
    ],
    ids=str,
)
def test_arguments_that_raise_an_error(
    arguments: dict[str, Any], error: type, said: list[str]
) -> None:
    with pytest.raises(error) as caught:
        CategoricalCrossentropy(**arguments)
    for words in said:
        assert words in str(caught.value)


@pytest.mark.parametrize("smoothing", [0, 1, 0.5, np.float32(0.25), np.float64(0.25)])
def test_smoothing_may_be_any_number_in_0_1(smoothing: Any) -> None:
    loss = CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    same = CategoricalCrossentropy(from_logits=True, label_smoothing=float(smoothing))
    assert float(loss(LABELS, LOGITS)) == float(same(LABELS, LOGITS))


@pytest.mark.parametrize("dtype", ["float64", tf.float64, np.float64, np.dtype("float64")])
def test_spellings_of_a_dtype(dtype: Any) -> None:
    loss = CategoricalCrossentropy(from_logits=True, dtype=dtype)
    assert loss.dtype == "float64"
    assert loss(LABELS, LOGITS).dtype == tf.float64


def test_dtype_may_be_a_mixed_precision_policy() -> None:
    policy = keras.mixed_precision.Policy("mixed_bfloat16")
    loss = CategoricalCrossentropy(from_logits=True, dtype=policy)
    assert loss(LABELS, LOGITS).dtype == tf.bfloat16
    assert loss.get_config()["dtype"] == "bfloat16"


def test_a_name_is_a_name_scope_in_a_graph() -> None:
    loss = CategoricalCrossentropy(from_logits=True, name="of_mine")
    with tf.Graph().as_default() as graph:
        loss(tf.constant(LABELS), tf.constant(LOGITS))
        names = [op.name for op in graph.get_operations()]
    assert any(name.startswith("of_mine/") for name in names)


def test_no_name_is_a_name_scope_too() -> None:
    loss = CategoricalCrossentropy(from_logits=True, name=None)
    result = tf.function(loss)(tf.constant(LABELS), tf.constant(LOGITS))
    assert float(result) == float(loss(LABELS, LOGITS))


@pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 refuses the name as TensorFlow does")
def test_keras_2_drops_leading_underscores_of_the_name_scope() -> None:
    loss = CategoricalCrossentropy(from_logits=True, name="_mine")
    assert loss.name == "_mine"
    assert float(tf.function(loss)(LABELS, LOGITS)) == float(loss(LABELS, LOGITS))


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (2,), (2, 3, 1, 1)])
def test_labels_of_another_shape_raise_an_error(from_logits: bool, shape: Any) -> None:
    loss = CategoricalCrossentropy(from_logits=from_logits)
    with pytest.raises(ValueError, match="must have the same shape"):
        loss(np.ones(shape, np.float32), np.ones((2, 3), np.float32))


def test_labels_of_another_shape_raise_an_error_in_a_graph() -> None:
    loss = CategoricalCrossentropy(from_logits=True)
    with pytest.raises(ValueError, match="must have the same shape"):
        tf.function(loss)(tf.ones([3, 3]), tf.ones([2, 3]))


def test_scalar_predictions_raise_an_error() -> None:
    with pytest.raises(ValueError, match="logits are a scalar"):
        CategoricalCrossentropy(from_logits=True)(1.0, 2.0)


def test_an_axis_that_the_predictions_have_not_raises_an_error() -> None:
    with pytest.raises(ValueError, match=r"axis is 2, expected an int in \[-2, 2\)"):
        CategoricalCrossentropy(from_logits=True, axis=2)(LABELS, LOGITS)


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 makes a layer of the call")
def test_keras_tensors_raise_an_error_with_advice() -> None:
    symbolic = keras.Input((3,))
    loss = CategoricalCrossentropy(from_logits=True)
    with pytest.raises(TypeError, match=r"y_pred is a KerasTensor.*compile\(\)"):
        loss(tf.ones([2, 3]), symbolic)


def one_class_warnings(loss: Any, *inputs: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loss(*inputs)
    return [warning for warning in caught if warning.category is SyntaxWarning]


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((4, 1), -1), ((4, 3), -1), ((4, 1), 1), ((4, 3, 1), 1), ((1, 3), -1), ((4, 1, 1), 1)],
)
def test_one_class_warns_where_keras_does_in_its_words(
    shape: Any, axis: int, from_logits: bool
) -> None:
    arguments = {"from_logits": from_logits, "axis": axis}
    ones = tf.ones(shape)
    ours = one_class_warnings(CategoricalCrossentropy(**arguments), ones, ones)
    theirs = one_class_warnings(
        keras.losses.CategoricalCrossentropy(**arguments), ones, ones
    )
    assert len(ours) == len(theirs) == (shape[-1] == 1)
    added = f" With one class along axis {axis}, the loss of logits is always 0."
    for warning, expected in zip(ours, theirs):
        own = added if shape[axis] == 1 else ""
        assert str(warning.message) == str(expected.message) + own
        assert warning.filename == __file__


def test_one_class_along_another_axis_warns_too() -> None:
    """Keras looks at the last axis only."""
    loss, ones = CategoricalCrossentropy(from_logits=True, axis=1), tf.ones([4, 1, 3])
    (warning,) = one_class_warnings(loss, ones, ones)
    assert "Received: y_pred.shape=(4, 1, 3)." in str(warning.message)
    assert "With one class along axis 1, the loss of logits is always 0." in str(warning.message)
    assert not one_class_warnings(
        keras.losses.CategoricalCrossentropy(from_logits=True, axis=1), ones, ones
    )


@pytest.mark.parametrize("from_logits", [True, False])
def test_one_class_is_a_loss_of_0(from_logits: bool) -> None:
    ones = np.ones((4, 1), np.float32)
    with pytest.warns(SyntaxWarning):
        result = CategoricalCrossentropy(from_logits=from_logits)(ones, ones)
    assert float(result) == pytest.approx(0.0, abs=1e-6)


def test_one_column_beside_a_vector_is_one_class_and_not_a_sample_of_many_classes() -> None:
    loss = CategoricalCrossentropy(from_logits=True, reduction="none")
    vector, column = np.float32([1, 0, 1, 1]), np.float32([[0.3], [-2], [1], [0]])
    with pytest.warns(SyntaxWarning):
        np.testing.assert_array_equal(loss(vector, column), np.zeros(4))
    with pytest.warns(SyntaxWarning):
        np.testing.assert_array_equal(loss(column, vector), np.zeros(4))


def test_call_gives_the_losses_without_weights_and_reduction() -> None:
    loss = CategoricalCrossentropy(from_logits=True, reduction="sum")
    unreduced = loss.call(LABELS, LOGITS)
    expected = tf.nn.softmax_cross_entropy_with_logits(LABELS, LOGITS)
    np.testing.assert_allclose(unreduced, expected, rtol=1e-6)
    assert float(loss(LABELS, LOGITS)) == pytest.approx(float(tf.reduce_sum(expected)))
