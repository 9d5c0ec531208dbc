"""What is measured is what the targets ask for."""

from __future__ import annotations

import pytest

import keras_xent
from benchmarks.accuracy import SUITE, bits, losses
from benchmarks.benchmark import OURS, Options, Recorder
from benchmarks.checks import judge


def measured(name: str, most: int) -> Recorder:
    """The first parts of a benchmark, run."""
    (benchmark,) = [benchmark for benchmark in SUITE.benchmarks if benchmark.name == name]
    recorder = Recorder()
    for part in benchmark.parts(Options(quick=True))[:most]:
        part.run(recorder)
    return recorder


# Other numbers of classes, and larger logits: tests/ops/test_softmax_precision.py and
# test_sigmoid_precision.py.
@pytest.mark.parametrize(
    ("name", "most"),
    [
        *((name, 2) for name in ("losses", "sigmoid_losses")),
        *((name, 4) for name in ("tail", "dominant", "sigmoid_gradients", "bits")),
    ],
)
def test_results_are_as_exact_as_the_targets_ask(name: str, most: int) -> None:
    if keras_xent.backend().name != "native":
        pytest.skip("the targets are the native backend's")
    recorder = measured(name, most)
    names = (OURS, losses.SPARSE)
    ours = [row for row in recorder.measurements if row.key.contender in names]
    verdicts = judge(SUITE.targets, recorder.measurements, skip_unmeasured=True)
    assert len(ours) == len(verdicts) > 0
    assert [verdict for verdict in verdicts if not verdict.met] == []


@pytest.mark.parametrize(("other", "count"), [(b"abc", 0), (b"abd", 1), (b"xyz", 3)])
def test_bytes_that_differ(other: bytes, count: int) -> None:
    assert bits.differing_bytes(b"abc", other) == count


def test_every_benchmark_has_targets_for_all_it_measures() -> None:
    names: list[str] = [target.key.benchmark for target in SUITE.targets]
    for benchmark in SUITE.benchmarks:
        # Of one-hot labels and of class ids.
        of_a_part = 2 * len(losses.LABELS) if benchmark is losses.BENCHMARK else 1
        assert names.count(benchmark.name) == of_a_part * len(benchmark.parts(Options()))
