"""The demo's data."""

from __future__ import annotations

import numpy as np
import pytest

from keras_xent_cli.demo import data


@pytest.fixture(scope="module")
def digits() -> data.Digits:
    return data.load(seed=0)


def test_sizes(digits: data.Digits) -> None:
    assert digits.images.shape == (1437, 64)
    assert digits.labels.shape == (1437, 10)
    assert digits.weights.shape == (1437,)
    assert digits.held_out_images.shape == (360, 64)
    assert digits.held_out_classes.shape == (360,)
    assert digits.images.dtype == digits.labels.dtype == digits.weights.dtype == np.float32


def test_a_third_of_the_weights_are_zero(digits: data.Digits) -> None:
    assert np.count_nonzero(digits.weights == 0) == 1437 // 3
    assert np.all(digits.weights >= 0)
    assert len(np.unique(digits.weights)) > 400


def test_the_share_of_zero_weights_differs_from_batch_to_batch(digits: data.Digits) -> None:
    shares = {
        float(np.mean(digits.weights[first : first + 128] == 0)) for first in range(0, 1280, 128)
    }
    assert len(shares) > 3


def test_images_and_labels(digits: data.Digits) -> None:
    assert digits.images.min() == 0.0
    assert digits.images.max() == 1.0
    np.testing.assert_array_equal(digits.labels.sum(axis=1), 1.0)
    np.testing.assert_array_equal(np.unique(digits.labels), [0.0, 1.0])
    # Nobody writes ten digits in this proportion by chance: each class has its images.
    assert digits.labels.sum(axis=0).min() > 120


def test_training_and_held_out_images_are_all_the_images(digits: data.Digits) -> None:
    from sklearn.datasets import load_digits

    both = np.concatenate([digits.images, digits.held_out_images])
    expected = load_digits().data / 16.0
    np.testing.assert_array_equal(np.sort(both, axis=0), np.sort(expected, axis=0))


def test_labels_go_with_their_images(digits: data.Digits) -> None:
    from sklearn.datasets import load_digits

    class_of = {image.tobytes(): label for image, label in zip(*load_digits(return_X_y=True))}
    images = (digits.images * 16).astype(np.float64)
    expected = [class_of[image.tobytes()] for image in images]
    np.testing.assert_array_equal(digits.labels.argmax(axis=1), expected)


def test_the_seed_decides(digits: data.Digits) -> None:
    again, other = data.load(seed=0), data.load(seed=1)
    np.testing.assert_array_equal(again.images, digits.images)
    np.testing.assert_array_equal(again.weights, digits.weights)
    assert np.any(other.images != digits.images)
    assert np.any(other.weights != digits.weights)
