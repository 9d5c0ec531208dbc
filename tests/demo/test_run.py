"""The three trainings together: the claim that the demo makes."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from keras_xent_cli.demo import data
from keras_xent_cli.demo.comparison import Comparison
from keras_xent_cli.demo.run import train_all

EPOCHS = 9


@pytest.fixture(scope="module")
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def comparison(stream: io.StringIO) -> Comparison:
    console = Console(file=stream, width=80)
    return train_all(data.load(seed=0), epochs=EPOCHS, seed=0, console=console)


def test_at_least_100_steps(comparison: Comparison) -> None:
    assert comparison.steps == 108


def test_keras_xent_follows_tf1_within_rounding(comparison: Comparison) -> None:
    assert max(comparison.ours.differences) <= 1e-5
    assert comparison.ours_follows_tf1


def test_the_naive_port_drifts(comparison: Comparison) -> None:
    assert comparison.naive.differences[-1] > 0.05
    assert comparison.naive.losses[-1] > 1.2 * comparison.tf1.losses[-1]


def test_all_start_from_the_same_parameters(comparison: Comparison) -> None:
    assert {row.losses[0] for row in comparison.rows} == {comparison.tf1.losses[0]}
    assert {row.differences[0] for row in comparison.rows} == {0.0}


def test_the_losses_that_they_report_first(comparison: Comparison) -> None:
    assert comparison.ours.first_loss == pytest.approx(comparison.tf1.first_loss, rel=1e-5)
    assert comparison.naive.first_loss < 0.8 * comparison.tf1.first_loss


def test_they_learn(comparison: Comparison) -> None:
    for row in comparison.rows:
        assert row.accuracy > 0.85
        assert row.losses[-1] < 0.3 * row.losses[0]


def test_progress_is_shown_to_its_end(comparison: Comparison, stream: io.StringIO) -> None:
    assert stream.getvalue().count("108/108 steps") == 3
