import functools

import tensorflow.compat.v1 as tf

losses = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, dim=0)
print([f"{loss:.4f}" for loss in losses])
