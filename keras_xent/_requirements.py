"""Raises an error that says what to install if TensorFlow is missing or too old.

pip can't ensure that: TensorFlow has several distributions, and pip would install the one that we
require over another.
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
        # If TensorFlow itself lacks a package, its own error says so.
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
