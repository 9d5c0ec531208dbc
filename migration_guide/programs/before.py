"""A TF1 program with a graph, a session, loss collections, weights, and regularization."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

CLASSES, BATCH, EPOCHS = 5, 16, 3
random = np.random.RandomState(0)
features = random.normal(size=(128, 8)).astype(np.float32)
classes = random.randint(CLASSES, size=128)
weights = random.choice(np.float32([0, 0, 0.5, 1, 2]), size=128)  # 0: no label
weights[32:48] = 0  # a whole batch without labels
hidden_kernel = random.normal(size=(8, 12), scale=0.3).astype(np.float32)
output_kernel = random.normal(size=(12, CLASSES), scale=0.3).astype(np.float32)


def l2(kernel):
    return 0.01 * tf.nn.l2_loss(kernel)


x = tf.placeholder(tf.float32, [None, 8])
label = tf.placeholder(tf.int32, [None])
weight = tf.placeholder(tf.float32, [None])

hidden = tf.nn.relu(
    tf.matmul(x, tf.get_variable("hidden", initializer=hidden_kernel, regularizer=l2))
)
logits = tf.matmul(hidden, tf.get_variable("output", initializer=output_kernel, regularizer=l2))

# The results are ignored: get_total_loss finds the losses in the collections.
tf.losses.softmax_cross_entropy(
    tf.one_hot(label, CLASSES), logits, weights=weight, label_smoothing=0.1
)
tf.losses.add_loss(0.02 * tf.reduce_mean(tf.square(hidden)))
total_loss = tf.losses.get_total_loss()
train = tf.train.MomentumOptimizer(0.1, momentum=0.9).minimize(total_loss)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for _ in range(EPOCHS):
        for start in range(0, len(features), BATCH):
            batch = slice(start, start + BATCH)
            feed = {x: features[batch], label: classes[batch], weight: weights[batch]}
            loss, _ = session.run([total_loss, train], feed)
            print(f"{loss:.7f}")
