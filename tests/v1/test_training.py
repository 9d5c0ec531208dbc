"""Training on our loss ends where training on TF1's own ends."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent

DEFAULT = "weighted_sum_by_nonzero_weights"
STEPS = 6
_RANDOM = np.random.RandomState(0)
X = _RANDOM.normal(size=[32, 6]).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
# Masked: what TF1's denominator is about.
WEIGHTS = _RANDOM.choice([0, 1, 0.5, 2], size=32).astype(np.float32)
KERNELS = [
    (_RANDOM.normal(size=shape) / 2).astype(np.float32) for shape in ([6, 8], [8], [8, 3], [3])
]

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "gradient descent": lambda: tf.compat.v1.train.GradientDescentOptimizer(0.3),
    "momentum": lambda: tf.compat.v1.train.MomentumOptimizer(0.05, 0.9),
    "adam": lambda: tf.compat.v1.train.AdamOptimizer(0.02, epsilon=1e-3),
}


def network(parameters: list[Any], x: Any) -> Any:
    kernel, bias, last_kernel, last_bias = parameters
    return tf.matmul(tf.tanh(tf.matmul(x, kernel) + bias), last_kernel) + last_bias


def loss_of(functions: tf1.Functions, name: str, y: Any, logits: Any, weights: Any) -> Any:
    """The loss of one-hot labels and a weight a row, as the function takes them."""
    if name.startswith("sparse"):
        y = tf.argmax(y, 1)
    if name.startswith("sigmoid"):
        weights = weights[:, None]
    smoothing = {"label_smoothing": 0.1} if name in tf1.SMOOTHED else {}
    return getattr(functions, name)(y, logits, weights, **smoothing)


def in_session(
    functions: tf1.Functions,
    optimizer: str,
    name: str = "softmax_cross_entropy",
    reduction: str = DEFAULT,
    batch_size: int | None = 8,
) -> list[Any]:
    """The parameters and a loss at the end, by `minimize` of the collected total loss."""
    function = functools.partial(getattr(functions, name), reduction=reduction)
    functions = dataclasses.replace(functions, **{name: function})
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [batch_size, 6])
        y = tf.compat.v1.placeholder(tf.float32, [batch_size, 3])
        weights = tf.compat.v1.placeholder(tf.float32, [batch_size])
        parameters = [tf.compat.v1.Variable(kernel) for kernel in KERNELS]
        loss_of(functions, name, y, network(parameters, x), weights)
        loss = tf.compat.v1.losses.get_total_loss()
        step = OPTIMIZERS[optimizer]().minimize(loss)
        session.run(tf.compat.v1.global_variables_initializer())
        for start in np.arange(STEPS) * 8 % 32:
            batch = slice(start, start + 8)
            session.run(step, {x: X[batch], y: Y[batch], weights: WEIGHTS[batch]})
        feed = {x: X[:8], y: Y[:8], weights: WEIGHTS[:8]}
        return list(session.run([*parameters, loss], feed))


def eagerly(
    functions: tf1.Functions, optimizer: str, traced: bool, name: str = "softmax_cross_entropy"
) -> list[Any]:
    parameters = [tf.Variable(kernel) for kernel in KERNELS]
    optimize = OPTIMIZERS[optimizer]()

    def loss_now(x: Any, y: Any, weights: Any) -> Any:
        return loss_of(functions, name, y, network(parameters, x), weights)

    def step(x: Any, y: Any, weights: Any) -> None:
        with tf.GradientTape() as tape:
            loss = loss_now(x, y, weights)
        optimize.apply_gradients(zip(tape.gradient(loss, parameters), parameters))

    run = tf.function(step, autograph=False) if traced else step
    for start in np.arange(STEPS) * 8 % 32:
        batch = slice(start, start + 8)
        run(tf.constant(X[batch]), tf.constant(Y[batch]), tf.constant(WEIGHTS[batch]))
    return [*parameters, loss_now(X, Y, WEIGHTS)]


@functools.lru_cache(maxsize=None)
def theirs_in_session(
    optimizer: str, name: str = "softmax_cross_entropy", reduction: str = DEFAULT
) -> list[Any]:
    return in_session(tf1.THEIRS, optimizer, name, reduction)


@functools.lru_cache(maxsize=None)
def theirs_eagerly(optimizer: str, name: str = "softmax_cross_entropy") -> list[Any]:
    return eagerly(tf1.THEIRS, optimizer, False, name)


def assert_same_end(ours: list[Any], theirs: list[Any]) -> None:
    for our, their, start in zip(ours, theirs, KERNELS):
        assert np.abs(np.asarray(their) - start).max() > 1e-3
        np.testing.assert_allclose(our, their, rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours[-1], theirs[-1], rtol=1e-6)


# The other optimizers: below.
@pytest.mark.parametrize(("choice", "batch_size"), [("auto", None), ("portable", 8)])
def test_in_a_session_the_parameters_end_where_tf1s_do(
    choice: str, batch_size: int | None
) -> None:
    keras_xent.set_backend(choice)
    ours = in_session(tf1.OURS, "momentum", batch_size=batch_size)
    assert_same_end(ours, theirs_in_session("momentum"))


@pytest.mark.parametrize(
    ("choice", "name", "reduction"),
    [
        ("auto", "sparse_softmax_cross_entropy", "weighted_sum"),
        ("auto", "sigmoid_cross_entropy", "weighted_mean"),
        ("portable", "sigmoid_cross_entropy", "weighted_mean"),
    ],
)
def test_on_the_other_losses_and_reductions_too(choice: str, name: str, reduction: str) -> None:
    keras_xent.set_backend(choice)
    arguments = ("adam", name, reduction)
    assert_same_end(in_session(tf1.OURS, *arguments), theirs_in_session(*arguments))
    # With the default reduction.
    assert_same_end(eagerly(tf1.OURS, "momentum", True, name), theirs_eagerly("momentum", name))


@pytest.mark.parametrize(
    ("choice", "traced", "optimizer"),
    [
        ("auto", False, "gradient descent"),
        ("auto", True, "gradient descent"),
        ("auto", True, "adam"),
        ("portable", False, "adam"),
        ("portable", True, "momentum"),
    ],
)
def test_with_a_tape_the_parameters_end_where_tf1s_do(
    choice: str, traced: bool, optimizer: str
) -> None:
    keras_xent.set_backend(choice)
    assert_same_end(eagerly(tf1.OURS, optimizer, traced), theirs_eagerly(optimizer))


# Two replicas, each with its share of the batch: `parameters` is one for both.
_TWO_REPLICAS = """
import numpy as np
import tensorflow as tf

import keras_xent

cpus = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(
    cpus[0], [tf.config.LogicalDeviceConfiguration(), tf.config.LogicalDeviceConfiguration()]
)
random = np.random.RandomState(0)
x = random.randn(16, 5).astype("float32")
y = np.eye(3, dtype="float32")[random.randint(3, size=16)]
weights = np.array([1, 0, 2, 0.5] * 4, "float32")


def loss_of(losses, y, logits, weights):
    return losses.softmax_cross_entropy(y, logits, weights, label_smoothing=0.1)


def train():
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    with strategy.scope():
        kernel = tf.Variable(np.ones([5, 3], "float32") / 3)

    def step(x, y, weights):
        with tf.GradientTape() as tape:
            loss = loss_of(keras_xent.v1, y, tf.matmul(x, kernel), weights)
        gradient = tape.gradient(loss, kernel)
        gradient = tf.distribute.get_replica_context().all_reduce("mean", gradient)
        kernel.assign_sub(0.5 * gradient)
        return loss

    @tf.function(autograph=False)
    def distributed(*batch):
        return strategy.reduce("MEAN", strategy.run(step, args=batch), axis=None)

    batches = tf.data.Dataset.from_tensor_slices((x, y, weights)).batch(16).repeat(5)
    dataset = strategy.experimental_distribute_dataset(batches)
    return [float(distributed(*batch)) for batch in dataset], kernel.numpy()


def train_by_hand():
    kernel, found = tf.Variable(np.ones([5, 3], "float32") / 3), []
    halves = [(x[half], y[half], weights[half]) for half in (slice(8), slice(8, 16))]
    for _ in range(5):
        with tf.GradientTape() as tape:
            losses = [
                loss_of(tf.compat.v1.losses, y, tf.matmul(x, kernel), weights)
                for x, y, weights in halves
            ]
            loss = (losses[0] + losses[1]) / 2
        kernel.assign_sub(0.5 * tape.gradient(loss, kernel))
        found.append(float(loss))
    return found, kernel.numpy()


ours = train()
theirs = train_by_hand()
np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)
np.testing.assert_allclose(ours[1], theirs[1], rtol=0, atol=1e-6)
assert len(ours[0]) == 5 and ours[0][-1] < ours[0][0]
print("ok")
"""


def test_mirrored_replicas_learn_what_they_learn_from_tf1s_own_loss() -> None:
    assert tf1.run_python(_TWO_REPLICAS) == "ok\n"
