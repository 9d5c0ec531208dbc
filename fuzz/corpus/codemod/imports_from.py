from __future__ import absolute_import

from tensorflow import losses as L
from tensorflow.contrib import losses, slim
from tensorflow.nn import softmax_cross_entropy_with_logits as xent  # logits first?

try:
    import tensorflow.compat.v1 as tf
except ImportError:
    import tensorflow as tf

__all__ = ["loss", "L"]


class Model(object):
    """A model, é."""

    xent = staticmethod(xent)

    def loss(self, labels, logits, weights=1.0):
        with tf.name_scope("loss"), slim.arg_scope([slim.losses.softmax_cross_entropy], scope="x"):
            a = L.softmax_cross_entropy(labels, logits, weights)
            b = losses.softmax_cross_entropy(logits, labels, weight=weights)
            c = tf.reduce_mean(self.xent(labels=labels, logits=logits))
        return tf.add_n([a, b, c] + tf.losses.get_regularization_losses())
