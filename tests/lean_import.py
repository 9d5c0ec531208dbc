"""Imports TensorFlow without packages that Keras imports only because they are installed."""

from __future__ import annotations

import sys

# For `keras.wrappers` and `keras.visualization`: a third of the time of TensorFlow's import.
_FOR_KERAS = ("matplotlib", "sklearn")


def import_tensorflow() -> None:
    """Imports TensorFlow and Keras. Afterwards, what uses one of the packages can import it."""
    left_out = [name for name in _FOR_KERAS if name not in sys.modules]
    # Python raises an ImportError for these.
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]
    try:
        import tensorflow as tf

        # Keras may be loaded at its first use.
        tf.keras.losses  # noqa: B018
    finally:
        for name in left_out:
            del sys.modules[name]
