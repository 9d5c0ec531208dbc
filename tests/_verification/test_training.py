"""Training with verification is silent, and ends where training without it ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1

from keras_xent import ops, v1
from keras_xent.testing import VerificationError, verify

RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=[32, 6]).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
WEIGHTS = RANDOM.choice([0, 1, 0.5, 2], size=32).astype(np.float32)
KERNEL = RANDOM.normal(size=[6, 3]).astype(np.float32)
BATCHES = [slice(start, start + 8) for start in np.arange(3) * 8]


def loss_of(logits: Any, y: Any, weights: Any) -> Any:
    """One of two calls, of which the second verifies what the first sends it."""
    each = v1.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    return v1.compute_weighted_loss(each, weights, reduction="weighted_mean")


def with_a_tape() -> np.ndarray:
    kernel = tf.Variable(KERNEL)
    optimizer = tf.compat.v1.train.MomentumOptimizer(0.1, 0.9)

    for batch in BATCHES:
        with tf.GradientTape() as tape:
            logits = tf.matmul(X[batch], kernel)
            loss = loss_of(logits, Y[batch], WEIGHTS[batch])
            loss += v1.softmax_cross_entropy(Y[batch], logits, WEIGHTS[batch], 0.1)
        optimizer.apply_gradients([(tape.gradient(loss, kernel), kernel)])
    return kernel.numpy()


def in_a_session() -> np.ndarray:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [8, 6])
        y = tf.compat.v1.placeholder(tf.float32, [8, 3])
        weights = tf.compat.v1.placeholder(tf.float32, [8])
        kernel = tf.compat.v1.Variable(KERNEL)
        loss_of(tf.matmul(x, kernel), y, weights)
        # The result is dropped, as TF1's code often does.
        total = tf.compat.v1.losses.get_total_loss()
        step = tf.compat.v1.train.MomentumOptimizer(0.1, 0.9).minimize(total)
        session.run(tf.compat.v1.global_variables_initializer())
        for batch in BATCHES:
            session.run(step, {x: X[batch], y: Y[batch], weights: WEIGHTS[batch]})
        return session.run(kernel)


def in_fit() -> np.ndarray:
    layer = tf.keras.layers.Dense(3, use_bias=False)
    model = tf.keras.Sequential([layer])
    model.build([None, 6])
    layer.set_weights([KERNEL])

    def loss(y_true: Any, y_pred: Any) -> Any:
        return v1.softmax_cross_entropy(y_true, y_pred)

    model.compile("sgd", loss)
    model.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
    return np.asarray(layer.get_weights()[0])


TRAININGS: dict[str, Any] = {
    "eager": with_a_tape,
    "session": in_a_session,
    "fit": in_fit,
}


@pytest.mark.parametrize("training", TRAININGS)
def test_silence_over_a_training_run(training: str) -> None:
    expected = TRAININGS[training]()
    assert np.abs(expected - KERNEL).max() > 1e-2
    with verify():
        np.testing.assert_allclose(TRAININGS[training](), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("training", ["session", "fit"])
def test_a_training_on_wrong_gradients_fails(
    training: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @tf.custom_gradient
    def twice_the_gradient(tensor: Any) -> Any:
        return tf.identity(tensor), lambda gradient: 2 * gradient

    right = ops.softmax_cross_entropy
    monkeypatch.setattr(
        ops,
        "softmax_cross_entropy",
        lambda *args, **keywords: twice_the_gradient(right(*args, **keywords)),
    )
    failures = (VerificationError, tf.errors.InvalidArgumentError)
    with verify(), pytest.raises(failures, match="in its gradient with respect to"):
        TRAININGS[training]()


_TWO_REPLICAS = """
import numpy as np
import tensorflow as tf
import keras_xent

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    kernel = tf.Variable(np.ones([5, 3], "float32") / 3)


def step(x, y):
    with tf.GradientTape() as tape:
        loss = keras_xent.v1.softmax_cross_entropy(y, tf.matmul(x, kernel), [1.0, 0.0, 2.0, 1.0])
    kernel.assign_sub(tape.gradient(loss, kernel))
    return loss


x, y = np.ones([4, 5], "float32"), np.eye(3, dtype="float32")[[0, 1, 2, 0]]
with keras_xent.testing.verify():
    tf.function(lambda: strategy.run(step, (x, y)))()
right = keras_xent.ops.softmax_cross_entropy
keras_xent.ops.softmax_cross_entropy = lambda *args, **keywords: 2 * right(*args, **keywords)
with keras_xent.testing.verify():
    try:
        tf.function(lambda: strategy.run(step, (x, y)))()
    except tf.errors.InvalidArgumentError as error:
        print("in its value" in str(error))
"""


def test_replicas_are_verified() -> None:
    assert tf1.run_python(_TWO_REPLICAS) == "True\n"
