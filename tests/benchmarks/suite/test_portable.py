"""Everybody is measured in every mode, by the backend that the report names."""

from __future__ import annotations

import keras_xent
from benchmarks.benchmark import EMPTY, PORTABLE, Options, Recorder
from benchmarks.setups import Setup
from benchmarks.suite import portable


def test_every_mode_has_ours_and_v1_and_a_trace_has_an_empty_call() -> None:
    recorder = Recorder(Options(rounds=1))
    portable._run(Setup((4, 3)), "training", recorder)
    found = [(row.key.case, row.key.contender) for row in recorder.measurements]
    assert sorted(found) == sorted(
        [
            ("training, tf.function", PORTABLE),
            ("training, tf.function", "v1"),
            ("training, tf.function", EMPTY),
            ("training, eager", PORTABLE),
            ("training, eager", "v1"),
            ("training, XLA", PORTABLE),
            ("training, XLA", "v1"),
            ("training, XLA", EMPTY),
        ]
    )
    assert keras_xent.backend().requested == "auto"


def test_the_class_axis_of_every_shape() -> None:
    found = {(setup.shape, setup.dtype): setup.axis for setup in portable.setups(Options())}
    assert found.pop(((8, 21, 128, 128), "float32")) == 1
    assert set(found.values()) == {-1}
    assert len(found) == 4 + 2 * 2
