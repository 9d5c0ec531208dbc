"""A training step: loss and gradient."""

from __future__ import annotations

import contextlib
import functools
from typing import Any, List, Sequence

from benchmarks import contenders, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup, Shape
from benchmarks.suite import packages

NAME = "training"
UNMASKED = ((4096, 1000), (8192, 151))


def _parts(options: Options) -> List[Part]:
    def setups(among: Sequence[Shape], **changes: Any) -> List[Setup]:
        chosen = shapes.chosen(among, options.quick)
        return [Setup(shape, device=options.device, **changes) for shape in chosen]

    hard = setups(shapes.ALL)
    soft = setups(shapes.TWO, soft_labels=True)
    # Ours skips the arithmetic of a row without weight: what it takes without such rows.
    unmasked = setups(UNMASKED, masked=False)
    return [
        Part(f"{_case(setup)} {setup.shape}", functools.partial(_run, setup))
        for setup in [*hard, *soft, *unmasked]
    ]


def _case(setup: Setup) -> str:
    labels = "soft labels" if setup.soft_labels else "one-hot labels"
    return labels if setup.masked else f"{labels}, no weight 0"


def _run(setup: Setup, recorder: Recorder) -> None:
    with contextlib.ExitStack() as stack:
        turns = contenders.training_turns(contenders.TENSORFLOW, setup)
        turns.update(packages.training_turns(setup, recorder, stack))
        recorder.compare(NAME, setup, turns, _case(setup))


BENCHMARK = Benchmark(
    NAME,
    "Loss and gradient with respect to the logits in one `tf.function`. AddV2 is the floor: it "
    "moves the same bytes. An empty call takes the same tensors and adds 1 to one weight. PyTorch "
    "and optax (under `jax.jit`) run in processes of their own.",
    _parts,
)
