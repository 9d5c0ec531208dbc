"""What every loss of the package does in the same way."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import warnings
from pathlib import Path
from typing import Any, Callable, NamedTuple

import modes
import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent._keras import IS_KERAS_3
from keras_xent.losses.base import CrossEntropy
from keras_xent.reduction import V1_NAMES

keras = tf.keras
v1 = tf.compat.v1.losses
RNG = np.random.default_rng(0)
# A third of them zero, and one negative.
WEIGHTS = np.float32([0, 1.5, -0.5, 0, 2, 0.3])
LOGITS = RNG.normal(size=(6, 4)).astype(np.float32)
IDS = RNG.integers(0, 4, 6)
SOFT = RNG.uniform(size=(6, 4)).astype(np.float32)


class Loss(NamedTuple):
    """A loss, labels for it, and TF1's function of labels, logits, weights and a reduction."""

    cls: Any
    labels: np.ndarray
    in_tf1: Callable[..., tf.Tensor]

    def __call__(self, **arguments: Any) -> Any:
        return self.cls(**{"from_logits": True, **arguments})

    @property
    def of_keras(self) -> Any:
        return getattr(keras.losses, self.cls.__name__)


def _sigmoid_of_tf1(labels: Any, logits: Any, weights: Any, reduction: str) -> tf.Tensor:
    """TF1 has a loss for each element: with the mean of them, the sum is a fourth of TF1's."""
    value = v1.sigmoid_cross_entropy(labels, logits, weights[:, None], reduction=reduction)
    if reduction == "none":
        return tf.reduce_mean(value, -1)
    return value / 4 if reduction == "weighted_sum" else value


LOSSES = {
    "categorical": Loss(
        keras_xent.CategoricalCrossentropy,
        np.eye(4, dtype=np.float32)[IDS],
        lambda y, x, w, reduction: v1.softmax_cross_entropy(y, x, w, reduction=reduction),
    ),
    "sparse": Loss(
        keras_xent.SparseCategoricalCrossentropy,
        IDS,
        lambda y, x, w, reduction: v1.sparse_softmax_cross_entropy(y, x, w, reduction=reduction),
    ),
    "binary": Loss(keras_xent.BinaryCrossentropy, SOFT, _sigmoid_of_tf1),
}


@pytest.fixture(params=LOSSES)
def loss(request: pytest.FixtureRequest) -> Loss:
    return LOSSES[request.param]


def with_gradients(call: Any) -> Any:
    def run(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([logits, weights])
            value = call(labels, logits, weights)
        return (value, *tape.gradient(value, [logits, weights]))

    return run


def check(found: Any, expected: Any, rtol: float = 1e-5) -> None:
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-6)


def test_these_are_all(loss: Loss) -> None:
    assert {each.cls for each in LOSSES.values()} == set(CrossEntropy.__subclasses__())
    assert isinstance(loss(), keras.losses.Loss)


def test_the_reduction_that_keras_sees(loss: Loss) -> None:
    assert Reduction(loss(reduction="sum").reduction) is Reduction.SUM


@pytest.mark.parametrize("reduction", list(Reduction))
def test_every_reduction_is_tf1s(loss: Loss, reduction: Reduction, backend: str) -> None:
    inputs = loss.labels, LOGITS, WEIGHTS
    found = modes.eager(with_gradients(loss(reduction=reduction)), *inputs)
    expected = modes.eager(
        with_gradients(lambda y, x, w: loss.in_tf1(y, x, w, V1_NAMES[reduction])), *inputs
    )
    check(found, expected)


# What depends on the mode but not on the loss class is tested in tests/ops and tests/v1.
def test_graphs_of_unknown_shapes_give_the_same(loss: Loss) -> None:
    # tests/ops has every reduction in every mode.
    run = with_gradients(loss(reduction="sum_by_nonzero_weights", label_smoothing=0.1))
    inputs = loss.labels, LOGITS, WEIGHTS
    check(modes.compiled_unknown_shapes(run, *inputs), modes.eager(run, *inputs))


def test_a_tf1_graph_gives_the_same(loss: Loss) -> None:
    each = loss(reduction="sum_by_nonzero_weights", label_smoothing=0.1)

    def run(labels: Any, logits: Any, weights: Any) -> Any:
        value = each(labels, logits, weights)
        return [value, *tf.gradients(value, [logits, weights])]

    inputs = loss.labels, LOGITS, WEIGHTS
    check(modes.tf1_graph(run, *inputs), modes.eager(with_gradients(each), *inputs))


def test_without_logits_the_probabilities_are_keras_s(loss: Loss) -> None:
    probabilities = tf.sigmoid(LOGITS).numpy()
    for reduction in ("sum", "sum_over_batch_size", "none"):
        value = loss(from_logits=False, reduction=reduction)(loss.labels, probabilities, WEIGHTS)
        expected = loss.of_keras(reduction=reduction)(loss.labels, probabilities, WEIGHTS)
        np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_zero_weights_and_empty_batches_give_zero(loss: Loss) -> None:
    for from_logits in (True, False):
        predictions = LOGITS if from_logits else np.exp(LOGITS)
        for reduction in set(Reduction) - {Reduction.NONE}:
            each = loss(from_logits=from_logits, reduction=reduction)
            assert float(each(loss.labels, predictions, WEIGHTS * 0)) == 0
            assert float(each(loss.labels[:0], predictions[:0])) == 0
            assert float(each(loss.labels[:0], predictions[:0], WEIGHTS[:0])) == 0


def test_second_derivatives(loss: Loss) -> None:
    def row(call: Any) -> tf.Tensor:
        logits = tf.constant(LOGITS)
        with tf.GradientTape() as outer:
            outer.watch(logits)
            with tf.GradientTape() as inner:
                inner.watch(logits)
                value = call(loss.labels, logits, WEIGHTS)
            total = tf.reduce_sum(inner.gradient(value, logits) * SOFT)
        return outer.gradient(total, logits)

    name = Reduction.SUM_BY_NONZERO_WEIGHTS
    expected = row(lambda y, x, w: loss.in_tf1(y, x, w, V1_NAMES[name]))
    check([row(loss(reduction=name))], [expected], rtol=1e-4)


def test_masks_are_keras_s(loss: Loss) -> None:
    kept = np.array([True, False, True, True, False, True])
    logits = tf.constant(LOGITS)
    logits._keras_mask = tf.constant(kept)
    for reduction in ("sum", "sum_over_batch_size", "none"):
        for weights in (None, WEIGHTS):
            value = loss(reduction=reduction)(loss.labels, logits, weights)
            expected = loss.of_keras(from_logits=True, reduction=reduction)
            np.testing.assert_allclose(value, expected(loss.labels, logits, weights), rtol=1e-5)
    value = loss(reduction="sum_by_nonzero_weights")(loss.labels, logits, WEIGHTS)
    in_tf1 = loss.in_tf1(loss.labels, LOGITS, WEIGHTS * kept, "weighted_sum_by_nonzero_weights")
    np.testing.assert_allclose(value, in_tf1, rtol=1e-5)


def test_an_activation_s_logits_are_used_as_by_keras(loss: Loss) -> None:
    name = "sigmoid" if loss is LOSSES["binary"] else "softmax"
    logits = 100 * LOGITS
    exact = loss()(loss.labels, logits)

    def of_graph(each: Any, from_logits: bool) -> tf.Tensor:
        def run(x: tf.Tensor) -> tf.Tensor:
            return each(from_logits=from_logits)(loss.labels, getattr(tf.nn, name)(x))

        return tf.function(run, autograph=False)(logits)

    for each in (loss, loss.of_keras):
        probabilities = getattr(keras.activations, name)(tf.constant(logits))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            values = [each(from_logits=False)(loss.labels, probabilities), of_graph(each, False)]
        with pytest.warns(UserWarning, match="from_logits=True"):
            values.append(each(from_logits=True)(loss.labels, probabilities))
        with pytest.warns(UserWarning, match="from_logits=True"):
            values.append(of_graph(each, True))
        np.testing.assert_allclose(values, [exact] * 4, rtol=1e-5)


def test_a_subclass_s_call_is_weighted_and_reduced(loss: Loss) -> None:
    class Squared(loss.cls):
        def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
            return super().call(y_true, y_pred) ** 2

    losses = loss(reduction="none")(loss.labels, LOGITS)
    np.testing.assert_array_equal(loss().call(loss.labels, LOGITS), losses)
    for reduction in Reduction:
        expected = v1.compute_weighted_loss(losses**2, WEIGHTS, reduction=V1_NAMES[reduction])
        each = Squared(from_logits=True, reduction=reduction)
        np.testing.assert_allclose(each(loss.labels, LOGITS, WEIGHTS), expected, rtol=1e-5)
        if reduction is Reduction.SUM_BY_NONZERO_WEIGHTS and loss is LOSSES["sparse"]:
            traced = tf.function(each, autograph=False)(loss.labels, LOGITS, WEIGHTS)
            np.testing.assert_allclose(traced, expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_dtypes(loss: Loss, dtype: str) -> None:
    tolerance = {"float16": 2e-3, "bfloat16": 2e-2, "float64": 1e-6}[dtype]
    expected = float(loss()(loss.labels, LOGITS, WEIGHTS))
    for from_logits in (True, False):
        predictions = LOGITS if from_logits else tf.nn.softmax(LOGITS).numpy()
        if loss is LOSSES["binary"] and not from_logits:
            predictions = tf.sigmoid(LOGITS).numpy()
        value = loss(from_logits=from_logits, dtype=dtype)(loss.labels, predictions, WEIGHTS)
        assert value.dtype == dtype
        rtol = tolerance if from_logits else 10 * tolerance
        assert float(tf.cast(value, tf.float64)) == pytest.approx(expected, rel=rtol)


def check_same(loss: Loss, one: Any, other: Any) -> None:
    assert type(one) is type(other) is loss.cls
    assert one.get_config() == other.get_config()
    assert repr(one) == repr(other)
    inputs = loss.labels, LOGITS, WEIGHTS
    assert float(one(*inputs)) == float(other(*inputs))


def test_it_is_written_and_read(loss: Loss) -> None:
    original = loss(
        label_smoothing=0.1, reduction="sum_by_nonzero_weights", name="mine", dtype="float64"
    )
    config = json.loads(json.dumps(original.get_config()))
    assert config == original.get_config()
    assert config["name"] == "keras_xent>mine"
    registered = keras.utils.get_registered_name(loss.cls)
    assert registered == f"keras_xent>{loss.cls.__name__}"
    assert keras.utils.get_registered_object(registered) is loss.cls
    description = json.loads(json.dumps(keras.losses.serialize(original)))
    for again in (
        loss.cls.from_config(config),
        keras.losses.deserialize(description),
        pickle.loads(pickle.dumps(original)),
        copy.copy(original),
        copy.deepcopy(original),
    ):
        check_same(loss, again, original)


def test_the_config_has_the_constructor_s_arguments_in_their_order(loss: Loss) -> None:
    names = list(inspect.signature(loss.cls).parameters)
    assert list(loss.cls(normalization="global").get_config()) == names
    # Keras's losses don't have it, and a subclass's constructor may not accept it.
    assert list(loss.cls().get_config()) == [name for name in names if name != "normalization"]
    assert repr(loss.cls()).startswith(f"{loss.cls.__name__}(from_logits=False, ")


# A layer's kernel and bias.
START = [RNG.normal(size=(4, 4)).astype(np.float32), np.zeros(4, np.float32)]


def make_model(loss: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, "tanh")])
    model.compile(keras.optimizers.SGD(0.5), loss=loss)
    return model


@pytest.mark.parametrize("suffix", [".keras", ".h5"] if IS_KERAS_3 else [".keras", ".h5", ""])
def test_a_saved_model_loads_with_its_loss(loss: Loss, suffix: str, tmp_path: Path) -> None:
    original = loss(label_smoothing=0.1, reduction="sum_by_nonzero_weights")
    path = str(tmp_path / f"model{suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # HDF5 is legacy.
        make_model(original).save(path)
        loaded = keras.models.load_model(path)
    check_same(loss, loaded.loss, original)


FITTED = ("sum_over_batch_size", "sum_by_nonzero_weights")


@pytest.fixture(scope="module")
def fitted() -> dict[str, np.ndarray]:
    """`fit` of a model with an output for each loss, and a layer that only this loss trains.

    Returns: the history of each loss and the layer's kernel after it.
    """
    losses = {f"{name}_{reduction}": name for name in LOSSES for reduction in FITTED}
    inputs = keras.Input((4,))
    layers = {each: keras.layers.Dense(4, "tanh", name=each) for each in losses}
    model = keras.Model(inputs, {each: layer(inputs) for each, layer in layers.items()})
    for layer in layers.values():
        layer.set_weights(START)
    model.compile(
        keras.optimizers.SGD(0.5),
        loss={each: LOSSES[name](reduction=each[len(name) + 1 :]) for each, name in losses.items()},
        jit_compile=False,
    )
    labels = {each: LOSSES[name].labels for each, name in losses.items()}
    weights = dict.fromkeys(losses, WEIGHTS)
    history = model.fit(LOGITS, labels, 3, 2, sample_weight=weights, shuffle=False, verbose=0)
    return {
        each: np.append(history.history[f"{each}_loss"], layer.get_weights()[0])
        for each, layer in layers.items()
    }


def train(call: Callable[..., tf.Tensor], labels: np.ndarray) -> np.ndarray:
    """The same by a loop, with a function of labels, logits and weights."""
    kernel, bias = map(tf.Variable, START)
    history = []
    for _ in range(2):
        values = []
        for part in (slice(0, 3), slice(3, 6)):
            with tf.GradientTape() as tape:
                logits = tf.tanh(LOGITS[part] @ kernel + bias)
                value = call(labels[part], logits, WEIGHTS[part])
            for variable, gradient in zip((kernel, bias), tape.gradient(value, (kernel, bias))):
                variable.assign_sub(0.5 * gradient)
            values.append(value)
        history.append(np.mean(values))
    return np.append(history, kernel)


@pytest.mark.parametrize("name", LOSSES)
def test_fit_trains_as_with_keras_s_or_tf1s(name: str, fitted: dict[str, np.ndarray]) -> None:
    loss = LOSSES[name]
    calls = {
        "sum_over_batch_size": loss.of_keras(from_logits=True),
        "sum_by_nonzero_weights": lambda y, x, w: loss.in_tf1(
            y, x, w, "weighted_sum_by_nonzero_weights"
        ),
    }
    for reduction in FITTED:
        found, expected = fitted[f"{name}_{reduction}"], train(calls[reduction], loss.labels)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6, err_msg=reduction)


@pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 makes no layers of calls")
def test_a_call_on_keras_tensors_is_a_layer(loss: Loss) -> None:
    original = loss(reduction="sum_by_nonzero_weights")
    y = keras.Input(loss.labels.shape[1:])
    x = keras.Input([4])
    model = keras.Model([y, x], original(y, x))
    again = keras.Model.from_config(model.get_config())
    for each in (model, again):
        assert float(each([loss.labels, LOGITS])) == pytest.approx(
            float(original(loss.labels, LOGITS))
        )


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 makes layers of calls")
def test_keras_tensors_raise_an_error(loss: Loss) -> None:
    with pytest.raises(TypeError, match="y_pred is a KerasTensor"):
        loss()(loss.labels, keras.Input([4]))
    with pytest.raises(TypeError, match="y_true is a KerasTensor"):
        loss()(keras.Input([4]), LOGITS)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"from_logits": 1}, TypeError, "from_logits is 1"),
        ({"label_smoothing": 1.5}, ValueError, "label_smoothing is 1.5"),
        ({"axis": 1.0}, TypeError, "axis is 1.0"),
        ({"reduction": "average"}, ValueError, "reduction is 'average'"),
        ({"name": 5}, TypeError, "name is 5"),
        ({"dtype": "int32"}, ValueError, "dtype is 'int32'"),
    ],
)
def test_arguments_that_raise_an_error(loss: Loss, arguments: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        loss(**arguments)


def test_an_axis_that_the_predictions_do_not_have_raises_an_error(loss: Loss) -> None:
    for from_logits in (True, False):
        if loss is LOSSES["categorical"] and not from_logits:
            continue  # Keras says it.
        with pytest.raises(ValueError, match=r"axis is 2\b.*expected an? \w+ in \[-2, 2\)"):
            loss(axis=2, from_logits=from_logits)(loss.labels, np.abs(LOGITS))


def test_weights_that_do_not_fit_raise_an_error(loss: Loss) -> None:
    for weights in (np.ones(5, "f"), np.ones((6, 4), "f")):
        with pytest.raises(ValueError, match="weight"):
            loss()(loss.labels, LOGITS, weights)


@pytest.mark.parametrize("from_logits", [True, False])
def test_shapes_that_only_a_graph_finds_wrong_repeat_nothing(
    loss: Loss, from_logits: bool
) -> None:
    each = loss(from_logits=from_logits, reduction="sum")
    predictions = tf.sigmoid(LOGITS).numpy()
    signature = [
        tf.TensorSpec([None] * tensor.ndim, tensor.dtype)
        for tensor in (loss.labels, predictions, WEIGHTS)
    ]
    # XLA compiles no assertions.
    traced = tf.function(each, input_signature=signature, autograph=False)
    traced.get_concrete_function()
    compiled = tf.function(lambda *inputs: traced(*inputs), jit_compile=True, autograph=False)
    inputs = (loss.labels, predictions, WEIGHTS)
    # Without logits, XLA compiles the same checks for every loss.
    in_xla = from_logits or loss is LOSSES["binary"]
    for run in (traced, *([compiled] if in_xla else [])):
        assert float(run(*inputs)) == pytest.approx(float(each(*inputs)), rel=1e-5)
    # Shapes that would broadcast without a check.
    wrong = [
        (loss.labels, predictions, WEIGHTS[:2]),
        (loss.labels[:1], predictions, WEIGHTS),
    ]
    if loss.labels.ndim == 2:
        wrong.append((loss.labels[:, :1], predictions, WEIGHTS))
    for given in wrong if in_xla else []:
        # ValueError while TensorFlow traces again, with the shapes that it knows then.
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            compiled(*given)
    wrong.append((loss.labels, predictions, np.append(WEIGHTS, WEIGHTS[:1])))
    wrong.append((loss.labels[:2], predictions, WEIGHTS))
    for given in wrong:
        with pytest.raises(tf.errors.InvalidArgumentError):
            traced(*given)
