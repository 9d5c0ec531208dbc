"""The op: one public function, with a native and a portable implementation behind it."""

import os

from keras_xent.ops import library, registered_gradients, vectorized  # noqa: F401  (they register)
from keras_xent.ops.backends import Backend, backend, set_backend
from keras_xent.ops.cross_entropy import softmax_cross_entropy
from keras_xent.ops.library import LibraryError

# Saved graphs that hold the ops load wherever keras_xent has been imported.
if os.environ.get("KERAS_XENT_BACKEND") != "portable":
    library.problem()

__all__ = ["Backend", "LibraryError", "backend", "set_backend", "softmax_cross_entropy"]
