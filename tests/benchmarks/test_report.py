"""The Markdown."""

from __future__ import annotations

import pytest

from benchmarks.benchmark import EMPTY, Benchmark, Recorder, Target
from benchmarks.checks import judge
from benchmarks.measurement import Key, Measurement, summarize
from benchmarks.report import duration, markdown

OURS = Key("training", "", "float32", (2, 3), "keras_xent")
V1 = OURS._replace(contender="v1")
MEMORY = OURS._replace(benchmark="memory", case="eager")
MEASUREMENTS = [
    Measurement(OURS, -1, "s", summarize([0.001, 0.002, 0.003])),
    Measurement(V1, -1, "s", summarize([0.005])),
    Measurement(V1._replace(shape=(4, 5)), -1, "s", summarize([0.007])),
    Measurement(MEMORY, -1, "buffers", summarize([1.0, 1.25])),
]
BENCHMARKS = [
    Benchmark("training", "A step.", lambda options: []),
    Benchmark("memory", "The peak.", lambda options: [], statistic="maximum"),
    Benchmark("idle", "Nothing.", lambda options: []),
]


@pytest.fixture(scope="module")
def text() -> str:
    targets = [Target(V1, 2.0, over=OURS), Target(MEMORY, 1.0, at_least=False)]
    verdicts = judge(targets, MEASUREMENTS)
    machine = {"CPU": "a fast one"}
    recorder = Recorder(measurements=MEASUREMENTS, notes=["A note."])
    return markdown("Title", machine, BENCHMARKS, recorder, verdicts, "speed.svg")


def test_it_begins_with_the_title_and_the_machine(text: str) -> None:
    assert text.startswith("# Title\n\n|  |  |\n| --- | --- |\n| CPU | a fast one |\n\n* A note.\n")


def test_targets_that_are_not_met_come_first(text: str) -> None:
    rows = text.partition("## Targets: 1 of 2 met")[2]
    assert rows.index("**no**: 12.5%") < rows.index("| yes |")
    missed = "| **no**: 12.5% | memory: eager, float32 (2, 3): keras_xent | ≤ 1 buffers | 1.12 |"
    assert missed in rows


def test_times_are_multiples_of_ours_where_there_is_ours(text: str) -> None:
    assert "| dtype | shape | keras_xent | v1 |" in text
    assert "| float32 | (2, 3) | 2.00 ms (1.50 ms – 2.50 ms) | 2.50 × |" in text
    assert "| float32 | (4, 5) |  | 7.00 ms (7.00 ms – 7.00 ms) |" in text


def test_other_units_are_named_and_show_the_benchmarks_statistic(text: str) -> None:
    assert "The peak.\n\nUnit: buffers.\n" in text
    assert "| case | dtype | shape | keras_xent |" in text
    assert "| eager | float32 | (2, 3) | 1.25 |" in text


def test_what_was_not_measured_says_so_and_the_picture_is_there(text: str) -> None:
    assert "## idle\n\nNothing.\n\nNot measured.\n" in text
    assert "](speed.svg)" in text


def test_another_contender_can_be_the_base() -> None:
    benchmark = Benchmark("training", "A step.", lambda options: [], base="v1")
    text = markdown("Title", {}, [benchmark], Recorder(measurements=MEASUREMENTS), [])
    assert "| float32 | (2, 3) | 0.40 × | 5.00 ms (5.00 ms – 5.00 ms) |" in text


def net_table(ours: float, empty: float) -> str:
    v1_eagerly = V1._replace(case="eager")
    times = {OURS: ours, V1: 0.005, OURS._replace(contender=EMPTY): empty, v1_eagerly: 0.009}
    rows = [Measurement(key, -1, "s", summarize([time])) for key, time in times.items()]
    text = markdown("Title", {}, BENCHMARKS[:1], Recorder(measurements=rows), [])
    return text.partition("Without the time E of an empty call: ")[2]


def test_times_less_an_empty_call_have_a_table_of_their_own() -> None:
    text = net_table(0.002, 0.001)
    assert text.startswith("keras_xent − E, and (X − E) / (keras_xent − E).\n")
    assert "| dtype | shape | keras_xent | v1 |" in text
    assert "| float32 | (2, 3) | 1.00 ms | 4.00 × |" in text
    # A row without an empty call is in the first table only.
    assert "eager" not in text


def test_what_takes_no_longer_than_an_empty_call_divides_nothing() -> None:
    assert "| float32 | (2, 3) | 0 | – |" in net_table(0.001, 0.001)


def test_without_an_empty_call_there_is_one_table(text: str) -> None:
    assert "of an empty call" not in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1.5, "1.50 s"), (0.0123, "12.3 ms"), (0.000631, "631 µs"), (4.2e-7, "0.42 µs")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
