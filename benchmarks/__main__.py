"""`python -m benchmarks`: a table of loss + gradient times, as Markdown."""

from __future__ import annotations

import argparse
import platform
from typing import Dict, List

import tensorflow as tf
from rich.console import Console
from rich.progress import Progress

import keras_xent
from benchmarks.contenders import contenders
from benchmarks.timing import Shape, median_seconds

SHAPES: List[Shape] = [(512, 32000), (4096, 1000), (8192, 151), (65536, 10), (256, 1000)]


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:  # noqa: PTH123
            names = [line for line in info if line.startswith("model name")]
        return names[0].split(":", 1)[1].strip()
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def _row(shape: Shape, seconds: Dict[str, float]) -> str:
    ours = seconds["keras_xent"]
    others = " | ".join(
        f"{time / ours:.1f} ×" for name, time in seconds.items() if name != "keras_xent"
    )
    return f"| {shape} | {1000 * ours:.2f} ms | {others} |"


def main() -> None:
    """Runs the comparison and prints it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="calls of each (default: 40)")
    rounds = parser.parse_args().rounds
    steps = contenders()
    rows = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("rounds", total=rounds * len(SHAPES))
        for shape in SHAPES:
            seconds = median_seconds(steps, shape, rounds, lambda: progress.advance(task))
            rows.append(_row(shape, seconds))
    backend = keras_xent.backend()
    print(
        f"{_processor()}, {backend.threads} threads, {backend.name} backend "
        f"({backend.instruction_set}), TensorFlow {tf.__version__}, float32, "
        f"medians of {rounds} interleaved calls\n"
    )
    names = [name for name in steps if name != "keras_xent"]
    print(f"| logits | keras_xent | {' | '.join(names)} |")
    print("| --- " * (len(names) + 2) + "|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
