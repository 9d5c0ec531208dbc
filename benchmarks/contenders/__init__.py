"""What is compared. Nothing is imported before it is asked for."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from benchmarks import devices
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup
from benchmarks.timing import Turn, timed

# TensorFlow's share one process ...
TENSORFLOW = (
    "ours",
    "ours_portable",
    "ours_xla",
    "v1",
    "v1_xla",
    "keras",
    "addv2",
    "empty",
)
# ... and the others, where installed, have a module and a process each.
PACKAGES = {"pytorch": "torch", "optax": "optax"}
# What moves the bytes of a training step and only adds, or changes a sign.
FLOORS = {SOFTMAX: "addv2", SPARSE: "neg", SIGMOID: "addv2"}


class NoSuchLoss(Exception):  # noqa: N818
    """A contender has no such loss: says in words what is missing."""


def load(name: str) -> Any:
    """The contender of this name.

    It turns a setup into functions: `inputs(setup)` are logits, labels and weights;
    `training(setup)` is a function of these that returns the loss and its gradient, and
    `evaluation(setup)` one that returns the loss. Where its library has no such loss, these raise
    `NoSuchLoss`. Its `name` is what the report calls it.
    """
    if name in PACKAGES:
        return importlib.import_module(f"{__name__}.{name}").CONTENDER
    return importlib.import_module(f"{__name__}.in_tensorflow").CONTENDERS[name]


def is_installed(name: str) -> bool:
    """Whether what a contender of `PACKAGES` needs can be imported."""
    return importlib.util.find_spec(PACKAGES[name]) is not None


def turn(
    name: str,
    kind: str,
    setup: Setup,
    inputs: tuple[Any, ...],
    traced: bool = True,
    calls: int = 1,
) -> Turn:
    """Times one of TensorFlow's contenders on the setup's device.

    Args:
        name: the contender's.
        kind: `"training"` or `"evaluation"`.
        setup: what is asked.
        inputs: the tensors for it.
        traced: whether in a `tf.function`; otherwise eagerly.
        calls: how many of them a sample is the mean of.
    """
    contender = load(name)
    step = getattr(contender, kind)(setup)
    function = contender.traced(step) if traced else step
    return timed(devices.on(setup.device, function), *inputs, calls=calls)
