"""The op: one public function, with a native and a portable implementation behind it."""

from keras_xent.ops import registered_gradients  # noqa: F401  (registers them)
from keras_xent.ops.backends import Backend, backend, set_backend
from keras_xent.ops.cross_entropy import softmax_cross_entropy
from keras_xent.ops.library import LibraryError

__all__ = ["Backend", "LibraryError", "backend", "set_backend", "softmax_cross_entropy"]
