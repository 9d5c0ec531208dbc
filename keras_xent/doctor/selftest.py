"""The self-test: values and gradients of keras_xent against TensorFlow's, called live."""

from __future__ import annotations

import dataclasses
from typing import Any, Sequence

import numpy as np
import tensorflow as tf

from keras_xent.doctor.cases import Case, Loss
from keras_xent.doctor.finding import describe
from keras_xent.doctor.outcome import Outcome
from keras_xent.doctor.places import Place


def run_case(case: Case, place: Place) -> Outcome:
    """Run one case. Never raises: what goes wrong is part of the outcome."""
    outcome = Outcome(case.title, case.tolerance, _mode(case, place))
    try:
        with tf.device(f"/{place.device}"):
            got = _ours(case, place)
        # Always there, and tested by TensorFlow more than any other device.
        with tf.device("/CPU:0"):
            expected = _theirs(case)
        return dataclasses.replace(
            outcome,
            value_error=relative_error(got[0], expected[0]),
            # Not Python's max(), which loses a NaN.
            gradient_error=float(np.max(list(map(relative_error, got[1:], expected[1:])))),
        )
    except Exception as error:
        return dataclasses.replace(
            outcome, error=describe(error), of_tensorflow=_tensorflow_fails(case, place)
        )


def _mode(case: Case, place: Place) -> str:
    return "XLA" if place.compiled else "function" if case.in_function else "eager"


def _tensorflow_fails(case: Case, place: Place) -> bool:
    """Whether TensorFlow's own loss raises an error there too: no device has every dtype."""
    losses = dataclasses.replace(case.losses, ours=case.losses.theirs)
    try:
        with tf.device(f"/{place.device}"):
            _ours(dataclasses.replace(case, losses=losses), place)
    except Exception:
        return True
    return False


def relative_error(got: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, relative to the largest expected number if that is not zero.

    Raises:
        ValueError: The shapes differ.
    """
    if got.shape != expected.shape:
        raise ValueError(f"got an array of shape {got.shape}, expected {expected.shape}")
    scale = np.max(np.abs(expected)) or 1.0
    return float(np.max(np.abs(got - expected)) / scale)


def _ours(case: Case, place: Place) -> list[np.ndarray]:
    inputs = [
        tf.cast(case.inputs.labels, case.dtype),
        tf.cast(case.inputs.logits, case.dtype),
        tf.constant(case.inputs.weights),
    ]
    for tensor in inputs:
        # TensorFlow may take the CPU instead, without a word.
        if f":{place.kind}:" not in tensor.device:
            raise RuntimeError(f"TensorFlow put {tensor.dtype.name} on {tensor.device}")

    def run(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor | None]:
        return _value_and_gradients(case.losses.ours, [labels, logits, weights])

    if case.in_function:
        unknown = [tf.TensorSpec([None] * len(x.shape), x.dtype) for x in inputs]
        compile_it = True if place.compiled else None
        function = tf.function(run, input_signature=unknown, jit_compile=compile_it)
        return _arrays(function(*inputs), inputs)
    return _arrays(run(*inputs), inputs)


def _theirs(case: Case) -> list[np.ndarray]:
    reference = tf.float64 if case.dtype == tf.float64 else tf.float32
    inputs = [
        tf.cast(tf.cast(case.inputs.labels, case.dtype), reference),
        tf.cast(tf.cast(case.inputs.logits, case.dtype), reference),
        tf.constant(case.inputs.weights),
    ]
    return _arrays(_value_and_gradients(case.losses.theirs, inputs), inputs)


def _value_and_gradients(loss: Loss, inputs: list[tf.Tensor]) -> list[tf.Tensor | None]:
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = loss(*inputs)
    return [value, *tape.gradient(value, inputs)]


def _arrays(results: Sequence[Any], inputs: Sequence[tf.Tensor]) -> list[np.ndarray]:
    # No gradient at all (v1's labels have none) and a gradient of zeros mean the same.
    value, *gradients = results
    return [tf.cast(value, tf.float64).numpy()] + [
        np.zeros(like.shape) if gradient is None else tf.cast(gradient, tf.float64).numpy()
        for gradient, like in zip(gradients, inputs)
    ]
