"""The training as Keras code has it: ``compile`` and ``fit``, with the loss as an argument."""

from __future__ import annotations

import time
from typing import Any

import tensorflow as tf

from keras_xent_cli.demo.data import CLASSES, PIXELS, Digits
from keras_xent_cli.demo.network import HIDDEN, Parameters
from keras_xent_cli.demo.training import OnStep, Schedule, Training


def train(
    name: str, loss: Any, digits: Digits, start: Parameters, schedule: Schedule, on_step: OnStep
) -> Training:
    """Train with a Keras loss; the weights are ``fit``'s ``sample_weight``.

    Args:
        name: Goes into the record.
        loss: The Keras loss. The network gives logits.
        digits: What to train on.
        start: The parameters to start from.
        schedule: How to train.
        on_step: Called after each step.
    """
    # The CPU everywhere, as in TF1's training: see there.
    with tf.device("/CPU:0"):
        model = tf.keras.Sequential(
            [
                tf.keras.Input((PIXELS,)),
                tf.keras.layers.Dense(HIDDEN, activation="tanh"),
                tf.keras.layers.Dense(CLASSES),
            ]
        )
        model.set_weights(start)
        model.compile(optimizer=tf.keras.optimizers.SGD(schedule.learning_rate), loss=loss)
        recorder = _Recorder(start, on_step)
        model.fit(
            digits.images,
            digits.labels,
            sample_weight=digits.weights,
            batch_size=schedule.batch_size,
            epochs=schedule.epochs,
            shuffle=False,
            verbose=0,
            callbacks=[recorder],
        )
    return Training(name, recorder.first_loss, recorder.trajectory, recorder.step_seconds)


class _Recorder(tf.keras.callbacks.Callback):
    """Keeps the parameters after each step, and the time of the step without keeping them."""

    def __init__(self, start: Parameters, on_step: OnStep) -> None:
        super().__init__()
        self.first_loss = float("nan")
        self.trajectory: list[Parameters] = [start]
        self.step_seconds: list[float] = []
        self._on_step = on_step
        self._started = 0.0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        # Reading the loss waits for the step to end, as a session does.
        running_average = float((logs or {})["loss"])
        self.step_seconds.append(time.perf_counter() - self._started)
        # Keras reports the average over the epoch so far: only the first is one batch's loss.
        if len(self.trajectory) == 1:
            self.first_loss = running_average
        self.trajectory.append(self.model.get_weights())
        self._on_step()
