"""TensorFlow's rounding is within the tolerances; a wrong denominator or smoothing is not."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import oracle_calls
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_xent import Reduction
from keras_xent.comparing import exactness
from keras_xent.comparing.oracles import ORACLES, Oracle
from keras_xent.comparing.results import value_and_gradients
from keras_xent.comparing.tensors import compare

CROSS_ENTROPIES = sorted(set(ORACLES) - {"compute_weighted_loss"})
WEIGHTS = [0, 0, 1, 0.4, -2.0, 3.7]


def labels_of(name: str, shape: list[int], random: np.random.RandomState, kind: int) -> Any:
    if name.startswith("sparse"):
        return random.randint(shape[-1], size=shape[:-1])
    if name.startswith("sigmoid"):
        labels = random.uniform(size=shape)
        return labels if kind else np.round(labels)
    labels = random.dirichlet(np.ones(shape[-1]), size=shape[:-1])
    return labels if kind else np.eye(shape[-1])[random.randint(shape[-1], size=shape[:-1])]


@st.composite
def calls(draw: st.DrawFn) -> Any:
    """A function's oracle and the inputs of a call, in some dtype."""
    name = draw(st.sampled_from(CROSS_ENTROPIES))
    dtype = draw(st.sampled_from(exactness.DTYPES))
    outer = draw(st.lists(st.integers(1, 5), min_size=1, max_size=2))
    shape = [*outer, draw(st.sampled_from([1, 2, 7, 300]))]
    random = np.random.RandomState(draw(st.integers(0, 1000)))
    logits = random.normal(size=shape) * draw(st.sampled_from([0.1, 3.0, 50.0]))
    labels = labels_of(name, shape, random, draw(st.integers(0, 1)))
    tensors = [tf.constant(labels), tf.constant(logits)]
    if "weights" in ORACLES[name].inputs:
        losses = shape if name.startswith("sigmoid") else outer
        of = draw(st.sampled_from([[], losses, [1] * len(losses)]))
        tensors.append(tf.constant(random.choice(WEIGHTS, size=of), tf.float32))
    tensors = [
        tf.cast(each, dtype) if each.dtype == tf.float64 else each for each in tensors
    ]
    arguments = dict(oracle_calls.ARGUMENTS[name])
    if "reduction" in arguments:
        arguments["reduction"] = draw(st.sampled_from(list(Reduction)))
    if "label_smoothing" in arguments:
        arguments["label_smoothing"] = draw(st.sampled_from([0.0, 0.1, 1.0]))
    return ORACLES[name](**arguments), tensors


@settings(max_examples=60)
@given(calls())
def test_the_results_of_every_dtype_are_as_near_to_those_of_float64(call: Any) -> None:
    oracle, tensors = call
    exact = [
        tf.cast(each, tf.float64) if name != "weights" and each.dtype.is_floating else each
        for name, each in zip(oracle.inputs, tensors)
    ]
    value, gradients = value_and_gradients(oracle.value, tensors)
    exact_value, exact_gradients = value_and_gradients(oracle.value, exact)
    expected = tf.cast(exact_value, value.dtype)
    assert compare(value, expected, oracle.value_tolerance(*tensors))[0]
    tolerances = oracle.gradient_tolerances(tf.ones_like(value), *tensors)
    for found, other, tolerance in zip(gradients, exact_gradients, tolerances):
        assert (found is None) is (other is None)
        if found is not None:
            assert compare(found, tf.cast(other, found.dtype), tolerance)[0]


def batch_of(name: str, dtype: str, size: int) -> list[tf.Tensor]:
    random = np.random.RandomState(0)
    tensors = [
        tf.constant(labels_of(name, [size, 3], random, 1)),
        tf.constant(random.normal(size=[size, 3])),
    ]
    tensors = [tf.cast(each, dtype) if each.dtype == tf.float64 else each for each in tensors]
    return [*tensors, tf.constant(1.0)]


@pytest.mark.parametrize("dtype", exactness.DTYPES)
@pytest.mark.parametrize(
    "name", [name for name in CROSS_ENTROPIES if "weights" in ORACLES[name].inputs]
)
def test_a_denominator_that_is_one_too_large_is_seen(name: str, dtype: str) -> None:
    size = 8 if dtype.endswith("16") else 500
    count = 3 * size if name.startswith("sigmoid") else size
    tensors = batch_of(name, dtype, size)
    oracle: Any = oracle_calls.oracle(name)
    if "label_smoothing" in oracle.arguments:
        oracle = dataclasses.replace(oracle, label_smoothing=0.0)
    for reduction in (
        Reduction.SUM_BY_NONZERO_WEIGHTS,
        Reduction.SUM_OVER_BATCH_SIZE,
        Reduction.MEAN,
    ):
        oracle = dataclasses.replace(oracle, reduction=reduction)
        right, tolerance = oracle.value(*tensors), oracle.value_tolerance(*tensors)
        # In 16 bits the sigmoid's terms are larger than its losses, and its losses are more.
        narrow_sigmoid = name.startswith("sigmoid") and dtype.endswith("16")
        wrong = right * (count / (count + (3 if narrow_sigmoid else 1)))
        assert compare(right, right, tolerance)[0]
        assert not compare(wrong, right, tolerance)[0]


def caught(right: Oracle, wrong: Oracle, tensors: list[tf.Tensor]) -> bool:
    """Whether both the value and the gradient to the logits of a wrong call are."""
    value, other = right.value(*tensors), wrong.value(*tensors)
    seen = not compare(other, value, right.value_tolerance(*tensors))[0]
    upstream = tf.ones_like(value)
    gradient = right.gradients(upstream, tensors)[1]
    tolerance = right.gradient_tolerances(upstream, *tensors)[1]
    return seen and not compare(wrong.gradients(upstream, tensors)[1], gradient, tolerance)[0]


@pytest.mark.parametrize("dtype", exactness.DTYPES)
def test_a_wrong_smoothing_of_a_sigmoid_is_seen(dtype: str) -> None:
    name = "sigmoid_cross_entropy"
    labels, logits, weights = batch_of(name, dtype, 8)
    right, plain, wrong = (
        ORACLES[name](smoothing, Reduction.NONE) for smoothing in (0.25, 0.0, 0.2)
    )
    assert caught(right, wrong, [labels, logits, weights])
    # Towards one over the classes, as a softmax is smoothed.
    towards = labels * 0.75 + 0.25 / 3
    value = plain.value(towards, logits, weights)
    tensors = [labels, logits, weights]
    assert not compare(value, right.value(*tensors), right.value_tolerance(*tensors))[0]
    upstream = tf.ones_like(value)
    gradient = plain.gradients(upstream, [towards, logits, weights])[1]
    tolerance = right.gradient_tolerances(upstream, *tensors)[1]
    assert not compare(gradient, right.gradients(upstream, tensors)[1], tolerance)[0]


@pytest.mark.parametrize("dtype", exactness.DTYPES)
def test_the_gradient_to_smoothed_labels_is_not_that_to_the_labels(dtype: str) -> None:
    tensors = batch_of("sigmoid_cross_entropy", dtype, 8)
    right, plain = (
        ORACLES["sigmoid_cross_entropy"](smoothing, Reduction.SUM) for smoothing in (0.25, 0.0)
    )
    upstream = tf.cast(1.0, dtype)
    gradient = right.gradients(upstream, tensors)[0]
    tolerance = right.gradient_tolerances(upstream, *tensors)[0]
    assert not compare(plain.gradients(upstream, tensors)[0], gradient, tolerance)[0]


@pytest.mark.parametrize("logit", [1e4, -1e4, 20.0, -20.0])
@pytest.mark.parametrize("label", [0.0, 1.0, 0.5])
def test_large_logits_of_a_sigmoid_have_finite_tolerances(logit: float, label: float) -> None:
    oracle = ORACLES["sigmoid_cross_entropy_with_logits"]()
    tensors = [tf.constant([label]), tf.constant([logit])]
    tolerances = [oracle.value_tolerance(*tensors)]
    tolerances += oracle.gradient_tolerances(tf.ones([1]), *tensors)
    for tolerance, magnitude in zip(tolerances, (2 * abs(logit) + 1, abs(logit) + 1, 4)):
        assert np.all((tolerance > 0) & (tolerance <= 17 * 2.0**-23 * magnitude))
