import functools

import tensorflow.compat.v1 as tf

loss = tf.losses.compute_weighted_loss([1.0, 2.0, 3.0, 4.0], mask)
print(f"{loss:.1f}")
