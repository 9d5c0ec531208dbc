"""What is compared: a small file each. Nothing is imported before it is asked for."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Callable, Dict, Iterable, Protocol, Tuple

from benchmarks import devices
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup
from benchmarks.timing import Turn, timed

# Modules of this package. TensorFlow's share one process ...
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
# ... and the others, where installed, have a process each.
PACKAGES = {"pytorch": "torch", "optax": "optax"}
OTHERS = tuple(PACKAGES)
# What moves the bytes of a training step and only adds, or changes a sign.
FLOORS = {SOFTMAX: "addv2", SPARSE: "neg", SIGMOID: "addv2"}


class NoSuchLoss(Exception):  # noqa: N818
    """A contender has no such loss: says in words what is missing."""


class Contender(Protocol):
    """Turns a setup into functions.

    Where its library has no such loss, `training` and `evaluation` raise `NoSuchLoss`.
    """

    @property
    def name(self) -> str:
        """What the report calls it."""

    def inputs(self, setup: Setup) -> Tuple[Any, ...]:
        """Logits, labels and weights."""

    def training(self, setup: Setup) -> Callable[..., Any]:
        """A function of the inputs that returns the loss and its gradient."""

    def evaluation(self, setup: Setup) -> Callable[..., Any]:
        """A function of the inputs that returns the loss."""


def load(module: str) -> Any:
    """The contender that a module of this package defines."""
    return importlib.import_module(f"{__name__}.{module}").CONTENDER


def is_installed(module: str) -> bool:
    """Whether what a contender of `OTHERS` needs can be imported."""
    return importlib.util.find_spec(PACKAGES[module]) is not None


def training_turns(modules: Iterable[str], setup: Setup) -> Dict[str, Turn]:
    """A training step in a `tf.function` by each of these of TensorFlow's, on the same inputs."""
    inputs = load("ours").inputs(setup)
    return {load(one).name: turn(one, "training", setup, inputs) for one in modules}


def turn(
    module: str,
    kind: str,
    setup: Setup,
    inputs: Tuple[Any, ...],
    traced: bool = True,
    calls: int = 1,
) -> Turn:
    """Times one of TensorFlow's contenders on the setup's device.

    Args:
        module: of this package.
        kind: `"training"` or `"evaluation"`.
        setup: what is asked.
        inputs: the tensors for it.
        traced: whether in a `tf.function`; otherwise eagerly.
        calls: how many of them a sample is the mean of.
    """
    contender = load(module)
    step = getattr(contender, kind)(setup)
    function = contender.traced(step) if traced else step
    return timed(devices.on(setup.device, function), *inputs, calls=calls)
