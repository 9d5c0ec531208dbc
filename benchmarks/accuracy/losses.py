"""The float32 loss compared with the exact one, for two to 250,000 classes."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from benchmarks.accuracy import exact
from benchmarks.benchmark import OURS, Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup

NAME = "losses"
_FEW = (2, 3, 5, 8, 10, 16, 21, 40, 64)
_MANY = (100, 151, 500, 1000, 10000, 32000, 50257, 100000, 250000)
CLASS_COUNTS = _FEW + _MANY
# Of the logits: before training, and of a confident network.
SCALES = (1, 5)
# The largest error grows with the number of examples.
_MOST_EXAMPLES = 20_000
_MOST_LOGITS = 5_000_000
TENSORFLOW = "tf.nn.softmax_cross_entropy_with_logits"
# The same losses, from class ids.
SPARSE = "keras_xent, class ids"
TENSORFLOW_SPARSE = "tf.nn.sparse_softmax_cross_entropy_with_logits"


class Labels(NamedTuple):
    """One-hot labels.

    Attributes:
        name: their name in the report.
        of_largest_logit: whether the label is the class with the largest logit, as it mostly is for
            a trained network, or any class.
        label_smoothing: as TF1 and Keras define it.
    """

    name: str
    of_largest_logit: bool
    label_smoothing: float


LABELS = (
    Labels("any class", of_largest_logit=False, label_smoothing=0.0),
    Labels("largest logit", of_largest_logit=True, label_smoothing=0.0),
    Labels("any class, smoothed", of_largest_logit=False, label_smoothing=0.1),
)


def examples(classes: int) -> int:
    """The number of examples to measure."""
    return min(_MOST_EXAMPLES, _MOST_LOGITS // classes)


def case(scale: int, labels: Labels) -> str:
    """The report's name for logits of this standard deviation with these labels."""
    return f"standard deviation {scale}, {labels.name}"


def _parts(options: Options) -> list[Part]:
    return [
        Part(f"{classes} classes", functools.partial(_run, scale, classes))
        for scale in SCALES
        for classes in CLASS_COUNTS
        if not options.quick or classes <= 1000
    ]


def _run(scale: int, classes: int, recorder: Recorder) -> None:
    setup = Setup((examples(classes), classes))
    logits = scale * setup.logits()
    true_classes = {False: setup.true_classes(), True: logits.argmax(-1)}
    exact_losses: dict[Labels, list[float]] = {labels: [] for labels in LABELS}
    for number, row in enumerate(logits):
        sums = exact.sums(row)
        for labels in LABELS:
            true_class = int(true_classes[labels.of_largest_logit][number])
            exact_losses[labels].append(exact.loss(row, true_class, labels.label_smoothing, sums))
        recorder.tick((number + 1) / len(logits))
    for labels in LABELS:
        wanted = np.array(exact_losses[labels])
        for name, losses in _losses(logits, true_classes[labels.of_largest_logit], labels).items():
            errors = exact.ulps(losses, wanted)
            recorder.add(NAME, setup, name, errors.tolist(), case(scale, labels), "ulp")


def _losses(logits: np.ndarray, true_classes: np.ndarray, labels: Labels) -> dict[str, np.ndarray]:
    """The losses of both libraries, with one-hot labels and with class ids."""
    import tensorflow as tf

    import keras_xent

    one_hot = tf.one_hot(true_classes, logits.shape[-1])
    ours, of_ids = [
        keras_class(
            from_logits=True, label_smoothing=labels.label_smoothing, reduction="none"
        )
        for keras_class in (
            keras_xent.CategoricalCrossentropy,
            keras_xent.SparseCategoricalCrossentropy,
        )
    ]
    smoothed = one_hot * (1 - labels.label_smoothing) + labels.label_smoothing / logits.shape[-1]
    theirs = tf.nn.softmax_cross_entropy_with_logits(smoothed, logits)
    found = {OURS: ours(one_hot, logits), TENSORFLOW: theirs, SPARSE: of_ids(true_classes, logits)}
    if not labels.label_smoothing:
        found[TENSORFLOW_SPARSE] = tf.nn.sparse_softmax_cross_entropy_with_logits(
            true_classes, logits
        )
    return {name: losses.numpy() for name, losses in found.items()}


BENCHMARK = Benchmark(
    NAME,
    f"The largest error of the float32 losses of up to {_MOST_EXAMPLES:,} examples "
    "(at most five million logits). The logits have standard deviation 1 and 5. The labels are "
    "one-hot or class ids: any class, the class with the largest logit, and any class with label "
    "smoothing 0.1. The exact losses are computed in float64 with `math.fsum`, to a relative "
    "error below 1e-14.",
    _parts,
    statistic="maximum",
)
