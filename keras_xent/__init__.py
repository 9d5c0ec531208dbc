"""TensorFlow 1's cross entropies as native Keras losses: softmax, sparse softmax, sigmoid.

The same number and the same gradient as `tf.compat.v1.losses.softmax_cross_entropy`,
`sparse_softmax_cross_entropy` and `sigmoid_cross_entropy`, their default reduction included,
each from one fused op.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from keras_xent.version import __version__

__all__ = [
    "Backend",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Reduction",
    "SparseCategoricalCrossentropy",
    "__version__",
    "backend",
    "set_backend",
    "testing",
    "v1",
]

_HOMES = {
    "Backend": "keras_xent.ops",
    "BinaryCrossentropy": "keras_xent.losses",
    "CategoricalCrossentropy": "keras_xent.losses",
    "Reduction": "keras_xent.reduction",
    "SparseCategoricalCrossentropy": "keras_xent.losses",
    "backend": "keras_xent.ops",
    "set_backend": "keras_xent.ops",
}


def __getattr__(name: str) -> Any:
    if name == "v1":
        importlib.import_module("keras_xent._verification")  # Which registers itself with v1.
    if name in ("testing", "v1"):
        return importlib.import_module(f"keras_xent.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'keras_xent' has no attribute {name!r}")


def _is_command_line() -> bool:
    """Whether this process is `keras-xent` or `python -m keras_xent`, or a worker of one."""
    arguments = getattr(sys, "orig_argv", sys.argv) or [""]
    as_module = "-m" in arguments and arguments[arguments.index("-m") + 1 :][:1] == ["keras_xent"]
    program = sys.argv[0] if sys.argv else ""
    folder, name = os.path.split(program)
    as_script = os.path.splitext(name)[0] == "keras-xent"  # noqa: PTH122
    in_worker = name == "__main__.py" and os.path.basename(folder) == "keras_xent"  # noqa: PTH119
    return as_module or as_script or in_worker


# Importing the package registers the losses with Keras, without which saved models don't load, and
# verification with v1. The command line does without: it must start where TensorFlow is missing or
# broken, to say so.
if not _is_command_line():
    from keras_xent import _verification, losses, registration, v1  # noqa: F401
