import functools

import tensorflow.compat.v1 as tf

losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)
print(f"{tf.reduce_mean(losses):.6f}")
