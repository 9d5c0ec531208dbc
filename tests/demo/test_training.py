"""The schedule and the record."""

from __future__ import annotations

import numpy as np

from keras_xent_cli.demo.training import Schedule, Training


def test_the_last_batch_of_an_epoch_counts() -> None:
    assert Schedule(examples=1437, epochs=1).steps == 12
    assert Schedule(examples=1437, epochs=20).steps == 240
    assert Schedule(examples=256, epochs=3, batch_size=128).steps == 6


def test_steps_and_final_parameters_of_a_record() -> None:
    trajectory = [[np.full(2, float(i))] for i in range(4)]
    training = Training("x", first_loss=1.0, trajectory=trajectory, step_seconds=[0.1] * 3)
    assert training.steps == 3
    np.testing.assert_array_equal(training.final[0], [3.0, 3.0])
