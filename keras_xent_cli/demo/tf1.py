"""The training as TF1 code has it: a graph, placeholders, a session."""

from __future__ import annotations

import time

import tensorflow as tf

from keras_xent_cli.demo.data import CLASSES, PIXELS, Digits
from keras_xent_cli.demo.network import Parameters
from keras_xent_cli.demo.training import OnStep, Schedule, Training


def train(
    name: str, digits: Digits, start: Parameters, schedule: Schedule, on_step: OnStep
) -> Training:
    """Train with ``tf.compat.v1.losses.softmax_cross_entropy``, its weights and its defaults.

    Args:
        name: Goes into the record.
        digits: What to train on.
        start: The parameters to start from.
        schedule: How to train.
        on_step: Called after each step.
    """
    # The CPU everywhere: GPU matrix products round differently from run to run, and the demo
    # compares parameters to the last few bits.
    with tf.Graph().as_default(), tf.device("/CPU:0"):
        images = tf.compat.v1.placeholder(tf.float32, [None, PIXELS])
        labels = tf.compat.v1.placeholder(tf.float32, [None, CLASSES])
        weights = tf.compat.v1.placeholder(tf.float32, [None])

        variables = [
            tf.compat.v1.get_variable(f"parameter_{i}", initializer=value)
            for i, value in enumerate(start)
        ]
        kernel, bias, output_kernel, output_bias = variables
        hidden = tf.tanh(tf.matmul(images, kernel) + bias)
        logits = tf.matmul(hidden, output_kernel) + output_bias

        loss = tf.compat.v1.losses.softmax_cross_entropy(labels, logits, weights=weights)
        optimizer = tf.compat.v1.train.GradientDescentOptimizer(schedule.learning_rate)
        update = optimizer.minimize(loss)

        losses: list[float] = []
        step_seconds: list[float] = []
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            trajectory = [session.run(variables)]
            for _ in range(schedule.epochs):
                for first in range(0, schedule.examples, schedule.batch_size):
                    batch = slice(first, first + schedule.batch_size)
                    feed = {
                        images: digits.images[batch],
                        labels: digits.labels[batch],
                        weights: digits.weights[batch],
                    }
                    started = time.perf_counter()
                    value, _ = session.run([loss, update], feed)
                    step_seconds.append(time.perf_counter() - started)
                    losses.append(float(value))
                    trajectory.append(session.run(variables))
                    on_step()
    return Training(name, losses[0], trajectory, step_seconds)
