import numpy as np
import tensorflow.compat.v1 as tf


def model_fn(features, labels, mode, params):
    x = tf.layers.dense(features["x"], 10)
    logits = tf.matmul(x, tf.get_variable("w", [10, 3])) + tf.get_variable("b", [3])
    if mode == tf.estimator.ModeKeys.TRAIN:
        loss = tf.losses.softmax_cross_entropy(
            onehot_labels=tf.one_hot(tf.argmax(logits, -1), depth=3), logits=logits,
            label_smoothing=params["smoothing"], loss_collection=None)
        other = tf.losses.sigmoid_cross_entropy(tf.cast(labels > 0, tf.float32), x[:, 0],
                                                reduction=tf.losses.Reduction.MEAN)
    elif tf.executing_eagerly(): loss = other = tf.losses.compute_weighted_loss(x, 2.0)
    else:
        loss, other = [f(labels, logits) for f in (tf.losses.sparse_softmax_cross_entropy,) * 2]
    grads = lambda: tf.gradients(loss + other, tf.trainable_variables())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=grads()[0])
