import functools

import tensorflow.compat.v1 as tf

with tf.Graph().as_default(), tf.Session() as session:
    loss = tf.losses.softmax_cross_entropy(tf.one_hot([1], 3), tf.zeros([1, 3]))
    twice = loss + tf.losses.get_total_loss()
    print(f"{session.run(twice / loss):.1f}")
