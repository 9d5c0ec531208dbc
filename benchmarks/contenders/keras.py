"""Keras's own classes. They divide by the batch: other numbers, the same work.

`BinaryCrossentropy` takes the mean over the class axis before weights and reduction. Of weights of
shape `(examples, 1)` it makes one for each mean; for v1 each is the weight of all losses of a row.
"""

from __future__ import annotations

import inspect
from typing import Any, Dict

import tensorflow as tf

from benchmarks.contenders import NoSuchLoss
from benchmarks.contenders.tensorflow_contender import TensorFlowContender, calling_keras_loss
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup

_CLASSES = {
    SOFTMAX: tf.keras.losses.CategoricalCrossentropy,
    SPARSE: tf.keras.losses.SparseCategoricalCrossentropy,
    SIGMOID: tf.keras.losses.BinaryCrossentropy,
}


def _loss(setup: Setup) -> tf.keras.losses.Loss:
    keras_class = _CLASSES[setup.loss]
    taken = inspect.signature(keras_class.__init__).parameters
    arguments: Dict[str, Any] = {"from_logits": True}
    # Keras 2 computes in the logits' dtype. Keras 3 does so in float32, where it isn't told.
    if "dtype" in taken:
        arguments["dtype"] = setup.dtype
    if setup.label_smoothing:
        if "label_smoothing" not in taken:
            raise NoSuchLoss(f"Keras's {keras_class.__name__} has no label smoothing")
        arguments["label_smoothing"] = setup.label_smoothing
    if not setup.is_along_last:
        if setup.loss == SPARSE:
            raise NoSuchLoss(f"Keras's {keras_class.__name__} takes no class axis but the last")
        arguments["axis"] = setup.axis
    return keras_class(**arguments)


CONTENDER = TensorFlowContender("Keras", calling_keras_loss(_loss), keras_loss=_loss)
