import functools

import tensorflow.compat.v1 as tf

def loss_of(labels, logits):
    xentropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_mean(xentropy)

print(f"{loss_of(labels, logits):.6f}")
