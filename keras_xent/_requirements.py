"""Raises an error if TensorFlow is missing or too old, or if Keras runs on another backend.

The error explains what to install or set.

We can't declare TensorFlow as a requirement. It has several distributions, and pip would install
the required one over another one.
"""

from __future__ import annotations

import os

from keras_xent_cli.install import (
    INSTALL_TENSORFLOW,
    OLDEST_TENSORFLOW,
    UPGRADE_TENSORFLOW,
    is_too_old,
)

_NEEDS = f"keras_xent needs TensorFlow {OLDEST_TENSORFLOW} or later"


def check() -> None:
    """Raises ImportError unless TensorFlow is installed and new enough."""
    try:
        import tensorflow as tf
    except ModuleNotFoundError as error:
        # If a package that TensorFlow needs is missing, TensorFlow's own error is clearer.
        if error.name != "tensorflow":
            raise
        raise ImportError(
            f"{_NEEDS}, but TensorFlow is not installed: {INSTALL_TENSORFLOW}"
        ) from None
    if is_too_old(tf.__version__):
        raise ImportError(
            f"{_NEEDS}, but TensorFlow {tf.__version__} is installed. {UPGRADE_TENSORFLOW}"
        )


def check_keras() -> None:
    """Raises ImportError if TensorFlow can't import Keras because of Keras's backend.

    If the package of the backend is installed, the loss classes raise the error, when one is made.
    """
    import tensorflow as tf

    try:
        tf.keras.losses  # noqa: B018, TensorFlow imports Keras when it is first used
    # At the second attempt, TensorFlow raises a RecursionError.
    except (ImportError, ValueError, RecursionError) as error:
        backend = os.environ.get("KERAS_BACKEND", "")
        # From ~/.keras/keras.json. TensorFlow's own error doesn't name the missing package.
        if not backend and getattr(error.__context__, "name", None) in ("jax", "torch"):
            backend = str(error.__context__.name)  # type: ignore[union-attr]
        if backend in ("", "tensorflow"):
            raise
        raise ImportError(
            f"TensorFlow can't import Keras with the backend {backend!r}, expected 'tensorflow': "
            "set the environment variable KERAS_BACKEND=tensorflow to use keras_xent"
        ) from error


check()
check_keras()
