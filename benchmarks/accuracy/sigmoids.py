"""The sigmoid loss, and its gradient if the sigmoid is nearly 0 or 1, compared with exact ones."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from benchmarks import contenders
from benchmarks.accuracy import exact
from benchmarks.accuracy.losses import SCALES, Labels, case
from benchmarks.benchmark import OURS, Benchmark, Options, Part, Recorder
from benchmarks.setups import SIGMOID, Setup

LOSSES = "sigmoid_losses"
GRADIENTS = "sigmoid_gradients"
LOSSES_SHAPE = (1000, 1000)
TENSORFLOW = "tf.nn.sigmoid_cross_entropy_with_logits"
# The logits are between minus this and this: exp(-80) is still a normal float32.
_FARTHEST = 80.0
GRADIENTS_SHAPE = (2, 16001)
GRADIENT_DTYPES = ("float32", "float64")


# For all logits.
LABELS = (Labels("0 or 1", False, 0.0), Labels("0 or 1, smoothed", False, 0.1))


def _loss_parts(options: Options) -> list[Part]:
    return [
        Part(case(scale, labels), functools.partial(_run_losses, scale, labels))
        for scale in SCALES
        for labels in LABELS
    ]


def _gradient_parts(options: Options) -> list[Part]:
    return [Part(dtype, functools.partial(_run_gradients, dtype)) for dtype in GRADIENT_DTYPES]


def _run_losses(scale: int, labels: Labels, recorder: Recorder) -> None:
    setup = Setup(LOSSES_SHAPE, label_smoothing=labels.label_smoothing, loss=SIGMOID)
    logits, y = scale * setup.logits(), setup.labels()
    wanted = exact.sigmoid_losses(logits, y.astype(np.float64), labels.label_smoothing)
    for name, losses in _losses(logits, y, labels.label_smoothing).items():
        errors = exact.ulps(losses.numpy(), wanted).ravel()
        recorder.add(LOSSES, setup, name, errors.tolist(), case(scale, labels), "ulp")


def _losses(logits: np.ndarray, y: np.ndarray, label_smoothing: float) -> dict[str, Any]:
    """The losses of both libraries."""
    import tensorflow as tf

    from keras_xent import ops

    smoothed = y * np.float32(1 - label_smoothing) + np.float32(label_smoothing / 2)
    return {
        OURS: ops.sigmoid_cross_entropy(
            logits, y, label_smoothing=label_smoothing, reduction="none"
        ),
        TENSORFLOW: tf.nn.sigmoid_cross_entropy_with_logits(smoothed, logits),
    }


def _run_gradients(dtype: str, recorder: Recorder) -> None:
    import tensorflow as tf

    setup = Setup(GRADIENTS_SHAPE, dtype, label_smoothing=0.0, loss=SIGMOID)
    rows, columns = GRADIENTS_SHAPE
    logits = np.tile(np.linspace(-_FARTHEST, _FARTHEST, columns, dtype=dtype), (rows, 1))
    labels = np.zeros_like(logits)
    labels[1] = 1
    wanted = exact.sigmoid_gradients(logits, labels)
    for name, gradient in _gradients(tf.constant(logits), tf.constant(labels)).items():
        errors = np.abs(gradient.numpy().astype(np.float64) - wanted) / np.abs(wanted)
        recorder.add(GRADIENTS, setup, name, errors.ravel().tolist(), unit="relative error")


def _gradients(logits: Any, labels: Any) -> dict[str, Any]:
    """The gradients of both libraries' sums of losses, without a denominator."""
    import tensorflow as tf

    import keras_xent

    sums = {
        OURS: keras_xent.v1.sigmoid_cross_entropy,
        contenders.load("v1").name: tf.compat.v1.losses.sigmoid_cross_entropy,
    }
    found = {}
    for name, function in sums.items():
        with tf.GradientTape() as tape:
            tape.watch(logits)
            total = function(labels, logits, reduction="weighted_sum")
        found[name] = tape.gradient(total, logits)
    return found


LOSS_BENCHMARK = Benchmark(
    LOSSES,
    "The largest error of the float32 sigmoid losses of a million logits of standard deviation 1 "
    "and 5, with labels of 0 or 1, and with label smoothing 0.1.",
    _loss_parts,
    statistic="maximum",
)
GRADIENT_BENCHMARK = Benchmark(
    GRADIENTS,
    f"The largest relative error of the gradient of the sum of the sigmoid losses, of logits from "
    f"-{_FARTHEST:g} to {_FARTHEST:g} and labels of 0 and 1: the sigmoid, or 1 minus the sigmoid.",
    _gradient_parts,
    statistic="maximum",
)
