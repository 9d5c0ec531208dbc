import functools

import tensorflow.compat.v1 as tf
import tf_slim as slim

def loss_of(probabilities, labels):
    from tensorflow.contrib import slim

    return slim.losses.log_loss(probabilities, labels)
