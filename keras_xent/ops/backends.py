"""Which of the two implementations serves, and the user's say in it."""

from __future__ import annotations

import dataclasses
import os
from typing import Optional

import tensorflow as tf

from keras_xent.ops import library

_CHOICES = ("auto", "native", "portable")
_VARIABLE = "KERAS_XENT_BACKEND"


@dataclasses.dataclass(frozen=True)
class Backend:
    """What computes softmax cross entropy.

    Attributes:
        name: `"native"` or `"portable"`: what serves tensors on a CPU.
        requested: `"auto"`, `"native"` or `"portable"`: what was asked for.
        reason: one sentence: why this one serves, and what to do to change it.
        instruction_set: which vector instructions the native kernels use, or None.
        threads: how many threads a native op may use, or None.
    """

    name: str
    requested: str
    reason: str
    instruction_set: Optional[str] = None
    threads: Optional[int] = None


def _validated(choice: str, source: str) -> str:
    if choice not in _CHOICES:
        raise ValueError(f"{source} is {choice!r}, expected one of {list(_CHOICES)}")
    return choice


_requested: Optional[str] = None  # None: the environment's


def requested() -> str:
    """What the user asked for: `"auto"` unless they did.

    Raises:
        ValueError: the environment variable KERAS_XENT_BACKEND has another value.
    """
    if _requested is not None:
        return _requested
    return _validated(os.environ.get(_VARIABLE, "auto") or "auto", _VARIABLE)


def set_backend(name: str) -> None:
    """Chooses the implementation for the calls and graphs to come.

    Graphs (`tf.function`s and models) that are traced already keep theirs.

    Args:
        name: `"auto"`: native on CPUs, portable on other devices and under XLA.
            `"native"`: always the native ops; on other devices and under XLA
            they fail. `"portable"`: always TensorFlow's own ops.

    Raises:
        ValueError: another name; or `"native"`, and the native library can't serve.

    Example:

    >>> import keras_xent
    >>> keras_xent.set_backend("portable")
    >>> keras_xent.backend().name
    'portable'
    >>> keras_xent.set_backend("auto")
    """
    global _requested
    _validated(name, "name")
    if name == "native" and library.problem() is not None:
        raise ValueError(f"the native backend can't serve: {library.problem()}")
    _requested = name


def use_native() -> bool:
    """Whether native ops may serve at all.

    Raises:
        LibraryError: they must, as the user asked for them, and can't.
    """
    choice = requested()
    if choice == "portable":
        return False
    if choice == "native":
        library.load()
    return library.problem() is None


def only_cpus() -> bool:
    """Whether TensorFlow finds no accelerator on this machine."""
    return all(device.device_type == "CPU" for device in tf.config.list_physical_devices())


def backend() -> Backend:
    """Tells which implementation serves tensors on a CPU, and why.

    Example:

    >>> import keras_xent
    >>> keras_xent.backend().requested
    'auto'
    """
    choice = requested()
    problem = library.problem()
    if problem is not None:
        return Backend("portable", choice, f"The native library can't serve: {problem}.")
    if choice == "portable":
        return Backend(
            "portable",
            choice,
            "The portable backend was asked for, by set_backend or by the environment variable "
            f"{_VARIABLE}.",
        )
    loaded = library.load()
    if choice == "native":
        reason = (
            "The native backend was asked for, by set_backend or by the environment variable "
            f"{_VARIABLE}."
        )
    else:
        reason = (
            "The native library is there; on other devices than a CPU, and under XLA, the "
            "portable backend serves."
        )
    return Backend("native", choice, reason, loaded.instruction_set, loaded.threads)
