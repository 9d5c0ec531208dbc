"""The demo's picture."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from keras_xent_cli.demo import chart
from keras_xent_cli.demo.comparison import Comparison, Row


def comparison(steps: int) -> Comparison:
    x = np.arange(steps + 1)
    falling = list(2.0 * 0.98**x)
    slower = list(2.0 * 0.99**x)
    return Comparison(
        tf1=Row("TF1", 2.0, falling, 0.9, [0.0] * len(x), 0.001),
        naive=Row("naive port", 1.4, slower, 0.9, list(0.001 * x), 0.001),
        ours=Row("keras_xent", 2.0, falling, 0.9, list(1e-9 * x), 0.001),
    )


def pixels_of(image: np.ndarray, colour: str) -> int:
    near = np.abs(image[..., :3] - np.array(to_rgb(colour))) < 0.01
    return int(np.count_nonzero(near.all(axis=-1)))


def test_all_three_curves_can_be_seen(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "curves.png"
    chart.save(comparison(steps=100), path)
    image = imread(path)
    left, right = np.array_split(image, 2, axis=1)
    assert image.shape[:2] == (720, 1650)
    # keras_xent lies on TF1: neither may hide the other.
    assert pixels_of(left, chart.TF1_COLOUR) > 1000
    assert pixels_of(left, chart.OURS_COLOUR) > 500
    assert pixels_of(left, chart.NAIVE_COLOUR) > 500
    assert pixels_of(right, chart.NAIVE_COLOUR) > 500
    assert pixels_of(right, chart.OURS_COLOUR) > 500
    assert pixels_of(right, chart.TF1_COLOUR) == 0


@pytest.mark.parametrize("difference", [0.0, float("nan"), 1e3])
def test_odd_numbers_can_be_drawn(tmp_path: pathlib.Path, difference: float) -> None:
    odd = comparison(steps=1)
    odd.ours.differences[:] = [difference, difference]
    path = tmp_path / "curves.png"
    chart.save(odd, path)
    assert imread(path).shape[:2] == (720, 1650)


def test_a_folder_that_does_not_exist(tmp_path: pathlib.Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        chart.save(comparison(steps=1), tmp_path / "nowhere" / "curves.png")
