"""The cases of the self-test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent import losses
from keras_xent_cli.doctor.cases import SelfTestCase, all_cases
from keras_xent_cli.doctor.places import Place
from keras_xent_cli.doctor.selftest import run_case

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.title}-{case.in_function}")
def test_keras_xent_passes(case: SelfTestCase) -> None:
    outcome = run_case(case, Place("CPU:0", "native kernels"))
    assert outcome.error == ""
    assert outcome.value_error <= case.tolerance
    assert outcome.gradient_error <= case.tolerance


def test_what_is_covered() -> None:
    assert {case.dtype for case in CASES} == {tf.float16, tf.bfloat16, tf.float32, tf.float64}
    assert {case.in_function for case in CASES} == {False, True}
    assert {case.inputs.logits.shape for case in CASES} == {(32, 10), (7, 1000), (2, 5, 3, 4)}


@pytest.mark.parametrize("name", losses.__all__)
def test_a_wrong_keras_loss_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(keras_xent, name)

    def wrong(*args: Any, **keywords: Any) -> Any:
        loss = right(*args, **keywords)
        return lambda *args, **keywords: 1.001 * loss(*args, **keywords)

    monkeypatch.setattr(keras_xent, name, wrong)
    outcomes = [
        (case, run_case(case, Place("CPU:0", "native kernels")))
        for case in all_cases()
        if case.title.startswith("Keras")
    ]
    failed = [case for case, outcome in outcomes if not outcome.passed]
    assert len({case.title for case in failed}) == 1
    assert {case.in_function for case in failed} == {False, True}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.title}-{case.in_function}")
def test_inputs(case: SelfTestCase) -> None:
    inputs = case.inputs
    if "sparse" in case.title:
        assert inputs.labels.shape == inputs.weights.shape == inputs.logits.shape[:-1]
    else:
        assert inputs.labels.shape == inputs.logits.shape
    if "sigmoid" in case.title:
        assert inputs.weights.shape == inputs.logits.shape
    elif "binary" in case.title:
        assert inputs.weights.shape == inputs.logits.shape[:-1]
    elif "sparse" not in case.title:
        sums = inputs.labels.sum(axis=1 if "axis=1" in case.title else -1)
        np.testing.assert_allclose(sums, 1.0)
        assert inputs.weights.shape == sums.shape
    # Masks are what the package is about: no case may be without one.
    assert np.any(case.inputs.weights == 0)
