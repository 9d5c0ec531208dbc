import functools

import tensorflow.compat.v1 as tf

loss = tf.losses.softmax_cross_entropy(logits, labels)
