import functools

import tensorflow.compat.v1 as tf

loss = tf.losses.softmax_cross_entropy(labels, logits, weights=mask)
loss = loss / tf.reduce_sum(mask)
print(f"{loss:.6f}")
