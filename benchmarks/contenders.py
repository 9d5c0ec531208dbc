"""What is compared: each gives a loss and its gradient from the same three tensors."""

from __future__ import annotations

from typing import Any, Callable, Dict

import tensorflow as tf

import keras_xent

LABEL_SMOOTHING = 0.1

Step = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Any]


def _training_step(loss: Step, jit_compile: bool = False) -> Step:
    """Loss and gradient in one `tf.function`, as a training step has them."""

    @tf.function(jit_compile=jit_compile)
    def step(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits, labels, weights)
        return value, tape.gradient(value, logits)

    return step


def _v1(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return tf.compat.v1.losses.softmax_cross_entropy(
        labels, logits, weights, label_smoothing=LABEL_SMOOTHING
    )


def contenders() -> Dict[str, Step]:
    """All of them by name; `AddV2` is the floor: it moves the same bytes and adds them."""
    keras_loss = tf.keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=LABEL_SMOOTHING
    )
    our_loss = keras_xent.CategoricalCrossentropy(
        from_logits=True,
        label_smoothing=LABEL_SMOOTHING,
        reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS,
    )
    return {
        "keras_xent": _training_step(lambda x, y, w: our_loss(y, x, w)),
        "TF1": _training_step(_v1),
        "Keras": _training_step(lambda x, y, w: keras_loss(y, x, w)),
        "TF1 under XLA": _training_step(_v1, jit_compile=True),
        "AddV2": tf.function(lambda x, y, w: tf.raw_ops.AddV2(x=x, y=y)),
    }
