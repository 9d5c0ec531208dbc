"""The contenders. Each is imported when it is first used."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from benchmarks import devices
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup
from benchmarks.timing import Turn, timed

# TensorFlow's contenders share one process ...
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
# ... and the others, if installed, have a module and a process each.
PACKAGES = {"pytorch": "torch", "optax": "optax"}
# Ops that move the bytes of a training step, but only add or negate.
FLOORS = {SOFTMAX: "addv2", SPARSE: "neg", SIGMOID: "addv2"}


class NoSuchLoss(Exception):  # noqa: N818
    """A contender doesn't have the loss. The message says what is missing."""


def load(name: str) -> Any:
    """The contender of this name.

    For a setup, `inputs(setup)` returns logits, labels and weights. `training(setup)` returns a
    function of these that returns the loss and its gradient, and `evaluation(setup)` one that
    returns the loss. They raise `NoSuchLoss` if the library doesn't have the loss. `name` is the
    contender's name in the report.
    """
    if name in PACKAGES:
        return importlib.import_module(f"{__name__}.{name}").CONTENDER
    return importlib.import_module(f"{__name__}.in_tensorflow").CONTENDERS[name]


def is_installed(name: str) -> bool:
    """Whether the package that a contender of `PACKAGES` needs is installed."""
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
        name: the contender's name.
        kind: `"training"` or `"evaluation"`.
        setup: the loss and its inputs.
        inputs: the setup's tensors.
        traced: whether to run in a `tf.function`; otherwise eagerly.
        calls: the number of calls that a sample averages.
    """
    contender = load(name)
    step = getattr(contender, kind)(setup)
    function = contender.traced(step) if traced else step
    return timed(devices.on(setup.device, function), *inputs, calls=calls)
