"""What the demo measures and shows."""

from __future__ import annotations

import io
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from rich.console import Console

from keras_xent_cli.demo import show, train
from keras_xent_cli.demo.show import TOLERANCE, Comparison, Row


def training(name: str, shifts: list[float]) -> train.Training:
    """A made-up training: the output bias is moved by so much at each step."""
    made = train.Training(name, [], lambda: None, 2.0, step_seconds=[0.3, 0.1, 0.2])
    for shift in shifts:
        parameters = [p.astype(np.float64) for p in train.initial_parameters(0)]
        parameters[3][3] += shift
        made.trajectory.append(parameters)
    return made


def test_measures() -> None:
    digits = train.Digits.load(seed=0)
    tf1 = training("a", [0.0, 0.5, 1.0])
    # The last one always answers 3.
    naive = training("b", [0.0, 0.25, 1000.0])
    ours = training("c", [0.0, float("nan"), 1.0 + 2**-20])
    comparison = show.compare([tf1, naive, ours], digits)
    assert [row.name for row in comparison] == ["a", "b", "c"]
    assert comparison.steps == 2
    assert comparison.tf1.differences == [0.0, 0.0, 0.0]
    assert comparison.naive.differences == pytest.approx([0.0, 0.25, 999.0])
    nan = float("nan")
    assert comparison.ours.differences == pytest.approx([0.0, nan, 2**-20], nan_ok=True)
    assert comparison.naive.step_seconds == 0.2
    assert comparison.naive.accuracy == np.mean(digits.held_out_classes == 3)
    expected = tf.compat.v1.losses.softmax_cross_entropy(
        digits.labels, train.logits(tf1.trajectory[1], digits.images), weights=digits.weights
    )
    assert comparison.tf1.losses[1] == pytest.approx(float(expected), rel=1e-6)


def comparison_of(*differences: float) -> Comparison:
    tf1 = Row("TF1", 2.3456, [2.3, 0.5432], 0.9512, [0.0, 0.0], 0.0012)
    naive = Row("naive port", 1.5678, [2.3, 0.8765], 0.8499, [0.0, 0.123], 0.0034)
    return Comparison(tf1, naive, tf1._replace(name="keras_xent", differences=differences))


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
def test_following_tf1(differences: list[float], follows: bool) -> None:
    assert comparison_of(*differences).ours_follows_tf1 is follows


def test_the_table_fits_a_terminal_of_80_columns() -> None:
    stream = io.StringIO()
    show.print_all(comparison_of(0.0, 3e-7), Console(file=stream, width=80))
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if "│" in line]
    assert rows == [
        ["TF1", "2.3456", "0.5432", "95.1%", "-", "1.2 ms"],
        ["naive port", "1.5678", "0.8765", "85.0%", "1.2e-01", "3.4 ms"],
        ["keras_xent", "2.3456", "0.5432", "95.1%", "3.0e-07", "1.2 ms"],
    ]
    assert "not a benchmark" in " ".join(stream.getvalue().split())


def test_conclusion_of_success() -> None:
    first, second, third = show.conclusion(comparison_of(0.0, 3e-7))
    assert "2.3456" in first
    assert "1.5678" in first
    assert "up to 0.12 away" in second
    assert "more than 3e-07 away" in third
    assert 'reduction="sum_by_nonzero_weights"' in third
    assert "FAILED" not in third


@pytest.mark.parametrize("difference", [0.02, float("nan")])
def test_conclusion_of_failure(difference: float) -> None:
    last = show.conclusion(comparison_of(0.0, difference))[-1]
    assert last.startswith("FAILED")
    assert f"{difference} away" in last
    assert "keras-xent doctor" in last


def pixels_of(image: np.ndarray, colour: str) -> int:
    near = np.abs(image[..., :3] - np.array(to_rgb(colour))) < 0.01
    return int(np.count_nonzero(near.all(axis=-1)))


def test_all_three_curves_can_be_seen(tmp_path: pathlib.Path) -> None:
    x = np.arange(101)
    tf1 = Row("TF1", 2.0, 2.0 * 0.98**x, 0.9, 0.0 * x, 0.001)
    naive = Row("naive port", 1.4, 2.0 * 0.99**x, 0.9, 0.001 * x, 0.001)
    ours = tf1._replace(name="keras_xent", differences=1e-9 * x)
    path = tmp_path / "curves.png"
    show.draw(Comparison(tf1, naive, ours), path)
    image = imread(path)
    left, right = np.array_split(image, 2, axis=1)
    assert image.shape[:2] == (720, 1650)
    # keras_xent lies on TF1: neither may hide the other.
    assert pixels_of(left, show.TF1_COLOUR) > 1000
    assert pixels_of(left, show.OURS_COLOUR) > 500
    assert pixels_of(left, show.NAIVE_COLOUR) > 500
    assert pixels_of(right, show.NAIVE_COLOUR) > 500
    assert pixels_of(right, show.OURS_COLOUR) > 500
    assert pixels_of(right, show.TF1_COLOUR) == 0


@pytest.mark.parametrize("difference", [0.0, float("nan"), 1e3])
def test_odd_numbers_can_be_drawn(tmp_path: pathlib.Path, difference: float) -> None:
    path = tmp_path / "curves.png"
    show.draw(comparison_of(difference, difference), path)
    assert imread(path).shape[:2] == (720, 1650)
