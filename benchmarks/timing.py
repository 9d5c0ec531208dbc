"""Times side by side: one call of each contender in turn, so that noise hits all alike."""

from __future__ import annotations

import statistics
import time
from typing import Callable, Dict, List, Tuple

import numpy as np
import tensorflow as tf

from benchmarks.contenders import Step

Shape = Tuple[int, int]


def tensors(shape: Shape) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Logits, one-hot labels and weights, a third of them zero."""
    random = np.random.default_rng(0)
    logits = random.normal(size=shape).astype(np.float32)
    labels = tf.one_hot(random.integers(0, shape[1], shape[0]), shape[1])
    weights = random.random(shape[0]) * (random.random(shape[0]) > 1 / 3)
    return tf.constant(logits), labels, tf.constant(weights, tf.float32)


def median_seconds(
    steps: Dict[str, Step], shape: Shape, rounds: int, progress: Callable[[], None]
) -> Dict[str, float]:
    """The median time of a call of each step, in seconds."""
    arguments = tensors(shape)
    times: Dict[str, List[float]] = {name: [] for name in steps}
    for step in steps.values():  # traces and compiles
        step(*arguments)
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            result = step(*arguments)
            times[name].append(time.perf_counter() - start)
            del result
        progress()
    return {name: statistics.median(values) for name, values in times.items()}
