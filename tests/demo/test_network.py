"""The demo's network."""

from __future__ import annotations

import numpy as np

from keras_xent_cli.demo.network import initial_parameters, logits


def test_shapes_of_the_parameters() -> None:
    parameters = initial_parameters(seed=0)
    assert [p.shape for p in parameters] == [(64, 64), (64,), (64, 10), (10,)]
    assert {p.dtype for p in parameters} == {np.dtype(np.float32)}


def test_the_initialisation_is_glorots() -> None:
    kernel, bias, output_kernel, output_bias = initial_parameters(seed=0)
    for values, limit in ((kernel, np.sqrt(6 / 128)), (output_kernel, np.sqrt(6 / 74))):
        assert np.max(np.abs(values)) <= limit
        assert np.max(np.abs(values)) > 0.98 * limit
        assert abs(np.mean(values)) < 0.05 * limit
    assert not np.any(bias)
    assert not np.any(output_bias)


def test_the_seed_decides() -> None:
    one, again, other = initial_parameters(0), initial_parameters(0), initial_parameters(1)
    np.testing.assert_array_equal(one[0], again[0])
    assert np.any(one[0] != other[0])


def test_logits_by_hand() -> None:
    parameters = [
        np.array([[1.0, -1.0], [2.0, 0.0]]),
        np.array([0.5, 0.5]),
        np.array([[1.0, 0.0, 2.0], [10.0, 10.0, 10.0]]),
        np.array([0.0, 1.0, -1.0]),
    ]
    # The inputs of the hidden units: 1 + 2 + 0.5 and -1 + 0.5.
    one, two = np.tanh(3.5), np.tanh(-0.5)
    np.testing.assert_allclose(
        logits(parameters, np.array([[1.0, 1.0]])),
        [[one + 10 * two, 10 * two + 1, 2 * one + 10 * two - 1]],
        rtol=1e-15,
    )


def test_logits_are_computed_in_float64() -> None:
    assert logits(initial_parameters(0), np.ones((2, 64), np.float32)).dtype == np.float64
