"""Right results are never taken for wrong ones, and a wrong denominator always is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_xent import Reduction, ops, v1
from keras_xent.comparing import exactness
from keras_xent.ops import weighting
from keras_xent.testing import VerificationError, verify

DTYPES = list(exactness.DTYPES)


@st.composite
def arguments(draw: st.DrawFn) -> Any:
    """Logits, labels and weights, of which nothing is known but that they fit."""
    outer = draw(st.lists(st.integers(0, 5), min_size=1, max_size=2))
    classes = draw(st.sampled_from([1, 2, 7, 300]))
    dtype = draw(st.sampled_from(DTYPES))
    random = np.random.RandomState(draw(st.integers(0, 1000)))
    logits = random.normal(size=[*outer, classes]) * draw(st.sampled_from([0.1, 3.0, 50.0]))
    labels = random.dirichlet(np.ones(classes), size=outer)
    if draw(st.booleans()):
        labels = np.eye(classes)[random.randint(classes, size=outer)]
    shape = draw(st.sampled_from([[], outer, [1] * len(outer)]))
    weights = random.choice([0, 0, 1, 0.4, -2.0, 3.7], size=shape).astype(np.float32)
    if draw(st.booleans()):
        weights = weights.astype(draw(st.sampled_from([np.int32, np.bool_, np.float64])))
    return [tf.cast(logits, dtype), tf.cast(labels, dtype), tf.constant(weights)]


@settings(max_examples=25)
@given(arguments(), st.sampled_from(list(Reduction)), st.sampled_from([0, 0.1, 1.0]))
def test_silence_for_every_reduction_dtype_and_form_of_weights(
    inputs: list[tf.Tensor], reduction: Reduction, smoothing: float
) -> None:
    logits, labels, weights = inputs
    with verify(), tf.GradientTape() as tape:
        tape.watch(inputs)
        value = v1.softmax_cross_entropy(labels, logits, weights, smoothing, reduction=reduction)
        losses = v1.softmax_cross_entropy_with_logits_v2(labels, logits)
        mean = v1.compute_weighted_loss(losses, weights, reduction=reduction)
    tape.gradient([value, losses, mean], logits)


@pytest.mark.parametrize("classes", [50_000, 200_000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_silence_with_many_classes(classes: int, dtype: str) -> None:
    random = np.random.RandomState(0)
    if dtype == "float16":
        classes = min(classes, 65_504)
    logits = tf.cast(random.normal(size=[3, classes]) * 3, dtype)
    labels = tf.one_hot([0, classes - 1, 7], classes, dtype=dtype)
    with verify(), tf.GradientTape() as tape:
        tape.watch(logits)
        value = v1.softmax_cross_entropy(labels, logits, [1.0, 0.0, 2.0], 0.1)
        losses = v1.softmax_cross_entropy_with_logits_v2(labels, logits)
    tape.gradient([value, losses], logits)


def test_a_smoothing_that_tensorflow_loses_fails() -> None:
    # 70,000 is infinity in float16, and TensorFlow's labels get a 70,000th of nothing.
    labels = tf.one_hot([0], 70_000, dtype=tf.float16)
    with verify(), pytest.raises(VerificationError, match="in its value"):
        v1.softmax_cross_entropy(labels, labels, label_smoothing=0.1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [3, 50_000])
def test_a_denominator_that_is_one_too_large_fails(
    dtype: str, classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of 8 in 16 bits, of 500 otherwise.
    batch = 8 if dtype.endswith("16") else (500 if classes == 3 else 20)
    right = ops.softmax_cross_entropy
    monkeypatch.setattr(
        ops,
        "softmax_cross_entropy",
        lambda *args, **keywords: right(*args, **keywords) * (batch / (batch + 1)),
    )
    logits = tf.cast(np.random.RandomState(0).normal(size=[batch, classes]), dtype)
    labels = tf.one_hot(tf.range(batch) % 3, classes, dtype=dtype)
    with verify(), pytest.raises(VerificationError, match="in its value"):
        v1.softmax_cross_entropy(labels, logits)


def test_weights_that_cancel_do_not_fail() -> None:
    # Advantages: the sum of large terms is small.
    logits, labels = tf1.logits_of([1000, 5]), tf1.one_hot_of([1000, 5])
    weights = np.random.RandomState(0).normal(size=1000).astype(np.float32) * 100
    weights -= weights.mean()
    for reduction in Reduction:
        with verify():
            tf1.by_tape(
                lambda x, w, reduction=reduction: v1.softmax_cross_entropy(
                    labels, x, w, reduction=reduction
                ),
                logits,
                weights,
            )


def test_losses_that_are_integers_are_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    with verify():
        v1.compute_weighted_loss([5, 8, 11], [1, 0, 1])
        right = weighting.reduce_losses
        monkeypatch.setattr(weighting, "reduce_losses", lambda *args: 2 * right(*args))
        with pytest.raises(VerificationError):
            v1.compute_weighted_loss([5, 8, 11], [1, 0, 1])


def test_roundings_are_of_the_dtype() -> None:
    roundings = exactness.Roundings(narrow=3, wide=5)
    found = {dtype: roundings.error(dtype) / exactness.EPSILON[dtype] for dtype in DTYPES}
    assert found == {"float16": 3, "bfloat16": 3, "float32": 5, "float64": 5}
    weighted = roundings.error("float64", weighted=True)
    assert weighted == roundings.error("float32") == 5 * 2.0**-23


@pytest.mark.parametrize("dtype", DTYPES)
def test_epsilon_is_the_distance_between_1_and_the_next_number(dtype: str) -> None:
    one, epsilon = tf.constant(1.0, dtype), tf.constant(exactness.EPSILON[dtype], dtype)
    assert one + epsilon > one
    # Halfway, it goes to the even one.
    assert one + epsilon / 2 == one


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_without_known_terms_get_more_than_those_with(dtype: str) -> None:
    assert exactness.OF_RESULTS.error(dtype) > exactness.OF_TERMS.error(dtype)
    assert exactness.OF_RESULTS.error(dtype) >= exactness.OF_OURS.error(dtype)
