"""Which versions are installed, and whether keras_xent can work with them."""

from __future__ import annotations

import platform
import re
from typing import Callable

from keras_xent_cli.doctor.finding import Finding, Status, describe

OLDEST_TENSORFLOW = (2, 12)


def check_versions() -> list[Finding]:
    """Python, NumPy, TensorFlow and keras_xent; the machine too, because wheels depend on it."""
    machine = f"{platform.system()} {platform.machine()}"
    return [
        Finding("Python", f"{platform.python_version()} on {machine}"),
        _guarded("NumPy", _numpy, "Install NumPy: pip install numpy."),
        _guarded("TensorFlow", _tensorflow, "Install TensorFlow: pip install 'tensorflow>=2.12'."),
        _guarded(
            "keras_xent", _keras_xent, "Reinstall it: pip install --force-reinstall keras_xent."
        ),
    ]


def tensorflow_finding(version: str) -> Finding:
    """Judge a version of TensorFlow."""
    if version_numbers(version) >= OLDEST_TENSORFLOW:
        return Finding("TensorFlow", version)
    oldest = ".".join(map(str, OLDEST_TENSORFLOW))
    return Finding(
        "TensorFlow",
        f"{version}, but keras_xent needs {oldest} or newer",
        Status.PROBLEM,
        f"Upgrade TensorFlow: pip install 'tensorflow>={oldest}'.",
    )


def version_numbers(version: str) -> tuple[int, int]:
    """The first two numbers of a version: ``(2, 21)`` for ``"2.21.0-rc1"``.

    Raises:
        ValueError: The text does not begin with two numbers.
    """
    match = re.match(r"(\d+)\.(\d+)", version)
    if match is None:
        raise ValueError(f"Expected a version such as '2.21.0', got {version!r}.")
    return int(match.group(1)), int(match.group(2))


def _guarded(subject: str, look: Callable[[], Finding], advice: str) -> Finding:
    # Any exception: a broken installation raises anything from ImportError to TypeError.
    try:
        return look()
    except Exception as error:
        return Finding(subject, describe(error), Status.PROBLEM, advice)


def _tensorflow() -> Finding:
    import tensorflow as tf

    return tensorflow_finding(tf.__version__)


def _numpy() -> Finding:
    import numpy as np

    return Finding("NumPy", np.__version__)


def _keras_xent() -> Finding:
    import keras_xent

    return Finding("keras_xent", keras_xent.__version__)
