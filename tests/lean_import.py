"""Imports TensorFlow without packages that Keras imports only because they are installed."""

from __future__ import annotations

import contextlib
import sys
from typing import Iterator

# Keras imports them for `keras.wrappers` and `keras.visualization`, and tf_slim for its metrics: a
# third of the time of TensorFlow's import.
_OPTIONAL = ("matplotlib", "sklearn")


@contextlib.contextmanager
def without_optional_packages() -> Iterator[None]:
    """What is imported inside finds none of them. Afterwards, what uses them can import them."""
    left_out = [name for name in _OPTIONAL if name not in sys.modules]
    # Python raises an ImportError for these.
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in left_out:
            del sys.modules[name]


def import_tensorflow() -> None:
    """Imports TensorFlow and Keras."""
    with without_optional_packages():
        import tensorflow as tf

        # Keras may be loaded at its first use.
        tf.keras.losses  # noqa: B018
