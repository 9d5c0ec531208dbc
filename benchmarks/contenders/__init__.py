"""What is compared: a small file each. Nothing is imported before it is asked for."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Callable, Dict, Iterable, Protocol, Tuple

from benchmarks.setups import Setup
from benchmarks.timing import Turn, timed

# Modules of this package. TensorFlow's share one process ...
TENSORFLOW = ("ours", "v1", "keras", "xla", "addv2")
# ... and the others, where installed, have a process each.
PACKAGES = {"pytorch": "torch", "optax": "optax"}
OTHERS = tuple(PACKAGES)


class Contender(Protocol):
    """Turns a setup into functions."""

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
    """A training step in a `tf.function` by each of these of `TENSORFLOW`, on the same inputs."""
    inputs = load("ours").inputs(setup)
    found = [load(module) for module in modules]
    return {one.name: timed(one.traced(one.training(setup)), *inputs) for one in found}
