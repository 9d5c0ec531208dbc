import functools

import tensorflow.compat.v1 as tf

loss = tf.losses.softmax_cross_entropy(labels, logits, weights=mask)
smooth = functools.partial(tf.losses.softmax_cross_entropy, label_smoothing=0.1)
print(f"{loss:.6f} {smooth(labels, logits):.6f}")
