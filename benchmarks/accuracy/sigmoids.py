"""The sigmoid loss, and its gradient if the sigmoid is nearly 0 or 1, compared with exact ones."""

from __future__ import annotations

import functools

import numpy as np

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
    import tensorflow as tf

    from keras_xent import ops

    s = labels.label_smoothing
    setup = Setup(LOSSES_SHAPE, label_smoothing=s, loss=SIGMOID)
    logits, y = scale * setup.logits(), setup.labels()
    smoothed = y * np.float32(1 - s) + np.float32(s / 2)
    losses = {
        OURS: ops.sigmoid_cross_entropy(logits, y, label_smoothing=s, reduction="none"),
        TENSORFLOW: tf.nn.sigmoid_cross_entropy_with_logits(smoothed, logits),
    }
    wanted = exact.sigmoid_losses(logits, y.astype(np.float64), s)
    for name, found in losses.items():
        errors = exact.ulps(found.numpy(), wanted).ravel()
        recorder.add(LOSSES, setup, name, errors.tolist(), case(scale, labels), "ulp")


def _run_gradients(dtype: str, recorder: Recorder) -> None:
    import tensorflow as tf

    import keras_xent

    setup = Setup(GRADIENTS_SHAPE, dtype, label_smoothing=0.0, loss=SIGMOID)
    rows, columns = GRADIENTS_SHAPE
    logits = np.tile(np.linspace(-_FARTHEST, _FARTHEST, columns, dtype=dtype), (rows, 1))
    labels = np.zeros_like(logits)
    labels[1] = 1
    wanted = exact.sigmoid_gradients(logits, labels)
    x = tf.constant(logits)
    for name, module in ((OURS, keras_xent.v1), ("v1", tf.compat.v1.losses)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            # The sum, because a denominator would round once more.
            total = module.sigmoid_cross_entropy(labels, x, reduction="weighted_sum")
        errors = exact.relative(tape.gradient(total, x).numpy(), wanted).ravel()
        recorder.add(GRADIENTS, setup, name, errors.tolist(), unit="relative error")


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
