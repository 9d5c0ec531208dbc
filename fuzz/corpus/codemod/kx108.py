import functools

import tensorflow.compat.v1 as tf

name = "softmax_cross_entropy"
loss = getattr(tf.losses, name)(labels, logits)
