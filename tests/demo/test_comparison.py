"""The comparison of the three trainings."""

from __future__ import annotations

import numpy as np
import pytest

from keras_xent_cli.demo import data
from keras_xent_cli.demo.comparison import TOLERANCE, compare
from keras_xent_cli.demo.network import initial_parameters
from keras_xent_cli.demo.training import Training
from keras_xent_cli.demo.yardstick import held_out_accuracy, weighted_loss


@pytest.fixture(scope="module")
def digits() -> data.Digits:
    return data.load(seed=0)


def training(name: str, shifts: list[float], first_loss: float = 2.0) -> Training:
    """A made-up training: the output bias is moved by so much at each step."""
    trajectory = []
    for shift in shifts:
        parameters = [p.astype(np.float64) for p in initial_parameters(0)]
        parameters[3][0] += shift
        trajectory.append(parameters)
    return Training(name, first_loss, trajectory, step_seconds=[0.3, 0.1, 0.2])


def test_measures(digits: data.Digits) -> None:
    tf1 = training("a", [0.0, 0.5, 1.0], first_loss=3.0)
    naive = training("b", [0.0, 0.25, 0.25], first_loss=1.0)
    ours = training("c", [0.0, 0.5, 1.0 + 2**-20])
    comparison = compare(tf1, naive, ours, digits)

    assert [row.name for row in comparison.rows] == ["a", "b", "c"]
    assert [row.first_loss for row in comparison.rows] == [3.0, 1.0, 2.0]
    assert comparison.steps == 2
    assert comparison.tf1.differences == [0.0, 0.0, 0.0]
    assert comparison.naive.differences == pytest.approx([0.0, 0.25, 0.75])
    assert comparison.ours.differences == pytest.approx([0.0, 0.0, 2**-20])
    assert comparison.naive.step_seconds == 0.2
    assert comparison.naive.losses == [weighted_loss(p, digits) for p in naive.trajectory]
    assert comparison.naive.accuracy == held_out_accuracy(naive.final, digits)


@pytest.mark.parametrize(
    ("differences", "follows"),
    [
        ([0.0, 0.9 * TOLERANCE], True),
        ([0.0, 1.1 * TOLERANCE], False),
        # Away in between and back again is not following.
        ([1.1 * TOLERANCE, 0.0], False),
        ([0.0, float("nan")], False),
        ([float("nan"), 0.0], False),
    ],
)
def test_following_tf1(digits: data.Digits, differences: list[float], follows: bool) -> None:
    still = training("still", [0.0, 0.0])
    comparison = compare(still, still, training("ours", differences), digits)
    assert comparison.ours_follows_tf1 is follows


def test_trainings_of_different_length(digits: data.Digits) -> None:
    two, three = training("two", [0.0] * 3), training("three", [0.0] * 4)
    with pytest.raises(ValueError, match="got 2, 2 and 3"):
        compare(two, two, three, digits)
