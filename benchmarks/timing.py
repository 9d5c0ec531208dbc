"""Times contenders side by side: one call of each in turn, so noise affects all of them equally."""

from __future__ import annotations

import contextlib
import gc
import random
import time
from typing import Any, Callable, Hashable, Iterator, Mapping, TypeVar

# Takes one sample: runs what is measured, and returns the result, usually in seconds.
Turn = Callable[[], float]
_Name = TypeVar("_Name", bound=Hashable)

WARM_UP_TURNS = 3
_SECONDS_PER_CONTENDER = 0.75
_FEWEST_ROUNDS, _MOST_ROUNDS = 15, 200


def timed(function: Callable[..., Any], *arguments: Any, calls: int = 1) -> Turn:
    """A turn that times calls of a function, in seconds per call.

    The time includes freeing the result, so no contender pays for the memory of another one.
    """

    def turn() -> float:
        start = time.perf_counter()
        for _ in range(calls):
            result = function(*arguments)
            del result
        return (time.perf_counter() - start) / calls

    return turn


def interleaved(
    turns: Mapping[_Name, Turn],
    rounds: int | None = None,
    tick: Callable[[float], None] = lambda fraction: None,
) -> dict[_Name, list[float]]:
    """Takes turns, in a different order every round.

    Args:
        turns: by contender.
        rounds: the number of rounds; None chooses by the time of the warm-up's last turns.
        tick: called between rounds, with the fraction that is done.

    Returns:
        The samples, by contender.
    """
    order = list(turns)
    shuffle = random.Random(0).shuffle
    samples: dict[_Name, list[float]] = {name: [] for name in turns}
    elapsed = 0.0
    for _ in range(WARM_UP_TURNS):  # traces, compiles, starts threads
        start = time.perf_counter()
        for turn in turns.values():
            turn()
        elapsed = time.perf_counter() - start
    if rounds is None:
        rounds = rounds_for(elapsed / len(turns))
    with without_gc():
        for number in range(rounds):
            shuffle(order)
            for name in order:
                samples[name].append(turns[name]())
            tick((number + 1) / rounds)
    return samples


def rounds_for(seconds: float) -> int:
    """The number of rounds that is enough for turns of this length."""
    wanted = int(_SECONDS_PER_CONTENDER / max(seconds, 1e-9))
    return min(max(wanted, _FEWEST_ROUNDS), _MOST_ROUNDS)


@contextlib.contextmanager
def without_gc() -> Iterator[None]:
    """Collects garbage now, and then turns garbage collection off until the end."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
