"""Loads the native library, or explains why it can't be loaded."""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from keras_xent_cli.install import REINSTALL

PATH = Path(__file__).with_name("libkeras_xent.so")


class Library(NamedTuple):
    """The loaded library.

    Attributes:
        ops: the module of op functions that TensorFlow generated for it.
        functions: its plain C functions.
    """

    ops: Any
    functions: ctypes.CDLL

    @property
    def instruction_set(self) -> str:
        """The widest instruction set that this processor and the library share."""
        name: bytes = self.functions.KerasXentInstructionSet()
        return name.decode()

    @property
    def usable_instruction_sets(self) -> list[str]:
        """All instruction sets that this processor and the library share, best first."""
        names: list[str] = []
        while True:
            name: bytes | None = self.functions.KerasXentUsableInstructionSet(len(names))
            if name is None:
                return names
            names.append(name.decode())

    def select_instruction_set(self, name: str) -> None:
        """Selects another instruction set, for tests and benchmarks.

        Raises:
            ValueError: this processor or this build doesn't support it.
        """
        if not self.functions.KerasXentSelectInstructionSet(name.encode()):
            raise ValueError(
                f"instruction set {name!r} isn't available here, expected one of "
                f"{self.usable_instruction_sets}"
            )

    @property
    def threads(self) -> int:
        """The number of threads that a call can use, including the calling thread."""
        count: int = self.functions.KerasXentNumThreads()
        return count

    def set_threads(self, count: int) -> None:
        """Sets the number of threads. 0 means one for each processor."""
        self.functions.KerasXentSetNumThreads(count)


class LibraryError(Exception):
    """The native library can't be used. The message explains why, and what to do."""


@functools.lru_cache(maxsize=None)
def _load() -> Library:
    # TensorFlow has to load the library first, because it generates functions only for ops that
    # aren't registered yet.
    ops = tf.load_op_library(str(PATH))
    functions = ctypes.CDLL(str(PATH), mode=ctypes.RTLD_LOCAL)
    functions.KerasXentInstructionSet.restype = ctypes.c_char_p
    functions.KerasXentUsableInstructionSet.restype = ctypes.c_char_p
    return Library(ops, functions)


@functools.lru_cache(maxsize=None)
def _follow_tensorflow(library: Library) -> None:
    """Uses as many threads as TensorFlow, whose settings are final when a loss first runs."""
    library.set_threads(_intra_op_threads())


@functools.lru_cache(maxsize=None)
def problem() -> str | None:
    """Why the library can't be loaded, or None."""
    if not PATH.exists():
        if not sys.platform.startswith("linux"):
            return f"{PATH} is missing, because it is built only on Linux"
        return (
            f"{PATH} is missing, because keras_xent was installed without a C++17 compiler or "
            f"runs from a checkout: install g++ or clang++, and reinstall keras_xent: {REINSTALL}"
        )
    try:
        _load()
    except (OSError, tf.errors.OpError) as error:
        return (
            f"TensorFlow {tf.__version__} could not load {PATH.name}: {error} (to reinstall "
            f"keras_xent: {REINSTALL})"
        )
    return None


def load() -> Library:
    """The library, ready for a call. From now on, its number of threads stays the same.

    Raises:
        LibraryError: the library can't be loaded.
    """
    library = look()
    _follow_tensorflow(library)
    return library


def look() -> Library:
    """The library. Before the first `load`, TensorFlow's number of threads may still change.

    Raises:
        LibraryError: the library can't be loaded.
    """
    reason = problem()
    if reason is not None:
        raise LibraryError(reason)
    library = _load()
    if not _follow_tensorflow.cache_info().currsize:
        library.set_threads(_intra_op_threads())
    return library


def _intra_op_threads() -> int:
    """TensorFlow's setting, from the program or the environment, or 0 if there is none."""
    configured: int = tf.config.threading.get_intra_op_parallelism_threads()
    if configured:
        return configured
    try:
        return max(0, int(os.environ.get("TF_NUM_INTRAOP_THREADS", "0")))
    except ValueError:
        return 0
