import functools

import tensorflow.compat.v1 as tf

loss = tf.losses.sigmoid_cross_entropy(labels, logits, weights=mask[:, None])
print(f"{loss:.6f}")
