"""The Keras package that `tf.keras` is not, which takes the loss for a plain function."""

from __future__ import annotations

import sys
from types import FrameType

import tensorflow as tf

OWN: str = tf.keras.losses.Loss.__module__.partition(".")[0]
OTHER = "tf_keras" if OWN == "keras" else "keras"
# Its modules that take the loss for a plain function. A layer may call it.
CALLERS = ("losses", "metrics")
# Its modules that reduce the losses that `call` returns, with eager execution off.
TRAINERS = ("training_v1", "training_eager_v1")
_WAY_OUT = {
    "keras": "set the environment variable TF_USE_LEGACY_KERAS=1 before TensorFlow is imported, "
    "which makes tf_keras of tf.keras",
    "tf_keras": "start Python without the environment variable TF_USE_LEGACY_KERAS, which makes "
    "keras of tf.keras",
}


def check_caller(*modules: str) -> None:
    """Raises an error if one of these modules of the other Keras package calls the loss.

    Its trainer knows only losses of its own class. It calls any other object with labels and
    predictions alone, and multiplies the scalar that comes back by the sample weights.

    Raises:
        TypeError: it does.
    """
    if OTHER not in sys.modules:
        return
    frame = sys._getframe(1)
    while frame.f_back is not None and _package(frame) in ("keras_xent", "tensorflow"):
        frame = frame.f_back
    if _package(frame) == OTHER and set(modules) & set(_module(frame).split(".")):
        raise TypeError(
            f"a model of the package {OTHER} calls a loss that is made for {OWN}, the package that "
            "tf.keras is here. It would take the loss for a plain function, and sample weights and "
            f"masks would give wrong numbers. Build the model with tf.keras, or {_WAY_OUT[OWN]}."
        )


def _package(frame: FrameType) -> str:
    return _module(frame).partition(".")[0]


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
