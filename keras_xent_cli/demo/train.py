"""One network trained three times: with TF1's loss, with Keras's own and with keras_xent's.

All three start from the same parameters and see the same batches in the same order. They always run
on the CPU: GPU matrix products round differently from run to run, and the demo compares parameters
to the last few bits.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Callable, List

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import keras_xent

CLASSES = 10
PIXELS = 64
HIDDEN = 64
HELD_OUT = 360
BATCH_SIZE = 128
LEARNING_RATE = 0.2

# Kernel and bias of the hidden layer, kernel and bias of the output layer.
Parameters = List[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Digits:
    """scikit-learn's handwritten digits, split in two.

    Args:
        images: training images, float32 in [0, 1], `(examples, 64)`, in training order.
        labels: their one-hot labels, float32, `(examples, 10)`.
        weights: their weights, float32, `(examples,)`; exactly a third of them are zero.
        held_out_images: images that aren't used for training.
        held_out_classes: their classes, integers.
    """

    images: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    held_out_images: np.ndarray
    held_out_classes: np.ndarray

    @classmethod
    def load(cls, seed: int) -> Digits:
        """Load the digits. The seed determines their order and weights."""
        # scikit-learn takes a second to import, and only this needs it.
        from sklearn.datasets import load_digits

        images, classes = load_digits(return_X_y=True)
        random = np.random.RandomState(seed)
        order = random.permutation(len(images))
        # Pixels are counts from 0 to 16.
        images = (images[order] / 16.0).astype(np.float32)
        classes = classes[order]
        # A third is masked, a third has weight 1, and a third has other weights, as is common in
        # practice (padding, missing labels, class weights).
        weights = np.ones(len(images) - HELD_OUT)
        third = len(weights) // 3
        weights[:third] = 0.0
        weights[third : 2 * third] = random.uniform(0.5, 2.0, size=third)
        return cls(
            images=images[HELD_OUT:],
            labels=np.eye(CLASSES, dtype=np.float32)[classes[HELD_OUT:]],
            weights=random.permutation(weights).astype(np.float32),
            held_out_images=images[:HELD_OUT],
            held_out_classes=classes[:HELD_OUT],
        )


@dataclasses.dataclass
class Training:
    """The record of one training run.

    Args:
        name: which run it is.
        trajectory: the parameters at the start and after each step.
        on_step: called after each step, for the progress bar.
        first_loss: the loss that it reported for the first batch, before any update.
        step_seconds: how long each step took.
    """

    name: str
    trajectory: list[Parameters]
    on_step: Callable[[], None]
    first_loss: float = float("nan")
    step_seconds: list[float] = dataclasses.field(default_factory=list)

    def record(self, started: float, loss: float, parameters: Callable[[], Parameters]) -> None:
        """Add a step. Its time doesn't include reading the parameters."""
        self.step_seconds.append(time.perf_counter() - started)
        # Keras reports the average over the epoch so far. Only the first value is one batch's loss.
        if len(self.trajectory) == 1:
            self.first_loss = loss
        self.trajectory.append(parameters())
        self.on_step()


def initial_parameters(seed: int) -> Parameters:
    """One initialization (Glorot's, with zero biases) for all runs."""
    random = np.random.RandomState(seed)

    def glorot(inputs: int, outputs: int) -> np.ndarray:
        limit = np.sqrt(6.0 / (inputs + outputs))
        return random.uniform(-limit, limit, size=(inputs, outputs)).astype(np.float32)

    hidden = [glorot(PIXELS, HIDDEN), np.zeros(HIDDEN, np.float32)]
    return [*hidden, glorot(HIDDEN, CLASSES), np.zeros(CLASSES, np.float32)]


def logits(parameters: Parameters, images: np.ndarray) -> np.ndarray:
    """The network's output with these parameters, computed in float64.

    It has one hidden layer with tanh, not ReLU. ReLU's derivative jumps at 0. If rounding moves the
    input of one unit to the other side of 0 for one example, two otherwise equal runs differ by
    1e-3 from then on. We saw this after a few hundred steps, and it isn't the loss's fault.
    """
    kernel, bias, output_kernel, output_bias = (p.astype(np.float64) for p in parameters)
    hidden = np.tanh(images.astype(np.float64) @ kernel + bias)
    return hidden @ output_kernel + output_bias


def with_tf1(training: Training, digits: Digits, epochs: int) -> None:
    """Train like TF1 code: with a graph, placeholders, a session and `tf.compat.v1.losses`."""
    with tf.Graph().as_default(), tf.device("/CPU:0"):
        images = tf.compat.v1.placeholder(tf.float32, [None, PIXELS])
        labels = tf.compat.v1.placeholder(tf.float32, [None, CLASSES])
        weights = tf.compat.v1.placeholder(tf.float32, [None])

        variables = [
            tf.compat.v1.get_variable(f"parameter_{i}", initializer=value)
            for i, value in enumerate(training.trajectory[0])
        ]
        kernel, bias, output_kernel, output_bias = variables
        hidden = tf.tanh(tf.matmul(images, kernel) + bias)
        logits = tf.matmul(hidden, output_kernel) + output_bias

        loss = tf.compat.v1.losses.softmax_cross_entropy(labels, logits, weights=weights)
        update = tf.compat.v1.train.GradientDescentOptimizer(LEARNING_RATE).minimize(loss)

        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            for _ in range(epochs):
                for first in range(0, len(digits.images), BATCH_SIZE):
                    batch = slice(first, first + BATCH_SIZE)
                    feed = {
                        images: digits.images[batch],
                        labels: digits.labels[batch],
                        weights: digits.weights[batch],
                    }
                    started = time.perf_counter()
                    value, _ = session.run([loss, update], feed)
                    training.record(started, float(value), lambda: session.run(variables))


def with_keras(training: Training, digits: Digits, epochs: int, loss: Any) -> None:
    """Train like Keras code: with `compile`, `fit`, and the weights as `sample_weight`."""
    with tf.device("/CPU:0"):
        model = tf.keras.Sequential(
            [
                tf.keras.Input((PIXELS,)),
                tf.keras.layers.Dense(HIDDEN, activation="tanh"),
                tf.keras.layers.Dense(CLASSES),
            ]
        )
        model.set_weights(training.trajectory[0])
        model.compile(optimizer=tf.keras.optimizers.SGD(LEARNING_RATE), loss=loss)
        model.fit(
            digits.images,
            digits.labels,
            sample_weight=digits.weights,
            batch_size=BATCH_SIZE,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=[_Recorder(training)],
        )


class _Recorder(tf.keras.callbacks.Callback):
    """Records the steps of `fit`."""

    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training
        self._started = 0.0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        # Reading the loss waits for the end of the step, as a session does.
        loss = float((logs or {})["loss"])
        self._training.record(self._started, loss, self.model.get_weights)


def train_all(
    digits: Digits, epochs: int, seed: int, console: Console
) -> tuple[Training, Training, Training]:
    """Train with TF1's loss, with Keras's and with ours, and show the progress."""
    steps = epochs * -(-len(digits.images) // BATCH_SIZE)
    naive_loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
    our_loss = keras_xent.CategoricalCrossentropy(
        from_logits=True, reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS
    )
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TimeElapsedColumn(),
        console=console,
    ) as progress:

        def begin(name: str, description: str) -> Training:
            task = progress.add_task(f"{name} ({description})", total=steps)
            return Training(name, [initial_parameters(seed)], lambda: progress.advance(task))

        tf1 = begin("TF1", "graph and session")
        with_tf1(tf1, digits, epochs)
        naive = begin("naive port", "Keras's loss")
        with_keras(naive, digits, epochs, naive_loss)
        ours = begin("keras_xent", "our loss in Keras")
        with_keras(ours, digits, epochs, our_loss)
    return tf1, naive, ours
