"""What the guide says about TF1's APIs on this version of TensorFlow."""

from __future__ import annotations

from pathlib import Path

import processes
import pytest

from keras_xent._keras import IS_KERAS_3

GUIDE = Path(__file__).parent.parent.parent / "migration_guide" / "README.md"
# Prints for each API the error that it raises, or "runs".
PROGRAM = """
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()


def layers():
    tf.layers.dense(tf.zeros([2, 3]), 4)


def cells():
    tf.nn.rnn_cell.LSTMCell(3)


def fit():
    model = tf.keras.Sequential([tf.keras.layers.Dense(3, input_shape=(2,))])
    model.compile("sgd", "mse")
    model.fit(np.zeros([1, 2]), np.zeros([1, 3]), verbose=0)


def session():
    with tf.Session() as session:
        session.run(tf.get_variable("v", [2], initializer=tf.zeros_initializer()).initializer)


for each in (session, layers, cells, fit):
    try:
        each()
    except Exception as error:
        print(f"{each.__name__}: {type(error).__name__}: {error}".splitlines()[0])
    else:
        print(f"{each.__name__}: runs")
"""


def results() -> dict[str, str]:
    printed = processes.printed_by(["-c", PROGRAM])
    lines = [line for line in printed.splitlines() if ": " in line]
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.skipif(IS_KERAS_3, reason="about Keras 2")
def test_with_keras_2_all_of_them_run() -> None:
    assert results() == dict.fromkeys(["session", "layers", "cells", "fit"], "runs")


@pytest.mark.skipif(not IS_KERAS_3, reason="about Keras 3")
def test_with_keras_3_only_sessions_run() -> None:
    found = results()
    assert found.pop("session") == "runs"
    assert set(found) == {"layers", "cells", "fit"}
    assert "runs" not in found.values()
    # As the guide quotes it.
    assert found["layers"].startswith("AttributeError: `dense` is not available with Keras 3")
    assert "`dense` is not available with Keras 3" in GUIDE.read_text(encoding="utf-8")
