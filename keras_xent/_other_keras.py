"""Detects calls from the other Keras package, which treats the loss as a plain function."""

from __future__ import annotations

import sys
from types import FrameType

import tensorflow as tf

OWN: str = tf.keras.losses.Loss.__module__.partition(".")[0]
OTHER = "tf_keras" if OWN == "keras" else "keras"
# Its modules that treat the loss as a plain function. A layer is allowed to call the loss.
CALLERS = ("losses", "metrics")
# Its modules that, with eager execution off, reduce the losses that `call` returns.
TRAINERS = ("training_v1", "training_eager_v1")
_WAY_OUT = {
    "keras": "set the environment variable TF_USE_LEGACY_KERAS=1 before you import TensorFlow, "
    "to make tf.keras use tf_keras",
    "tf_keras": "unset the environment variable TF_USE_LEGACY_KERAS before you start Python, to "
    "make tf.keras use keras",
}


def check_caller(*modules: str) -> None:
    """Raises an error if one of these modules of the other Keras package calls the loss.

    Its trainer supports only losses of its own class. It calls other objects without sample
    weights, and multiplies the scalar that they return by the weights.

    Raises:
        TypeError: one of the modules calls the loss.
    """
    if OTHER not in sys.modules:
        return
    frame = sys._getframe(1)
    while frame.f_back is not None and _package(frame) in ("keras_xent", "tensorflow"):
        frame = frame.f_back
    if _package(frame) == OTHER and set(modules) & set(_module(frame).split(".")):
        raise TypeError(
            f"{OTHER} called a loss object that was made for {OWN}, the package behind tf.keras. "
            f"{OTHER} would treat it as a plain function, and return wrong values if there are "
            f"sample weights or masks. Build the model with tf.keras, or {_WAY_OUT[OWN]}."
        )


def _package(frame: FrameType) -> str:
    return _module(frame).partition(".")[0]


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
