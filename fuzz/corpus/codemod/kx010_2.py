import functools

import tensorflow.compat.v1 as tf

loss = tf.losses.sigmoid_cross_entropy(labels, logits, 0.5, label_smoothing=0.1)
print(f"{loss:.6f}")
