"""A TF1 program with an Estimator, weights among the features, three loss terms, and metrics."""

import tempfile

import numpy as np
import tensorflow.compat.v1 as tf

try:
    estimator = tf.estimator
except AttributeError:  # TensorFlow 2.16 and later
    import estimator_in_a_session as estimator

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)

CLASSES, BATCH, STEPS = 5, 16, 20
random = np.random.RandomState(0)
pixels = random.normal(size=(128, 8)).astype(np.float32)
classes = random.randint(CLASSES, size=128)
weights = random.choice(np.float32([0, 0, 0.5, 1, 2]), size=128)  # 0: no label
weights[32:48] = 0  # a whole batch without labels
hidden_kernel = random.normal(size=(8, 12), scale=0.3).astype(np.float32)
output_kernel = random.normal(size=(12, CLASSES), scale=0.3).astype(np.float32)


class PrintLoss(tf.train.SessionRunHook):
    """Prints the loss of every step."""

    def __init__(self, loss):
        self.loss = loss

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self.loss)

    def after_run(self, run_context, run_values):
        print(f"{run_values.results:.7f}")


def l2(kernel):
    return 0.01 * tf.nn.l2_loss(kernel)


def model_fn(features, labels, mode, params):
    hidden_variable = tf.get_variable("hidden", initializer=hidden_kernel, regularizer=l2)
    hidden = tf.nn.relu(tf.matmul(features["pixels"], hidden_variable))
    output_variable = tf.get_variable("output", initializer=output_kernel, regularizer=l2)
    logits = tf.matmul(hidden, output_variable)

    if mode == estimator.ModeKeys.PREDICT:
        predictions = {"probabilities": tf.nn.softmax(logits)}
        return estimator.EstimatorSpec(mode, predictions=predictions)

    weight = features["weight"]
    tf.losses.softmax_cross_entropy(tf.one_hot(labels, CLASSES), logits, weights=weight)
    tf.losses.add_loss(0.02 * tf.reduce_mean(tf.square(hidden)))
    loss = tf.losses.get_total_loss()
    optimizer = tf.train.AdamOptimizer(params["rate"])
    return estimator.EstimatorSpec(
        mode,
        loss=loss,
        train_op=optimizer.minimize(loss, global_step=tf.train.get_global_step()),
        eval_metric_ops={"accuracy": tf.metrics.accuracy(labels, tf.argmax(logits, 1), weight)},
        training_hooks=[PrintLoss(loss)],
    )


def input_fn():
    examples = ({"pixels": pixels, "weight": weights}, classes)
    return tf.data.Dataset.from_tensor_slices(examples).batch(BATCH)


classifier = estimator.Estimator(model_fn, model_dir=tempfile.mkdtemp(), params={"rate": 0.01})
classifier.train(lambda: input_fn().repeat(), steps=STEPS)

results = classifier.evaluate(input_fn)
print(f"{results['loss']:.7f}")
print(f"{results['accuracy']:.7f}")

for prediction in classifier.predict(lambda: input_fn().map(lambda features, _: features)):
    print(f"{prediction['probabilities'][0]:.7f}")
