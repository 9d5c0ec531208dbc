"""TF1's loss and its port in Keras 2, where the logits have a mask and come out of a softmax.

Run as a program with TF_USE_LEGACY_KERAS=1, or where Keras is 2. The arguments: `functional` or
`graphs`, and two programs, before and after the port, that define `loss(labels, logits)`.
"""

from __future__ import annotations

import sys
from typing import Any, Callable

import numpy as np
import tensorflow as tf

keras = tf.keras
RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(4, 2, 5)).astype("f")
X[1, 1] = 0.0  # what Masking skips
Y = np.eye(3, dtype="f")[RANDOM.randint(3, size=(4, 2))]
KERNEL = RANDOM.normal(size=(5, 3)).astype("f")


def loss_of(source: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    loss: Callable[..., Any] = namespace["loss"]
    return loss


def functional(source: str) -> np.ndarray:
    """The loss as an output of a model, and the gradient of its kernel."""
    labels, inputs = keras.Input([2, 3]), keras.Input([2, 5])
    dense = keras.layers.Dense(3, activation="softmax", use_bias=False)
    losses = loss_of(source)(labels, dense(keras.layers.Masking()(inputs)))
    model = keras.Model([labels, inputs], losses)
    dense.set_weights([KERNEL])
    # Saved and loaded, as a config says what the model's functions are.
    import keras_xent  # noqa: F401

    model = keras.Model.from_config(model.get_config())
    model.set_weights([KERNEL])
    with tf.GradientTape() as tape:
        value = model([Y, X])
        total = tf.reduce_sum(value)
    (gradient,) = tape.gradient(total, model.trainable_weights)
    return np.concatenate([np.ravel(value), np.ravel(gradient)])


def graphs(source: str) -> np.ndarray:
    """The kernel after `fit`, with eager execution off."""
    keras.backend.clear_session()
    model = keras.Sequential(
        [
            keras.layers.Masking(input_shape=[2, 5]),
            keras.layers.Dense(3, activation="softmax", use_bias=False),
        ]
    )
    model.compile(keras.optimizers.legacy.SGD(0.5), loss=loss_of(source))
    model.set_weights([KERNEL])
    model.fit(X, Y, batch_size=2, epochs=2, shuffle=False, verbose=0)
    return np.ravel(model.get_weights()[0])


mode, before, after = sys.argv[1:]
if mode == "graphs":
    tf.compat.v1.disable_eager_execution()
run = globals()[mode]
theirs = run(before)
np.testing.assert_allclose(run(after), theirs, rtol=1e-5, atol=1e-6)
print("the same")
without = after.replace("tf.identity(logits)", "logits")
assert without != after
assert not np.allclose(run(without), theirs, rtol=1e-3)
print("without tf.identity another")
