"""The float32 loss beside the exact one, from two classes to a quarter of a million."""

from __future__ import annotations

import functools
from typing import List

import numpy as np

from benchmarks.accuracy import exact
from benchmarks.benchmark import OURS, Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup

NAME = "losses"
CLASS_COUNTS = (2, 10, 151, 1000, 10000, 32000, 50257, 100000, 250000)
# Of the logits: as before training, and of a network that is sure.
SCALES = (1, 5)
EXAMPLES = 100
TENSORFLOW = "tf.nn.softmax_cross_entropy_with_logits"


def case(scale: int) -> str:
    """What the report calls logits of this standard deviation."""
    return f"logits of standard deviation {scale}"


def _parts(options: Options) -> List[Part]:
    return [
        Part(f"{classes} classes", functools.partial(_run, scale, classes))
        for scale in SCALES
        for classes in CLASS_COUNTS
        if not options.quick or classes <= 1000
    ]


def _run(scale: int, classes: int, recorder: Recorder) -> None:
    import tensorflow as tf

    import keras_xent

    setup = Setup((EXAMPLES, classes), label_smoothing=0.0)
    logits, labels = scale * setup.logits(), setup.labels()
    ours = keras_xent.CategoricalCrossentropy(from_logits=True, reduction="none")
    results = {
        OURS: ours(labels, logits),
        TENSORFLOW: tf.nn.softmax_cross_entropy_with_logits(labels, logits),
    }
    losses = []
    for number, true_class in enumerate(setup.true_classes()):
        losses.append(exact.loss(logits[number], int(true_class)))
        recorder.tick((number + 1) / EXAMPLES)
    for name, result in results.items():
        errors = exact.ulps(result.numpy(), np.array(losses))
        recorder.add(NAME, setup, name, errors.tolist(), case(scale), "ulp")


BENCHMARK = Benchmark(
    NAME,
    f"The largest error of the float32 losses of {EXAMPLES} examples with random one-hot labels. "
    "The exact losses are computed in float64 with `math.fsum`, to a relative error below 1e-14.",
    _parts,
    statistic="maximum",
)
