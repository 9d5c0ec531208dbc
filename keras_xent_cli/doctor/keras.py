"""Which Keras TensorFlow uses, and what that Keras computes with."""

from __future__ import annotations

import importlib
import os

from keras_xent_cli.doctor.finding import Finding, Status, describe


def check_keras() -> list[Finding]:
    """Look at ``tf.keras``: Keras 3, Keras 2 or tf_keras, and its backend."""
    try:
        import tensorflow as tf

        # tf.keras is one of several packages and does not always have a version of its own.
        package = str(tf.keras.Model.__module__).split(".")[0]
        version = str(importlib.import_module(package).__version__)
        config = getattr(tf.keras, "config", None)
    except Exception as error:
        return [_not_importable(error, os.environ.get("KERAS_BACKEND", ""))]
    return [
        Finding("Keras", f"{version} (package {package})"),
        # Keras 2 has no choice of backends, and no keras.config.
        keras_backend_finding("tensorflow" if config is None else config.backend()),
    ]


def keras_backend_finding(backend: str) -> Finding:
    """Judge the backend that Keras computes with."""
    if backend == "tensorflow":
        return Finding("Keras backend", backend)
    return Finding(
        "Keras backend",
        f"{backend}, but keras_xent computes with TensorFlow",
        Status.PROBLEM,
        'Set KERAS_BACKEND=tensorflow in the environment, or "backend": "tensorflow" in '
        "~/.keras/keras.json, before Python starts.",
    )


def _not_importable(error: Exception, backend: str) -> Finding:
    # With KERAS_BACKEND=jax and no jax, Keras says only that it cannot be imported.
    if backend not in ("", "tensorflow"):
        return keras_backend_finding(backend)
    return Finding(
        "Keras",
        describe(error),
        Status.PROBLEM,
        "Make `python -c 'import tensorflow as tf; tf.keras.Model'` work: pip install --upgrade "
        "tensorflow; with TF_USE_LEGACY_KERAS=1 also pip install tf_keras; and if "
        "~/.keras/keras.json names another backend than tensorflow, set KERAS_BACKEND=tensorflow.",
    )
