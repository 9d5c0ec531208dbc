"""The loss in `fit`, `evaluate` and `train_on_batch`: TF1's own training, step by step."""

from __future__ import annotations

import functools
from typing import Any, Iterator

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3

keras = tf.keras
v1 = tf.compat.v1

EPOCHS, BATCH, RATE, SMOOTHING = 2, 4, 0.5, 0.1
RNG = np.random.default_rng(0)
# The last batch is smaller.
X = RNG.normal(size=(18, 5)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 18)
Y = np.eye(3, dtype=np.float32)[CLASSES]
W = np.where(np.arange(18) % 3 == 0, 0, RNG.uniform(0.2, 2, 18)).astype(np.float32)
START = [
    RNG.normal(size=(5, 6)).astype(np.float32) * 0.5,
    np.zeros(6, np.float32),
    RNG.normal(size=(6, 3)).astype(np.float32) * 0.5,
    np.zeros(3, np.float32),
]


@functools.lru_cache(maxsize=None)
def _session() -> tuple[Any, ...]:
    """A TF1 graph and session: the variables, what feeds a training step, and the step."""
    with tf.Graph().as_default() as graph:
        x, y, w = (v1.placeholder(tf.float32, shape) for shape in ([None, 5], [None, 3], [None]))
        variables = [v1.Variable(value) for value in START]
        hidden = tf.tanh(tf.matmul(x, variables[0]) + variables[1])
        logits = tf.matmul(hidden, variables[2]) + variables[3]
        loss = v1.losses.softmax_cross_entropy(y, logits, w, SMOOTHING)
        step = v1.train.GradientDescentOptimizer(RATE).minimize(loss)
        start = v1.global_variables_initializer()
    return v1.Session(graph=graph), start, variables, (x, y, w), [loss, step]


def tf1_training(
    weights: np.ndarray = W, epochs: int = EPOCHS, examples: int = len(X)
) -> tuple[list[np.ndarray], list[float]]:
    """A TF1 graph, session and optimizer: the parameters, and every epoch's loss as Keras reports.

    That is the mean of the batches' losses, each weighted with the batch's size.
    """
    batches = [
        slice(start, min(start + BATCH, examples)) for start in range(0, examples, BATCH)
    ]
    session, start, variables, placeholders, step = _session()
    session.run(start)
    history = []
    for _ in range(epochs):
        total = 0.0
        for batch in batches:
            feed = dict(zip(placeholders, (X[batch], Y[batch], weights[batch])))
            total += session.run(step, feed)[0] * len(X[batch])
        history.append(total / examples)
    return session.run(variables), history


def make_model(loss: Any, optimizer: Any = None, **arguments: Any) -> keras.Model:
    inputs = keras.Input((5,))
    logits = keras.layers.Dense(3)(keras.layers.Dense(6, activation="tanh")(inputs))
    model = keras.Model(inputs, logits)
    model.set_weights(START)
    # Keras 3 would have XLA compile it, which takes longer than the training.
    arguments.setdefault("jit_compile", False)
    model.compile(optimizer or keras.optimizers.SGD(RATE), loss=loss, **arguments)
    return model


def scaled(**arguments: Any) -> Any:
    """An optimizer that scales the loss."""
    return keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(RATE), **arguments)


def by_nonzero_weights(**arguments: Any) -> CategoricalCrossentropy:
    return CategoricalCrossentropy(
        from_logits=True,
        label_smoothing=SMOOTHING,
        reduction="sum_by_nonzero_weights",
        **arguments,
    )


def check_parameters(model: keras.Model, expected: list[np.ndarray]) -> None:
    for value, other in zip(model.get_weights(), expected):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "how",
    [{}, {"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 3}],
    ids=["graph", "run_eagerly", "jit_compile", "steps_per_execution"],
)
def test_fit_is_tf1s_training(how: dict[str, Any]) -> None:
    # XLA would compile once more for the smaller batch.
    n = 16 if "jit_compile" in how else len(X)
    parameters, losses = tf1_training(examples=n)
    model = make_model(by_nonzero_weights(), **how)
    history = model.fit(
        X[:n], Y[:n], BATCH, EPOCHS, sample_weight=W[:n], shuffle=False, verbose=0
    )
    check_parameters(model, parameters)
    np.testing.assert_allclose(history.history["loss"], losses, rtol=1e-5)


def test_keras_s_own_reduction_is_another_training() -> None:
    parameters, losses = tf1_training(epochs=1)
    model = make_model(keras.losses.CategoricalCrossentropy(True, SMOOTHING), run_eagerly=True)
    history = model.fit(X, Y, BATCH, sample_weight=W, shuffle=False, verbose=0)
    assert np.abs(model.get_weights()[0] - parameters[0]).max() > 1e-2
    assert abs(history.history["loss"][0] - losses[0]) > 1e-2


def test_a_generator_s_data_without_known_shapes() -> None:
    parameters, losses = tf1_training(epochs=1)

    def batches() -> Iterator[Any]:
        for start in range(0, len(X), BATCH):
            part = slice(start, start + BATCH)
            yield X[part], Y[part], W[part, None]

    model = make_model(by_nonzero_weights())
    types = (tf.float32, tf.float32, tf.float32)
    shapes = ([None, 5], [None, 3], None)
    data = tf.data.Dataset.from_generator(batches, types, shapes)
    if IS_KERAS_3:
        # Keras 3's own layers and adapters want the ranks of what they touch.
        data = tf.data.Dataset.from_generator(batches, types, ([None, 5], [None, 3], [None, 1]))
    history = model.fit(data, verbose=0)
    check_parameters(model, parameters)
    assert history.history["loss"] == pytest.approx(losses, rel=1e-5)


def test_class_weights() -> None:
    class_weight = {0: 0.0, 1: 2.0, 2: 0.5}
    weights = np.float32([class_weight[each] for each in CLASSES])
    parameters, losses = tf1_training(weights, epochs=1)
    model = make_model(by_nonzero_weights(), run_eagerly=True)
    history = model.fit(X, Y, BATCH, class_weight=class_weight, shuffle=False, verbose=0)
    check_parameters(model, parameters)
    np.testing.assert_allclose(history.history["loss"], losses, rtol=1e-5)


def test_train_on_batch() -> None:
    # A smaller batch would have a graph of its own.
    parameters, _ = tf1_training(epochs=1, examples=16)
    model = make_model(by_nonzero_weights())
    for start in range(0, 16, BATCH):
        part = slice(start, start + BATCH)
        expected = v1.losses.softmax_cross_entropy(
            Y[part], model(X[part]), W[part], SMOOTHING
        )
        model.reset_metrics()
        value = np.ravel(model.train_on_batch(X[part], Y[part], sample_weight=W[part]))[0]
        assert value == pytest.approx(float(expected), rel=1e-5)
    check_parameters(model, parameters)


def test_evaluate_and_test_on_batch() -> None:
    model = make_model(by_nonzero_weights())
    logits = model(X)
    expected = float(v1.losses.softmax_cross_entropy(Y, logits, W, SMOOTHING))
    value = model.evaluate(X, Y, batch_size=len(X), sample_weight=W, verbose=0)
    assert value == pytest.approx(expected, rel=1e-5)
    value = np.ravel(model.test_on_batch(X, Y, sample_weight=W))[0]
    assert value == pytest.approx(expected, rel=1e-5)


def test_no_sample_weight() -> None:
    parameters, losses = tf1_training(np.ones_like(W), epochs=1)
    model = make_model(by_nonzero_weights(), run_eagerly=True)
    history = model.fit(X, Y, BATCH, shuffle=False, verbose=0)
    check_parameters(model, parameters)
    np.testing.assert_allclose(history.history["loss"], losses, rtol=1e-5)


def test_several_outputs_with_a_loss_each() -> None:
    inputs = keras.Input((5,))
    outputs = {"one": keras.layers.Dense(3, name="one")(inputs)}
    outputs["other"] = keras.layers.Dense(3, name="other")(inputs)
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.SGD(RATE),
        loss={
            "one": by_nonzero_weights(name="tf1"),
            "other": keras.losses.CategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"one": 1.0, "other": 0.25},
        jit_compile=False,
    )
    logits = model(X)
    one = v1.losses.softmax_cross_entropy(Y, logits["one"], W, SMOOTHING)
    other = keras.losses.CategoricalCrossentropy(from_logits=True)(Y, logits["other"], 1 - W)
    targets, weights = {"one": Y, "other": Y}, {"one": W, "other": 1 - W}
    fitted = model.fit(X, targets, sample_weight=weights, batch_size=18, epochs=2, verbose=0)
    first, second = fitted.history["loss"]
    assert first == pytest.approx(float(one) + 0.25 * float(other), rel=1e-5)
    assert fitted.history["one_loss"][0] == pytest.approx(float(one), rel=1e-5)
    assert second < first


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    keras.mixed_precision.set_global_policy(request.param)
    yield request.param
    keras.mixed_precision.set_global_policy("float32")


def test_mixed_precision_trains_as_keras_s_class(policy: str) -> None:
    def train(loss: Any) -> Any:
        # With float16, Keras itself scales the loss. The graph is that of the next test.
        optimizer = scaled() if policy == "mixed_bfloat16" else None
        model = make_model(loss, optimizer, run_eagerly=True)
        assert "LossScale" in type(model.optimizer).__name__
        history = model.fit(X, Y, 9, sample_weight=W, shuffle=False, verbose=0)
        return history.history["loss"], model.get_weights()

    expected, expected_parameters = train(keras.losses.CategoricalCrossentropy(True, SMOOTHING))
    # Keras 2 computes in the predictions' dtype.
    tolerance = 1e-3 if IS_KERAS_3 else 3e-2
    for dtype in (None, "float32"):
        losses, parameters = train(CategoricalCrossentropy(True, SMOOTHING, dtype=dtype))
        np.testing.assert_allclose(losses, expected, rtol=tolerance, err_msg=dtype)
        for value, other in zip(parameters, expected_parameters):
            np.testing.assert_allclose(value, other, rtol=0.1, atol=5e-3 if IS_KERAS_3 else 2e-2)
            assert not np.array_equal(value, START[0])


@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
def test_a_scale_that_overflows_skips_the_step(policy: str) -> None:
    model = make_model(by_nonzero_weights(), scaled(initial_scale=2.0**40), run_eagerly=True)
    model.train_on_batch(X, Y, sample_weight=W)
    for value, start in zip(model.get_weights(), START):
        np.testing.assert_array_equal(value, start)


def test_mixed_precision_gives_the_loss_in_keras_s_dtype(policy: str) -> None:
    logits = make_model(by_nonzero_weights())(X)
    assert logits.dtype == policy[len("mixed_") :]
    value = by_nonzero_weights()(Y, logits, W)
    theirs = keras.losses.CategoricalCrossentropy(True)(Y, logits, W)
    assert value.dtype == theirs.dtype == (tf.float32 if IS_KERAS_3 else logits.dtype)
    assert by_nonzero_weights(dtype="float32")(Y, logits, W).dtype == tf.float32


def test_mixed_precision_with_tf1s_reduction_is_near_tf1s_training(policy: str) -> None:
    parameters, losses = tf1_training()
    model = make_model(by_nonzero_weights(dtype="float32"))
    history = model.fit(X, Y, BATCH, EPOCHS, sample_weight=W, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], losses, rtol=5e-2)
    for value, other in zip(model.get_weights(), parameters):
        np.testing.assert_allclose(value, other, rtol=0.1, atol=5e-2)
