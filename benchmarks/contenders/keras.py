"""Keras's own class. It divides by the batch: other numbers, the same work."""

from __future__ import annotations

import inspect

import tensorflow as tf

from benchmarks.contenders.tensorflow_contender import TensorFlowContender, calling_keras_loss
from benchmarks.setups import Setup

_CLASS = tf.keras.losses.CategoricalCrossentropy
# Keras 2 computes in the logits' dtype. Keras 3 does so in float32, where it isn't told.
_TAKES_DTYPE = "dtype" in inspect.signature(_CLASS.__init__).parameters


def _loss(setup: Setup) -> tf.keras.losses.CategoricalCrossentropy:
    return _CLASS(
        from_logits=True,
        label_smoothing=setup.label_smoothing,
        axis=setup.axis,
        **({"dtype": setup.dtype} if _TAKES_DTYPE else {}),
    )


CONTENDER = TensorFlowContender("Keras", calling_keras_loss(_loss), keras_loss=_loss)
