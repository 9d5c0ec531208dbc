"""The three trainings, one after the other, with a progress bar."""

from __future__ import annotations

import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import keras_xent
from keras_xent_cli.demo import fit, tf1
from keras_xent_cli.demo.comparison import Comparison, compare
from keras_xent_cli.demo.data import Digits
from keras_xent_cli.demo.network import initial_parameters
from keras_xent_cli.demo.training import OnStep, Schedule

TF1 = "TF1"
NAIVE = "naive port"
OURS = "keras_xent"


def train_all(digits: Digits, epochs: int, seed: int, console: Console) -> Comparison:
    """Train three times and compare.

    Args:
        digits: What to train on.
        epochs: How often to go through the digits.
        seed: Decides the initialisation.
        console: Where the progress bar is drawn.
    """
    start = initial_parameters(seed)
    schedule = Schedule(examples=len(digits.images), epochs=epochs)
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

        def bar(name: str) -> OnStep:
            task = progress.add_task(name, total=schedule.steps)
            return lambda: progress.advance(task)

        return compare(
            tf1.train(TF1, digits, start, schedule, bar(f"{TF1} (graph and session)")),
            fit.train(NAIVE, naive_loss, digits, start, schedule, bar(f"{NAIVE} (Keras's loss)")),
            fit.train(OURS, our_loss, digits, start, schedule, bar(f"{OURS} (our loss in Keras)")),
            digits,
        )
