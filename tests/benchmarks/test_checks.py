"""Which targets are met."""

from __future__ import annotations

import pytest

from benchmarks.benchmark import Target
from benchmarks.checks import bound_text, judge, subject
from benchmarks.measurement import Key, Measurement, summarize

OURS = Key("training", "one-hot labels", "float32", (512, 32000), "keras_xent")
V1 = OURS._replace(contender="v1")
MEASUREMENTS = [
    Measurement(OURS, -1, "s", summarize([1.0, 2.0, 9.0])),
    Measurement(V1, -1, "s", summarize([10.0])),
]


@pytest.mark.parametrize(
    ("bound", "met", "shortfall"), [(4.0, True, ""), (5.0, True, ""), (10.0, False, "50.0%")]
)
def test_a_ratio_of_medians_has_to_reach_its_bound(bound: float, met: bool, shortfall: str) -> None:
    (verdict,) = judge([Target(V1, bound, over=OURS)], MEASUREMENTS)
    assert (verdict.value, verdict.met, verdict.unit) == (5.0, met, "×")
    assert met or verdict.shortfall == shortfall


def test_a_bound_may_be_the_most_and_count_the_maximum() -> None:
    target = Target(OURS, 6.0, at_least=False, statistic="maximum")
    (verdict,) = judge([target], MEASUREMENTS)
    assert (verdict.value, verdict.met, verdict.shortfall) == (9.0, False, "50.0%")
    assert judge([target._replace(bound=9.0)], MEASUREMENTS)[0].met


def test_a_bound_of_zero_is_missed_by_a_difference() -> None:
    (verdict,) = judge([Target(OURS, 0.0, at_least=False)], MEASUREMENTS)
    assert not verdict.met
    assert verdict.shortfall == "2"


@pytest.mark.parametrize("missing", [0, 1])
def test_what_was_not_measured_is_not_met(missing: int) -> None:
    target = Target(V1, 1.0, over=OURS)
    measured = [MEASUREMENTS[missing]]
    (verdict,) = judge([target], measured)
    assert (verdict.value, verdict.met, verdict.shortfall) == (None, False, "not measured")
    assert judge([target], measured, skip_unmeasured=True) == []


def test_a_target_says_in_words_what_it_is() -> None:
    target = Target(V1, 10.0, over=OURS)
    place = "training: one-hot labels, float32 (512, 32000)"
    assert subject(target) == f"{place}: v1 / keras_xent"
    assert subject(Target(OURS, 1.0)) == f"{place}: keras_xent"
    assert bound_text(target, "×") == "≥ 10 ×"
    assert bound_text(Target(OURS, 0.15, at_least=False), "ulp") == "≤ 0.15 ulp"
    one = OURS._replace(benchmark="threads", case="1 thread")
    two = Target(one, 1.7, over=one._replace(case="2 threads"))
    assert subject(two) == "threads: float32 (512, 32000): keras_xent, 1 thread / 2 threads"
