"""The ops: a public function for each loss, with native and portable steps behind it."""

import os

from keras_xent.ops import library
from keras_xent.ops.backends import Backend, backend, set_backend
from keras_xent.ops.library import LibraryError
from keras_xent.ops.sigmoid import sigmoid_cross_entropy
from keras_xent.ops.softmax import softmax_cross_entropy
from keras_xent.ops.sparse_softmax import sparse_softmax_cross_entropy

# Saved graphs that hold the ops load wherever keras_xent has been imported.
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
