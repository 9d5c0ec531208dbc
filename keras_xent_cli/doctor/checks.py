"""What the doctor checks before its self-test: versions, Keras, and the backend.

Nothing heavy is imported at the top, because the doctor must run even if TensorFlow or NumPy is
broken.
"""

from __future__ import annotations

import enum
import importlib
import os
import platform
from typing import NamedTuple, Sequence

from keras_xent_cli.install import (
    INSTALL_TENSORFLOW,
    OLDEST_TENSORFLOW,
    REINSTALL,
    UPGRADE_TENSORFLOW,
    is_too_old,
)

_SAME = "computes the same losses within rounding error (except for infinite logits)"


class Status(enum.Enum):
    """The result of a check."""

    OK = "ok"
    # It works, but could be better.
    NOTE = "note"
    # It doesn't work, or computes wrong numbers: the doctor's exit code is 1.
    PROBLEM = "PROBLEM"


class Finding(NamedTuple):
    """One thing that the doctor checked.

    Attributes:
        subject: what was checked.
        found: the version, the setting or the error that was found.
        status: whether that is a problem.
        advice: what to do, if the status isn't OK.
    """

    subject: str
    found: str
    status: Status = Status.OK
    advice: str = ""


def describe(error: BaseException) -> str:
    """An exception as one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def has_problem(findings: Sequence[Finding]) -> bool:
    """Whether any of the findings is a problem."""
    return any(finding.status is Status.PROBLEM for finding in findings)


def check_installation() -> list[Finding]:
    """Check everything except the self-test. A part is checked only if the parts it needs work."""
    findings: list[Finding] = []
    for check in (check_versions, check_keras, check_package, check_backend):
        findings += check()
        if has_problem(findings):
            break
    return findings


def check_versions() -> list[Finding]:
    """Check Python and the machine (wheels depend on both), NumPy and TensorFlow."""
    machine = f"{platform.system()} {platform.machine()}"
    found = _version("TensorFlow", "tensorflow", f"Install TensorFlow: {INSTALL_TENSORFLOW}.")
    if found.status is Status.OK and is_too_old(found.found):
        too_old = f"{found.found}, but keras_xent needs {OLDEST_TENSORFLOW} or later"
        found = Finding("TensorFlow", too_old, Status.PROBLEM, UPGRADE_TENSORFLOW)
    return [
        Finding("Python", f"{platform.python_version()} on {machine}"),
        _version("NumPy", "numpy", "Install NumPy: pip install numpy."),
        found,
    ]


def _version(subject: str, module: str, advice: str) -> Finding:
    # A broken installation can raise anything from ImportError to TypeError.
    try:
        return Finding(subject, str(importlib.import_module(module).__version__))
    except Exception as error:
        return Finding(subject, describe(error), Status.PROBLEM, advice)


def check_keras() -> list[Finding]:
    """Check `tf.keras` (Keras 3, Keras 2 or tf_keras) and its backend."""
    try:
        import tensorflow as tf

        # tf.keras is one of several packages, and doesn't always have its own version.
        package = str(tf.keras.Model.__module__).split(".")[0]
        version = str(importlib.import_module(package).__version__)
        config = getattr(tf.keras, "config", None)
    except Exception as error:
        asked_for = os.environ.get("KERAS_BACKEND", "")
        # With KERAS_BACKEND=jax and no jax, Keras reports only that jax can't be imported.
        if asked_for not in ("", "tensorflow"):
            return [_keras_backend(asked_for)]
        advice = (
            "`python -c 'import tensorflow as tf; tf.keras.Model'` must run without an error. "
            f"{UPGRADE_TENSORFLOW} With TF_USE_LEGACY_KERAS=1, also run pip install tf_keras. If "
            "~/.keras/keras.json selects another backend, set KERAS_BACKEND=tensorflow."
        )
        return [Finding("Keras", describe(error), Status.PROBLEM, advice)]
    return [
        Finding("Keras", f"{version} (package {package})"),
        # Keras 2 has only one backend, and no keras.config.
        _keras_backend("tensorflow" if config is None else config.backend()),
    ]


def _keras_backend(name: str) -> Finding:
    if name == "tensorflow":
        return Finding("Keras backend", name)
    return Finding(
        "Keras backend",
        f"{name}, but keras_xent computes with TensorFlow",
        Status.PROBLEM,
        'Set KERAS_BACKEND=tensorflow in the environment, or "backend": "tensorflow" in '
        "~/.keras/keras.json, before Python starts.",
    )


def check_package() -> list[Finding]:
    """Check that keras_xent can be imported. It needs Keras."""
    return [_version("keras_xent", "keras_xent", f"To reinstall it: {REINSTALL}")]


def check_backend() -> list[Finding]:
    """Which of keras_xent's two backends runs on the CPU, and why."""
    subject = "keras_xent backend"
    try:
        import keras_xent

        backend = keras_xent.backend()
    except Exception as error:
        advice = (
            "Check KERAS_XENT_BACKEND: it must be auto, native or portable, and native needs the "
            "native library. Unset it to let keras_xent choose."
        )
        return [Finding(subject, describe(error), Status.PROBLEM, advice)]
    requested = f"(requested: {backend.requested}). {backend.reason}"
    running = Finding(subject, f"{backend.name} {requested}")
    if backend.name != "native" and backend.requested == "native":
        running = Finding(
            subject,
            f"{backend.name}, although native was requested. {backend.reason}",
            Status.PROBLEM,
            "Fix the cause shown above, or unset KERAS_XENT_BACKEND: the portable backend "
            f"{_SAME}, but is slower.",
        )
    elif backend.name not in (backend.requested, "native"):
        running = Finding(
            subject,
            f"{backend.name} {requested}",
            Status.NOTE,
            f"Nothing is wrong: the portable backend {_SAME}. If you want the faster native "
            "backend (Linux only), fix the cause shown above and reinstall keras_xent.",
        )
    kernels = {"instruction set": backend.instruction_set, "threads": backend.threads}
    return [running, *(Finding(name, str(x)) for name, x in kernels.items() if x is not None)]
