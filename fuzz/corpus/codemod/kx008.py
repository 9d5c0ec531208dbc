import functools

import tensorflow.compat.v1 as tf

loss = tf.losses.sparse_softmax_cross_entropy(ids, logits, weights=mask)
print(f"{loss:.6f}")
