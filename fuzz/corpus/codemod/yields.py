import tensorflow.compat.v1 as tf
import tf_slim as slim


def loss(logits, labels, mask):
    yield slim.losses.softmax_cross_entropy(logits, labels, (yield mask[:, None]))
    yield tf.losses.softmax_cross_entropy((yield labels), (yield from logits), weights=(yield))
