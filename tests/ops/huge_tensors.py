"""Tensors of more than 2^31 elements: every loss and every gradient.

They take 11 GiB, so pytest doesn't collect this file: `pytest -s tests/ops/huge_tensors.py`.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import Any, Callable, Iterator

import pytest
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import library

# Repeated numbers, so a small call has the result of each. The period is odd: an element that is
# off by 2^31 or 2^32 bytes or elements is another one.
PERIOD, TIMES, CLASSES = 838_861, 40, 64
assert PERIOD * TIMES == 2**31 // CLASSES + 8

pytestmark = [
    pytest.mark.skipif(library.problem() is not None, reason=str(library.problem())),
    pytest.mark.skipif(
        os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < 12 << 30,
        reason="less than 12 GiB of memory are free",
    ),
]


@pytest.fixture(scope="module", autouse=True)
def peak_is_printed() -> Iterator[None]:
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\npeak memory: {peak:.1f} GiB", file=sys.stderr)


@pytest.fixture(scope="module")
def few() -> tf.Tensor:
    """Probabilities, which are logits too: the labels take no memory of their own."""
    return tf.nn.softmax(
        4 * tf.random.stateless_normal([PERIOD, CLASSES], [1, 2], dtype=tf.float16)
    )


@pytest.fixture(scope="module")
def many(few: tf.Tensor) -> tf.Tensor:
    tensor = tf.tile(few, [TIMES, 1])
    assert tensor.shape.num_elements() > 2**31
    return tensor


def gradient_of_sum(loss: Callable[..., tf.Tensor], logits: tf.Tensor) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(logits, Reduction.SUM)
    return tape.gradient(value, logits)


def assert_repeated(actual: tf.Tensor, expected: tf.Tensor) -> None:
    assert actual.dtype == expected.dtype == tf.float16
    assert actual.shape[0] == TIMES * PERIOD
    bits = tf.bitcast(expected, tf.uint16)
    for begin in range(0, TIMES * PERIOD, PERIOD):
        part = tf.bitcast(actual[begin : begin + PERIOD], tf.uint16)
        assert tf.reduce_all(part == bits), begin


def sparse(logits: tf.Tensor, reduction: Reduction) -> tf.Tensor:
    ids = tf.tile(tf.range(PERIOD) % CLASSES, [logits.shape[0] // PERIOD])
    return keras_xent.sparse_softmax_cross_entropy(labels=ids, logits=logits, reduction=reduction)


def softmax(logits: tf.Tensor, reduction: Reduction) -> tf.Tensor:
    labels = tf.stop_gradient(logits)
    return keras_xent.softmax_cross_entropy(labels=labels, logits=logits, reduction=reduction)


def sigmoid(logits: tf.Tensor, reduction: Reduction) -> tf.Tensor:
    labels = tf.stop_gradient(logits)
    return keras_xent.sigmoid_cross_entropy(labels=labels, logits=logits, reduction=reduction)


def tensorflows_sparse(logits: tf.Tensor) -> tf.Tensor:
    ids = tf.range(PERIOD) % CLASSES
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)


def tensorflows_softmax(logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.softmax_cross_entropy_with_logits(labels=logits, logits=logits)


def tensorflows_sigmoid(logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=logits, logits=logits)


@pytest.mark.parametrize(
    ("loss", "tensorflows"),
    [
        (sparse, tensorflows_sparse),
        (softmax, tensorflows_softmax),
        (sigmoid, tensorflows_sigmoid),
    ],
    ids=["sparse", "softmax", "sigmoid"],
)
def test_more_than_2_to_the_31_elements(
    loss: Callable[..., tf.Tensor],
    tensorflows: Callable[..., tf.Tensor],
    few: tf.Tensor,
    many: tf.Tensor,
) -> None:
    gradient = gradient_of_sum(loss, few)
    assert tf.reduce_any(gradient != 0)
    assert_repeated(gradient_of_sum(loss, many), gradient)
    assert_repeated(loss(many, Reduction.NONE), loss(few, Reduction.NONE))
    mean = tf.reduce_mean(tensorflows(tf.cast(few, tf.float32)))
    actual = float(loss(many, Reduction.SUM_OVER_BATCH_SIZE))
    assert actual == pytest.approx(float(mean), rel=2**-10)
