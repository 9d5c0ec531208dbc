import functools

import tensorflow.compat.v1 as tf

loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))
print(f"{loss:.6f}")
