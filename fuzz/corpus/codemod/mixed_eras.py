import tensorflow as tf

step = tf.function(train)
f = tf.nn.softmax_cross_entropy_with_logits
x = tf.losses.softmax_cross_entropy(labels, logits)
