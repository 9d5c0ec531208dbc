"""The contenders. Each is imported when it is first used."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Iterable

from benchmarks import devices
from benchmarks.benchmark import Recorder
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE

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


def available(names: Iterable[str], recorder: Recorder) -> list[str]:
    """The contenders that run here, on the device that is measured; a note names each other one."""
    found = []
    for name in names:
        problem = _problem(name, recorder.options.device)
        if problem:
            recorder.note(f"Not measured: {problem}.")
        else:
            found.append(name)
    return found


def _problem(name: str, device: str) -> str | None:
    if name in PACKAGES:
        if device != devices.DEFAULT:
            return f"{PACKAGES[name]} runs only without --device"
        if importlib.util.find_spec(PACKAGES[name]) is None:
            return f"{PACKAGES[name]} is not installed"
    if name == "ours_native":
        from keras_xent.ops import library

        if not devices.is_cpu(device):
            return f"{load(name).name} runs only on CPUs"
        if library.problem() is not None:
            return f"{load(name).name} can't run here: {library.problem()}"
    return None
