"""TensorFlow 1's softmax cross entropy as a native Keras loss.

The same number and the same gradient as `tf.compat.v1.losses.softmax_cross_entropy`,
its default reduction included, from one fused op.
"""

from keras_xent import v1
from keras_xent.losses import CategoricalCrossentropy
from keras_xent.ops import Backend, backend, set_backend
from keras_xent.reduction import Reduction
from keras_xent.version import __version__

__all__ = [
    "Backend",
    "CategoricalCrossentropy",
    "Reduction",
    "__version__",
    "backend",
    "set_backend",
    "v1",
]
