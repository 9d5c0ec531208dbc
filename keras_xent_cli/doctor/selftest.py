"""The self-test: values and gradients of keras_xent against TensorFlow's, called live."""

from __future__ import annotations

import dataclasses
from typing import Any, Sequence

import numpy as np
import tensorflow as tf

from keras_xent.comparing.arrays import relative_error
from keras_xent.comparing.results import as_array, as_tensor, value_and_gradients
from keras_xent_cli.doctor.cases import SelfTestCase
from keras_xent_cli.doctor.finding import describe
from keras_xent_cli.doctor.outcome import Outcome
from keras_xent_cli.doctor.places import Place


def run_case(case: SelfTestCase, place: Place) -> Outcome:
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


def _mode(case: SelfTestCase, place: Place) -> str:
    return "XLA" if place.compiled else "function" if case.in_function else "eager"


def _tensorflow_fails(case: SelfTestCase, place: Place) -> bool:
    """Whether TensorFlow's own loss raises an error there too: no device has every dtype."""
    losses = dataclasses.replace(case.losses, ours=case.losses.theirs)
    try:
        with tf.device(f"/{place.device}"):
            _ours(dataclasses.replace(case, losses=losses), place)
    except Exception:
        return True
    return False


def _ours(case: SelfTestCase, place: Place) -> list[np.ndarray]:
    inputs = _tensors(case)
    for tensor in inputs:
        # TensorFlow may take the CPU instead, without a word.
        if f":{place.kind}:" not in tensor.device:
            raise RuntimeError(f"TensorFlow put {tensor.dtype.name} on {tensor.device}")

    def run(*tensors: tf.Tensor) -> Any:
        return value_and_gradients(case.losses.ours, tensors)

    if case.in_function:
        unknown = [tf.TensorSpec([None] * len(x.shape), x.dtype) for x in inputs]
        compile_it = True if place.compiled else None
        run = tf.function(run, input_signature=unknown, jit_compile=compile_it)
    value, gradients = run(*inputs)
    return _arrays(value, gradients, inputs)


def _theirs(case: SelfTestCase) -> list[np.ndarray]:
    reference = tf.float64 if case.dtype == tf.float64 else tf.float32
    inputs = [
        # Weights are float32 whatever the dtype is.
        tf.cast(tensor, reference) if tensor.dtype == case.dtype else tensor
        for tensor in _tensors(case)
    ]
    value, gradients = value_and_gradients(case.losses.theirs, inputs)
    return _arrays(value, gradients, inputs)


def _tensors(case: SelfTestCase) -> list[tf.Tensor]:
    labels, logits = case.inputs.labels, case.inputs.logits
    tensors = [as_tensor(array, case.dtype) for array in (labels, logits)]
    return [*tensors, tf.constant(case.inputs.weights)]


def _arrays(
    value: tf.Tensor, gradients: Sequence[Any], inputs: Sequence[tf.Tensor]
) -> list[np.ndarray]:
    # No gradient at all (v1's labels have none) and a gradient of zeros mean the same.
    return [as_array(value)] + [
        np.zeros(like.shape) if gradient is None else as_array(gradient)
        for gradient, like in zip(gradients, inputs)
    ]
