import functools

import tensorflow.compat.v1 as tf

def scalar_loss(labels, logits):
    return tf.losses.softmax_cross_entropy(labels, logits)

model = tf.keras.Sequential([tf.keras.layers.Dense(3)])
model.compile(loss=scalar_loss)
