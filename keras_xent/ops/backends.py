"""The choice between the native and the portable backend."""

from __future__ import annotations

import dataclasses
import os

import tensorflow as tf

from keras_xent.ops import library

_CHOICES = ("auto", "native", "portable")
_VARIABLE = "KERAS_XENT_BACKEND"


@dataclasses.dataclass(frozen=True)
class Backend:
    """The backend that computes the losses on a CPU, as returned by `keras_xent.backend()`.

    Attributes:
        name: `"native"` or `"portable"`.
        requested: what you chose: `"auto"` (the default), `"native"` or `"portable"`.
        reason: why this backend is used.
        instruction_set: the vector instructions that the native kernels use, or None.
        threads: the number of threads that a native op can use, or None.

    Examples:
        >>> import keras_xent
        >>> keras_xent.backend().name in ("native", "portable")
        True
    """

    name: str
    requested: str
    reason: str
    instruction_set: str | None = None
    threads: int | None = None


def _validated(choice: str, source: str) -> str:
    if choice not in _CHOICES:
        raise ValueError(f"{source} is {choice!r}, expected one of {list(_CHOICES)}")
    return choice


_requested: str | None = None  # None: the environment variable decides


def requested() -> str:
    """The backend that the user chose, or `"auto"`.

    Raises:
        ValueError: the environment variable KERAS_XENT_BACKEND has an unknown value.
    """
    if _requested is not None:
        return _requested
    return _validated(os.environ.get(_VARIABLE, "auto") or "auto", _VARIABLE)


def set_backend(name: str) -> None:
    """Chooses the backend for all later calls and graphs.

    A `tf.function` or a model that is already traced keeps its backend. The environment variable
    `KERAS_XENT_BACKEND` sets the backend for a whole process, until you call this function.

    Args:
        name: one of these:

            * `"auto"`, the default, uses the native kernels on CPUs, and the portable backend on
              other devices and under XLA. If the native library is missing or can't be loaded, it
              uses the portable backend everywhere, without an error. `keras_xent.backend()` then
              reports why.
            * `"native"` always uses the native kernels, which fail under XLA and on devices other
              than CPUs.
            * `"portable"` always uses TensorFlow's own ops.

    Raises:
        ValueError: the name is unknown; or it is `"native"`, and the native library is missing or
            can't be loaded. The previous choice stays in effect.

    Examples:
        >>> import keras_xent
        >>> keras_xent.set_backend("portable")
        >>> keras_xent.backend().name
        'portable'
        >>> keras_xent.set_backend("auto")
    """
    global _requested
    _problem_of(_validated(name, "name"))
    _requested = name


def use_native() -> bool:
    """Whether native ops can be used at all.

    Raises:
        ValueError: the user chose them, and they can't be used.
    """
    choice = requested()
    return choice != "portable" and _problem_of(choice) is None


def _problem_of(choice: str) -> str | None:
    """Why native ops can't be used. None if they can, or if the choice is portable.

    Raises:
        ValueError: the choice is native, and native ops can't be used.
    """
    if choice == "portable":
        return None
    problem = library.problem()
    if choice == "native" and problem is not None:
        raise ValueError(
            f"the native backend was chosen, but it can't be used: {problem}. To use TensorFlow's "
            'own ops instead, call keras_xent.set_backend("auto") or set_backend("portable").'
        )
    return problem


def only_cpus() -> bool:
    """Whether TensorFlow found no accelerator on this machine."""
    return all(device.device_type == "CPU" for device in tf.config.list_physical_devices())


def backend() -> Backend:
    """Returns the backend that computes the losses on a CPU, and why it is used.

    If you didn't choose a backend and the native library is missing or can't be loaded, this is the
    portable backend, and `reason` explains what is wrong with the library and what to do.

    Raises:
        ValueError: the environment variable `KERAS_XENT_BACKEND` has an unknown value; or it is
            `native`, and the native library is missing or can't be loaded. Every loss raises the
            same error.

    Examples:
        >>> import keras_xent
        >>> keras_xent.backend().requested
        'auto'
    """
    choice = requested()
    if choice == "portable":
        return Backend(
            "portable",
            choice,
            "The portable backend was chosen with set_backend() or with the environment variable "
            f"{_VARIABLE}.",
        )
    problem = _problem_of(choice)
    if problem is not None:
        return Backend("portable", choice, f"The native library can't be used: {problem}.")
    loaded = library.look()
    if choice == "native":
        reason = (
            "The native backend was chosen with set_backend() or with the environment variable "
            f"{_VARIABLE}."
        )
    else:
        reason = (
            "The native library is available. On GPUs and TPUs, and under XLA, the portable "
            "backend is used."
        )
    return Backend("native", choice, reason, loaded.instruction_set, loaded.threads)
