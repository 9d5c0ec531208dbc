"""`model.fit`: how much of the speedup training gets."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from benchmarks import contenders, devices
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup
from benchmarks.timing import Turn, timed

NAME = "fit"


class _Network(NamedTuple):
    case: str
    batch_size: int
    num_features: int
    num_classes: int
    steps: int  # in an epoch: enough to make its start and end negligible


NETWORKS = (
    _Network("32,000 classes", 256, 64, 32000, 10),
    _Network("10 classes", 128, 128, 10, 300),
)


def _parts(options: Options) -> list[Part]:
    return [
        Part(network.case, functools.partial(_run, network, options.device))
        for network in NETWORKS
    ]


def _run(network: _Network, device: str, recorder: Recorder) -> None:
    setup = Setup((network.batch_size, network.num_classes), device=device)
    modules = [contenders.load(module) for module in ("ours", "keras")]
    with devices.scope(device):
        turns = {contender.name: _epoch(network, setup, contender) for contender in modules}
    recorder.compare(NAME, setup, turns, network.case)


def _epoch(network: _Network, setup: Setup, contender: Any) -> Turn:
    import tensorflow as tf

    tf.keras.utils.set_random_seed(0)
    layers = [
        tf.keras.layers.Dense(network.num_features, "relu"),
        tf.keras.layers.Dense(network.num_classes),
    ]
    model = tf.keras.Sequential([tf.keras.Input([network.num_features]), *layers])
    model.compile(optimizer="sgd", loss=contender.loss(setup))
    features = tf.random.stateless_normal([network.batch_size, network.num_features], [0, 0])
    _, labels, weights = contender.inputs(setup)
    # The same batch again and again: reading data would blur the ratio.
    batches = tf.data.Dataset.from_tensors((features, labels, weights)).repeat(network.steps)
    fit = timed(devices.on(setup.device, lambda: model.fit(batches, shuffle=False, verbose=0)))
    return lambda: fit() / network.steps


BENCHMARK = Benchmark(
    NAME,
    "A step of `model.fit` with the whole network: one hidden layer, SGD, sample weights. The "
    "two models' epochs are interleaved.",
    _parts,
)
