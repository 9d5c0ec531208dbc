import functools

import tensorflow.compat.v1 as tf

probabilities = tf.nn.softmax(logits)
loss = tf.losses.softmax_cross_entropy(labels, probabilities)
