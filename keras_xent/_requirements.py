"""Raises an error if TensorFlow is missing or too old. The error explains what to install.

We can't declare TensorFlow as a requirement. It has several distributions, and pip would install
the required one over another one.
"""

from __future__ import annotations

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


check()
