"""Every contender computes TF1's loss and gradient."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Tuple

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import contenders
from benchmarks.setups import Setup

ROOT = Path(__file__).parents[2]
SETUPS = [Setup((12, 7)), Setup((12, 7), soft_labels=True), Setup((12, 7), "float64")]


def results(module: str, setup: Setup) -> Tuple[Any, Any, Any]:
    """Loss, gradient, and the loss of an evaluation."""
    contender = contenders.load(module)
    inputs = contender.inputs(setup)
    loss, gradient = contender.traced(contender.training(setup))(*inputs)
    return loss, gradient, contender.traced(contender.evaluation(setup))(*inputs)


def assert_equal(found: Tuple[Any, Any, Any], setup: Setup, factor: float = 1.0) -> None:
    for one, other in zip(found, results("v1", setup)):
        np.testing.assert_allclose(np.asarray(one) * factor, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("setup", SETUPS, ids=str)
@pytest.mark.parametrize("module", ["ours", "xla"])
def test_tensorflows(module: str, setup: Setup) -> None:
    assert_equal(results(module, setup), setup)


@pytest.mark.parametrize("setup", SETUPS, ids=str)
def test_keras_divides_by_all_examples(setup: Setup) -> None:
    assert_equal(results("keras", setup), setup, factor=12 / 8)


def test_addv2_adds() -> None:
    setup = SETUPS[0]
    contender = contenders.load("addv2")
    total = contender.traced(contender.training(setup))(*contender.inputs(setup))
    np.testing.assert_array_equal(total, setup.logits() + setup.labels())


def test_ours_and_keras_take_another_class_axis() -> None:
    setup = Setup((2, 5, 3, 3), axis=1)
    logits, labels, weights = contenders.load("ours").inputs(setup)
    last = [tf.transpose(tensor, [0, 2, 3, 1]) for tensor in (logits, labels)]
    at_end = Setup((2, 3, 3, 5))
    expected, _ = contenders.load("ours").training(at_end)(*last, weights)
    found, _ = contenders.load("ours").training(setup)(logits, labels, weights)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    # Keras smooths by the size of the last axis: without smoothing it agrees.
    plain = Setup((2, 5, 3, 3), axis=1, label_smoothing=0.0)
    ours, _ = contenders.load("ours").training(plain)(logits, labels, weights)
    keras, _ = contenders.load("keras").training(plain)(logits, labels, weights)
    np.testing.assert_allclose(keras * 18 / 12, ours, rtol=1e-5)


OTHER = """
import json
from benchmarks import contenders
from benchmarks.setups import Setup
import numpy as np
setup = {setup!r}
contender = contenders.load({module!r})
loss, gradient = contender.training(setup)(*contender.inputs(setup))
evaluated = contender.evaluation(setup)(*contender.inputs(setup))
print(json.dumps([np.asarray(x).tolist() for x in (loss, gradient, evaluated)]))
"""


@pytest.mark.parametrize("setup", SETUPS[:2], ids=str)
@pytest.mark.parametrize("module", contenders.OTHERS)
def test_others(module: str, setup: Setup) -> None:
    if not contenders.is_installed(module):
        pytest.skip(f"{contenders.PACKAGES[module]} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", OTHER.format(setup=setup, module=module)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert_equal(json.loads(done.stdout), setup)
