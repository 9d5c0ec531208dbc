"""Keras 2's trainer for graphs, with TF1's loss as the oracle.

Run as a program, with TF_USE_LEGACY_KERAS=1 if Keras is 3. The argument is the function of
tf.compat.v1 that turns eager execution off. Each case prints its name, or fails with an error.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

import keras_xent

tf1 = tf.compat.v1
keras = tf.keras
getattr(tf1, sys.argv[1])()
# It also turns on TF1's control flow and variables. Keras's trainer does the same in both modes, so
# the other one runs fewer cases.
ALL = sys.argv[1] == "disable_v2_behavior"

RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(4, 3, 2)).astype("f")
X[1, 1:] = 0.0  # what Masking skips
X[3] = 0.0
Y = np.eye(5, dtype="f")[RANDOM.randint(5, size=(4, 3))]
KERNEL = RANDOM.normal(size=(2, 5)).astype("f")
MASK = X.any(-1).astype("f")
ONE_A_SAMPLE = np.array([1.0, 0.5, 0.0, 2.0], "f")
ONE_A_LOSS = RANDOM.choice([0.0, 0.3, 2.0], size=(4, 3)).astype("f")
RATE = 0.5
REDUCTIONS = {
    "sum_by_nonzero_weights": tf1.losses.Reduction.SUM_BY_NONZERO_WEIGHTS,
    "mean_with_sample_weight": tf1.losses.Reduction.MEAN,
    "sum": tf1.losses.Reduction.SUM,
}


def of_tf1(weights: np.ndarray, reduction: str, smoothing: float = 0.0) -> tuple[float, np.ndarray]:
    """The loss of a linear layer, and its kernel after one step."""
    with tf.Graph().as_default(), tf1.Session() as session:
        kernel = tf.constant(KERNEL)
        loss = tf1.losses.softmax_cross_entropy(
            Y, tf.tensordot(X, kernel, 1), weights, smoothing, reduction=REDUCTIONS[reduction]
        )
        return session.run([loss, kernel - RATE * tf.gradients(loss, kernel)[0]])


def model_of(mask: bool = False, softmax: bool = False) -> Any:
    keras.backend.clear_session()
    inputs = keras.Input([3, 2])
    hidden = keras.layers.Masking()(inputs) if mask else inputs
    activation = "softmax" if softmax else None
    outputs = keras.layers.Dense(5, use_bias=False, activation=activation)(hidden)
    return keras.Model(inputs, outputs)


def compiled(model: Any, loss: Any, mode: str | None = None) -> Any:
    model.compile(keras.optimizers.legacy.SGD(RATE), loss=loss, sample_weight_mode=mode)
    model.set_weights([KERNEL])
    return model


def check(
    name: str, model: Any, weights: Any, expected: tuple[float, np.ndarray], labels: Any = Y
) -> None:
    """Compares one training step. `fit` and `evaluate` make the same graphs of a loss."""
    loss, kernel = expected
    found = model.train_on_batch(X, labels, sample_weight=weights)
    np.testing.assert_allclose(found, loss, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-5, atol=1e-6)
    print(name)


def loss_of(reduction: str, **arguments: Any) -> Any:
    arguments.setdefault("from_logits", True)
    return keras_xent.CategoricalCrossentropy(reduction=reduction, **arguments)


ones = np.ones_like(MASK)
cases: list[Any] = [
    ("sum_by_nonzero_weights", "and mask", ONE_A_LOSS, "temporal", True, ONE_A_LOSS * MASK),
]
if ALL:
    cases += [
        ("sum_by_nonzero_weights", "no weights", None, None, False, ones),
        ("sum_by_nonzero_weights", "mask", None, None, True, MASK),
        ("sum", "one a sample, mask", ONE_A_SAMPLE, None, True, ONE_A_SAMPLE[:, None] * MASK),
        ("mean_with_sample_weight", "and mask", ONE_A_LOSS, "temporal", True, ONE_A_LOSS * MASK),
    ]
for reduction, kind, weights, mode, mask, in_tf1 in cases:
    model = compiled(model_of(mask), loss_of(reduction), mode)
    check(f"{reduction}, {kind}", model, weights, of_tf1(in_tf1, reduction))

# A user's calls.
model = compiled(model_of(), loss_of("sum_by_nonzero_weights"), "temporal")
loss, kernel = of_tf1(ONE_A_LOSS, "sum_by_nonzero_weights")
found = model.evaluate(X, Y, batch_size=4, sample_weight=ONE_A_LOSS, verbose=0)
np.testing.assert_allclose(found, loss, rtol=1e-5)
history = model.fit(X, Y, batch_size=4, sample_weight=ONE_A_LOSS, shuffle=False, verbose=0)
np.testing.assert_allclose(history.history["loss"], [loss], rtol=1e-5)
np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-5, atol=1e-6)
print("fit and evaluate")

if ALL:
    loss = loss_of("sum_by_nonzero_weights", from_logits=False, label_smoothing=0.1)
    model = compiled(model_of(softmax=True), loss, "temporal")
    expected = of_tf1(ONE_A_LOSS, "sum_by_nonzero_weights", 0.1)
    check("label smoothing, softmax", model, ONE_A_LOSS, expected)


IDS = Y.argmax(-1)[..., None].astype("f")


def of_other(name: str, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """TF1's loss of the same linear layer, and its kernel after one step."""
    with tf.Graph().as_default(), tf1.Session() as session:
        kernel = tf.constant(KERNEL)
        logits = tf.tensordot(X, kernel, 1)
        if name == "SparseCategoricalCrossentropy":
            ids = Y.argmax(-1)
            loss = tf1.losses.sparse_softmax_cross_entropy(ids, logits, weights)
        else:
            loss = tf1.losses.sigmoid_cross_entropy(Y, logits, weights[..., None])
        return session.run([loss, kernel - RATE * tf.gradients(loss, kernel)[0]])


others = (("SparseCategoricalCrossentropy", IDS), ("BinaryCrossentropy", Y))
for name, labels in others if ALL else ():
    loss = getattr(keras_xent, name)(from_logits=True, reduction="sum_by_nonzero_weights")
    model = compiled(model_of(mask=True), loss, "temporal")
    check(f"{name}, mask", model, ONE_A_LOSS, of_other(name, ONE_A_LOSS * MASK), labels)


class Doubled(keras_xent.CategoricalCrossentropy):
    """Twice the losses."""

    def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
        return 2.0 * super().call(y_true, y_pred)


loss, _ = of_tf1(ONE_A_LOSS, "sum_by_nonzero_weights")
model = compiled(model_of(), Doubled(True, reduction="sum_by_nonzero_weights"), "temporal")
found = model.evaluate(X, Y, batch_size=4, sample_weight=ONE_A_LOSS, verbose=0)
np.testing.assert_allclose(found, 2.0 * loss, rtol=1e-5)
print("a subclass")

# Several outputs, each with a reduction of its own.
model = model_of()
doubled = keras.layers.Lambda(lambda x: 2.0 * x)(model.outputs[0])
twice = keras.Model(model.inputs, [model.outputs[0], doubled])
reductions = ("sum_by_nonzero_weights", "mean_with_sample_weight")
losses = dict(zip(twice.output_names, map(loss_of, reductions)))
twice.compile("sgd", loss=losses, loss_weights=[1.0, 10.0], sample_weight_mode="temporal")
twice.set_weights([KERNEL])
found = twice.evaluate(
    X, [Y, Y], batch_size=4, sample_weight=[ONE_A_LOSS, ONE_A_LOSS + 1.0], verbose=0
)
first, _ = of_tf1(ONE_A_LOSS, "sum_by_nonzero_weights")
X *= 2.0
second, _ = of_tf1(ONE_A_LOSS + 1.0, "mean_with_sample_weight")
X /= 2.0
np.testing.assert_allclose(found, [first + 10.0 * second, first, second], rtol=1e-5)
print("two outputs")

if hasattr(tf, "estimator") and hasattr(keras, "estimator"):
    loss, _ = of_tf1(np.ones([4, 3], "f"), "sum_by_nonzero_weights")
    model = compiled(model_of(), loss_of("sum_by_nonzero_weights"))
    with tempfile.TemporaryDirectory() as folder:
        estimator = keras.estimator.model_to_estimator(model, model_dir=folder)

        def input_fn() -> Any:
            return tf1.data.Dataset.from_tensors(({model.input_names[0]: X}, Y))

        found = estimator.evaluate(input_fn, steps=1)["loss"]
    np.testing.assert_allclose(found, loss, rtol=1e-5)
    print("model_to_estimator")
