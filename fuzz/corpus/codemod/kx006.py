import functools

import tensorflow.compat.v1 as tf

loss = tf.losses.softmax_cross_entropy(labels, logits, mask, reduction=tf.losses.Reduction.MEAN)
total = tf.losses.softmax_cross_entropy(labels, logits, mask, reduction="weighted_sum")
print(f"{loss:.6f} {total:.6f}")
