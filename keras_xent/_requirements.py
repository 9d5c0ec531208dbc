"""Raises an error that says what to install if TensorFlow is missing or too old.

pip can't ensure that: TensorFlow has several distributions, and pip would install the one that we
require over another.
"""

from __future__ import annotations

from typing import Tuple

from keras_xent_cli.install import OLDEST_TENSORFLOW, pip_install

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
            f"{_NEEDS}, but TensorFlow is not installed: {pip_install(['tensorflow'])} (or another "
            "distribution of it, such as tensorflow-cpu)"
        ) from None
    version = tf.__version__
    if _numbers(version) < _numbers(OLDEST_TENSORFLOW):
        raise ImportError(f"{_NEEDS}, but TensorFlow {version} is installed: upgrade it")


def _numbers(version: str) -> Tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


check()
