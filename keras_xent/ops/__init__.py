"""The ops: a function for each loss, computed by native or portable steps."""

import os

from keras_xent.ops import library
from keras_xent.ops.backends import Backend, backend, set_backend
from keras_xent.ops.library import LibraryError
from keras_xent.ops.sigmoid import sigmoid_cross_entropy
from keras_xent.ops.softmax import softmax_cross_entropy
from keras_xent.ops.sparse_softmax import sparse_softmax_cross_entropy

# Registers the native ops, so a saved graph that contains them can be loaded.
if os.environ.get("KERAS_XENT_BACKEND") != "portable":
    library.problem()

__all__ = [
    "Backend",
    "LibraryError",
    "backend",
    "set_backend",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]
