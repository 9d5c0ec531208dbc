import functools

pass
import tensorflow as tf
loss = tf.losses.softmax_cross_entropy( None, labels,reduction=(y := tf.losses.Reduction).NONE)
