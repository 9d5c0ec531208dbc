import functools

import tensorflow.compat.v1 as tf

def distilled(teacher, logits):
    return tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax(teacher), logits=logits)

print(f"{tf.reduce_sum(distilled(logits, logits)):.6f}")
