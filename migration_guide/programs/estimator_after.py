"""The same program in Keras, with the same losses, metrics, and predictions."""

import numpy as np
import tensorflow as tf

import keras_xent

keras = tf.keras

CLASSES, BATCH, STEPS = 5, 16, 20
random = np.random.RandomState(0)
pixels = random.normal(size=(128, 8)).astype(np.float32)
classes = random.randint(CLASSES, size=128)
weights = random.choice(np.float32([0, 0, 0.5, 1, 2]), size=128)  # 0: no label
weights[32:48] = 0  # a whole batch without labels
hidden_kernel = random.normal(size=(8, 12), scale=0.3).astype(np.float32)
output_kernel = random.normal(size=(12, CLASSES), scale=0.3).astype(np.float32)


class PrintLoss(keras.callbacks.Callback):
    """Prints the loss of every step. Keras itself logs the mean since the start of the epoch."""

    def on_train_batch_begin(self, batch, logs=None):
        self.model.reset_metrics()

    def on_train_batch_end(self, batch, logs=None):
        print(f"{logs['loss']:.7f}")


class Classifier(keras.Model):
    """Computes the logits that model_fn computed."""

    def __init__(self):
        super().__init__()
        l2 = keras.regularizers.L2(0.01 / 2)  # tf.nn.l2_loss halves the sum of squares
        self.hidden = keras.layers.Dense(12, "relu", use_bias=False, kernel_regularizer=l2)
        self.output_layer = keras.layers.Dense(CLASSES, use_bias=False, kernel_regularizer=l2)

    def call(self, inputs):
        hidden = self.hidden(inputs)
        self.add_loss(0.02 * tf.reduce_mean(tf.square(hidden)))
        return self.output_layer(hidden)


def with_weights(features, label):
    return features["pixels"], tf.one_hot(label, CLASSES), features["weight"]


def input_fn():
    examples = ({"pixels": pixels, "weight": weights}, classes)
    return tf.data.Dataset.from_tensor_slices(examples).batch(BATCH).map(with_weights)


classifier = Classifier()
classifier(pixels)  # creates the variables
classifier.set_weights([hidden_kernel, output_kernel])
classifier.compile(
    optimizer=keras.optimizers.Adam(0.01, epsilon=1e-8),
    loss=keras_xent.CategoricalCrossentropy(
        from_logits=True, reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS
    ),
    weighted_metrics=["accuracy"],
)
classifier.fit(input_fn().repeat(), steps_per_epoch=STEPS, callbacks=[PrintLoss()], verbose=0)

results = classifier.evaluate(input_fn(), verbose=0, return_dict=True)
print(f"{results['loss']:.7f}")
print(f"{results['accuracy']:.7f}")

for probabilities in tf.nn.softmax(classifier.predict(input_fn(), verbose=0)):
    print(f"{probabilities[0]:.7f}")
