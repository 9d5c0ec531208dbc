"""The contenders that are other packages: each takes its turns in a process of its own."""

from __future__ import annotations

import contextlib
from typing import Dict

from benchmarks import contenders
from benchmarks.benchmark import Recorder
from benchmarks.processes import Worker
from benchmarks.setups import Setup
from benchmarks.timing import Turn


def training_turns(
    setup: Setup, recorder: Recorder, stack: contextlib.ExitStack
) -> Dict[str, Turn]:
    """A training step by each package that is installed and has such a loss; notes name the others.

    Args:
        setup: what is asked.
        recorder: gets the notes.
        stack: ends the processes when it is closed.
    """
    turns: Dict[str, Turn] = {}
    for module in contenders.OTHERS:
        package = contenders.PACKAGES[module]
        if setup.device:
            recorder.note(f"{package} is measured without --device only.")
        elif not contenders.is_installed(module):
            recorder.note(f"{package} is not installed here, and was not measured.")
        else:
            try:
                worker = stack.enter_context(Worker(module, setup))
            except contenders.NoSuchLoss as error:
                recorder.note(f"{error}, and was not measured.")
            else:
                turns[worker.name] = worker.turn
    return turns
