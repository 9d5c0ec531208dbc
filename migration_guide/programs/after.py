"""The same program in Keras, with the same loss in every step."""

import numpy as np
import tensorflow as tf

import keras_xent

keras = tf.keras

CLASSES, BATCH, EPOCHS = 5, 16, 3
random = np.random.RandomState(0)
features = random.normal(size=(128, 8)).astype(np.float32)
classes = random.randint(CLASSES, size=128)
weights = random.choice(np.float32([0, 0, 0.5, 1, 2]), size=128)  # 0: no label
weights[32:48] = 0  # a whole batch without labels
hidden_kernel = random.normal(size=(8, 12), scale=0.3).astype(np.float32)
output_kernel = random.normal(size=(12, CLASSES), scale=0.3).astype(np.float32)


class ActivityLoss(keras.layers.Layer):
    """Adds the loss that `tf.losses.add_loss` added, and returns its inputs unchanged."""

    def call(self, inputs):
        self.add_loss(0.02 * tf.reduce_mean(tf.square(inputs)))
        return inputs


class PrintLoss(keras.callbacks.Callback):
    """Prints the loss of every step. Keras itself logs the mean since the start of the epoch."""

    def on_train_batch_begin(self, batch, logs=None):
        self.model.reset_metrics()

    def on_train_batch_end(self, batch, logs=None):
        print(f"{logs['loss']:.7f}")


# tf.nn.l2_loss halves the sum of squares. L2 doesn't.
l2 = keras.regularizers.L2(0.01 / 2)
model = keras.Sequential(
    [
        keras.Input([8]),
        keras.layers.Dense(12, "relu", use_bias=False, kernel_regularizer=l2),
        ActivityLoss(),
        keras.layers.Dense(CLASSES, use_bias=False, kernel_regularizer=l2),
    ]
)
model.set_weights([hidden_kernel, output_kernel])
model.compile(
    optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
    loss=keras_xent.CategoricalCrossentropy(
        from_logits=True,
        label_smoothing=0.1,
        reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS,
    ),
)
model.fit(
    features,
    keras.utils.to_categorical(classes, CLASSES),
    sample_weight=weights,
    batch_size=BATCH,
    epochs=EPOCHS,
    shuffle=False,
    callbacks=[PrintLoss()],
    verbose=0,
)
