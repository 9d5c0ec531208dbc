"""Turns and rounds; no time is asserted."""

from __future__ import annotations

import gc
import weakref

import pytest

from benchmarks.timing import WARM_UP_TURNS, interleaved, rounds_for, timed


def test_every_round_has_a_turn_of_each() -> None:
    taken: list[str] = []

    def turn(name: str) -> float:
        taken.append(name)
        return float(len(taken))

    samples = interleaved({name: lambda name=name: turn(name) for name in "abc"}, rounds=20)
    rounds = ["".join(taken[i : i + 3]) for i in range(0, len(taken), 3)]
    assert {"".join(sorted(one)) for one in rounds} == {"abc"}
    assert len(rounds) == WARM_UP_TURNS + 20
    assert len(set(rounds[WARM_UP_TURNS:])) > 1, "the order never changes"
    # What warmed up does not count.
    assert {len(values) for values in samples.values()} == {20}
    assert min(min(values) for values in samples.values()) == 3 * WARM_UP_TURNS + 1


@pytest.mark.parametrize(
    ("seconds", "rounds"), [(1.0, 15), (0.01, 75), (1e-6, 200), (0.0, 200)]
)
def test_the_number_of_rounds_follows_the_time_of_a_turn(seconds: float, rounds: int) -> None:
    assert rounds_for(seconds) == rounds


def test_progress_is_told_after_every_round() -> None:
    fractions: list[float] = []
    interleaved({"a": lambda: 0.0}, 4, fractions.append)
    assert fractions == [0.25, 0.5, 0.75, 1.0]


def test_garbage_is_not_collected_meanwhile() -> None:
    enabled: dict[bool, int] = {}

    def turn() -> float:
        enabled[gc.isenabled()] = enabled.get(gc.isenabled(), 0) + 1
        return 0.0

    interleaved({"a": turn}, 5)
    assert enabled == {True: WARM_UP_TURNS, False: 5}
    assert gc.isenabled()


def test_a_result_is_freed_before_the_next_call() -> None:
    class Result:
        pass

    alive: list[weakref.ref] = []

    def function() -> Result:
        assert all(reference() is None for reference in alive)
        result = Result()
        alive.append(weakref.ref(result))
        return result

    assert timed(function, calls=3)() >= 0
    assert len(alive) == 3 and alive[-1]() is None
