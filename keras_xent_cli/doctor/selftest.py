"""The self-test: compares keras_xent's values and gradients with those of TensorFlow's losses."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Callable, NamedTuple, Sequence

import numpy as np
import tensorflow as tf

import keras_xent
from keras_xent.comparing import exactness, made
from keras_xent.comparing.arrays import relative_error
from keras_xent.comparing.made import Inputs
from keras_xent.comparing.oracles import ORACLES
from keras_xent.comparing.results import as_array, as_tensor, value_and_gradients
from keras_xent_cli.doctor.checks import Finding, Status, describe
from keras_xent_cli.doctor.places import Place

# A function of (labels, logits, weights).
Loss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
_TF1_REDUCTION = keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS


class Case(NamedTuple):
    """One comparison of our loss with TensorFlow's.

    Attributes:
        title: for the table.
        ours: the function of keras_xent.
        theirs: TensorFlow's.
        inputs: the inputs of both.
        dtype: the dtype of our labels and logits. TensorFlow's loss gets the same rounded values,
            but in float32 if `dtype` has half precision, because its half-precision arithmetic is
            too coarse for a reference.
        in_function: whether ours runs in a `tf.function` with unknown dimensions.
    """

    title: str
    ours: Loss
    theirs: Loss
    inputs: Inputs
    dtype: Any = tf.float32
    in_function: bool = False

    @property
    def tolerance(self) -> float:
        """The largest error allowed, relative to the largest expected number."""
        return exactness.OF_OURS.error(self.dtype.name)


class Outcome(NamedTuple):
    """The result of one case.

    Attributes:
        title: the title of the case.
        mode: how it ran: eagerly, in a `tf.function`, or compiled by XLA.
        tolerance: the largest error allowed.
        value_error: the largest error of the value, relative to the largest expected one.
        gradient_error: the same for the worst of the gradients.
        error: why the case couldn't be compared, or "".
        of_tensorflow: whether TensorFlow's own loss fails there too.
    """

    title: str
    mode: str
    tolerance: float
    value_error: float = float("nan")
    gradient_error: float = float("nan")
    error: str = ""
    of_tensorflow: bool = False

    @property
    def passed(self) -> bool:
        """Whether value and gradients are within the tolerance. NaN isn't."""
        return self.value_error <= self.tolerance and self.gradient_error <= self.tolerance

    @property
    def status(self) -> Status:
        """The status of the finding."""
        if self.passed:
            return Status.OK
        return Status.NOTE if self.of_tensorflow else Status.PROBLEM

    def cells(self) -> list[str]:
        """The case's row in the table."""
        errors = (self.value_error, self.gradient_error)
        numbers = ["-" if self.error else f"{error:.1e}" for error in errors]
        return [self.title, self.mode, self.status.value, *numbers, f"{self.tolerance:.1e}"]


def all_cases() -> list[Case]:
    """The cases of the self-test. In every case, some weights are zero."""
    small = _inputs(made.soft, (32, 10))
    masked_out = dataclasses.replace(small, weights=np.zeros_like(small.weights))
    rows = _inputs(made.soft, (7, 1000))
    image = _inputs(made.soft, (2, 5, 3, 4), axis=1)
    ids = dataclasses.replace(small, labels=made.ids(32, 10).astype(np.int64))
    binary_rows = dataclasses.replace(small, labels=made.soft_binary(32, 10))
    binary = dataclasses.replace(binary_rows, weights=made.some_zero(32, 10))

    v1 = _v1_losses("softmax_cross_entropy", label_smoothing=0.0)
    smoothed = _v1_losses("softmax_cross_entropy", label_smoothing=0.1)
    sparse = _v1_losses("sparse_softmax_cross_entropy")
    sigmoid = _v1_losses("sigmoid_cross_entropy", label_smoothing=0.1)

    dense_loss = _keras_loss(keras_xent.CategoricalCrossentropy)
    sparse_loss = _keras_loss(keras_xent.SparseCategoricalCrossentropy)
    binary_loss = _keras_loss(keras_xent.BinaryCrossentropy, label_smoothing=0.1)

    def without_labels_gradient(labels: Any, logits: Any, weights: Any) -> Any:
        # v1 stops this gradient, and Keras losses don't.
        return dense_loss(tf.stop_gradient(labels), logits, weights)

    def sigmoid_of_rows(labels: Any, logits: Any, weights: Any) -> Any:
        # One weight for all classes of an example, as in Keras's loss.
        return sigmoid[1](labels, logits, weights[:, tf.newaxis])

    return [
        *_both(Case("v1, 32x10", *v1, small)),
        *_both(Case("v1, 7x1000, smoothing 0.1", *smoothed, rows)),
        Case("v1, 32x10, all weights zero", *v1, masked_out),
        *_both(Case("Keras loss, 32x10", without_labels_gradient, v1[1], small)),
        *_both(Case("Keras sparse loss, 32x10", sparse_loss, sparse[1], ids)),
        *_both(Case("Keras binary loss, 32x10", binary_loss, sigmoid_of_rows, binary_rows)),
        *_both(Case("per example, 2x5x3x4, axis=1", *_per_example(axis=1), image)),
        # Per example, because v1 applies the weights in float32 for any dtype of the logits.
        Case("per example, 7x1000, float64", *_per_example(axis=-1), rows, tf.float64),
        *_both(Case("v1 sparse, 32x10", *sparse, ids)),
        *_both(Case("v1 sigmoid, 32x10", *sigmoid, binary)),
        Case("v1, 32x10, float16", *v1, small, tf.float16),
        Case("v1, 32x10, bfloat16", *v1, small, tf.bfloat16),
    ]


def _both(case: Case) -> list[Case]:
    """The case, eagerly and in a function."""
    return [case, case._replace(in_function=True)]


def _v1_losses(name: str, **arguments: Any) -> tuple[Loss, Loss]:
    """A function of `keras_xent.v1` that reduces the losses, and TensorFlow's."""
    oracle = ORACLES[name](**{"reduction": _TF1_REDUCTION, **arguments})
    return functools.partial(getattr(keras_xent.v1, name), **oracle.arguments), oracle.value


def _per_example(**arguments: int) -> tuple[Loss, Loss]:
    """A function of `keras_xent.v1` that returns each example's loss, and TensorFlow's."""
    name = "softmax_cross_entropy_with_logits_v2"

    # The weights are applied outside, so each example has a different coefficient.
    def weighted(losses: Callable[..., tf.Tensor]) -> Loss:
        return lambda labels, logits, weights: (
            losses(labels, logits) * tf.cast(weights, logits.dtype)
        )

    ours = functools.partial(getattr(keras_xent.v1, name), **arguments)
    return weighted(ours), weighted(ORACLES[name](**arguments).value)


def _keras_loss(loss: Callable[..., Any], **arguments: Any) -> Loss:
    """A Keras loss of logits, with TF1's default reduction."""
    weighted = loss(from_logits=True, reduction=_TF1_REDUCTION, **arguments)
    return lambda labels, logits, weights: weighted(labels, logits, sample_weight=weights)


def _inputs(labels: Callable[..., np.ndarray], shape: tuple[int, ...], axis: int = -1) -> Inputs:
    """Inputs of the given shape, with any class axis."""
    others = tuple(np.delete(shape, axis))
    return Inputs(
        labels=np.moveaxis(labels(*others, shape[axis]), -1, axis),
        logits=made.logits(*shape, scale=3.0),
        weights=made.some_zero(*others),
    )


def run_case(case: Case, place: Place) -> Outcome:
    """Run one case. It never raises: an error is part of the outcome."""
    mode = "XLA" if place.compiled else "function" if case.in_function else "eager"
    outcome = Outcome(case.title, mode, case.tolerance)
    try:
        got = _ours(case, place)
        value, *gradients = map(relative_error, got, _theirs(case))
    except Exception as error:
        fails = _tensorflow_fails(case, place)
        return outcome._replace(error=describe(error), of_tensorflow=fails)
    # Not Python's max(), which loses a NaN.
    return outcome._replace(value_error=value, gradient_error=float(np.max(gradients)))


def _tensorflow_fails(case: Case, place: Place) -> bool:
    """Whether TensorFlow's own loss raises an error there too: no device supports every dtype."""
    try:
        _ours(case._replace(ours=case.theirs), place)
    except Exception:
        return True
    return False


def _ours(case: Case, place: Place) -> list[np.ndarray]:
    with tf.device(f"/{place.device}"):
        inputs = _tensors(case)
        for tensor in inputs:
            # TensorFlow may silently use the CPU instead.
            if f":{place.kind}:" not in tensor.device:
                raise RuntimeError(
                    f"TensorFlow placed a tensor of dtype {tensor.dtype.name} on {tensor.device}, "
                    f"expected {place.device}"
                )

        def run(*tensors: tf.Tensor) -> Any:
            return value_and_gradients(case.ours, tensors)

        if case.in_function:
            unknown = [tf.TensorSpec([None] * len(x.shape), x.dtype) for x in inputs]
            compile_it = True if place.compiled else None
            run = tf.function(run, input_signature=unknown, jit_compile=compile_it)
        value, gradients = run(*inputs)
        return _arrays(value, gradients, inputs)


def _theirs(case: Case) -> list[np.ndarray]:
    reference = tf.float64 if case.dtype == tf.float64 else tf.float32
    # The CPU is always there, and TensorFlow tests it more than any other device.
    with tf.device("/CPU:0"):
        inputs = [
            # Weights are float32 for any dtype.
            tf.cast(tensor, reference) if tensor.dtype == case.dtype else tensor
            for tensor in _tensors(case)
        ]
        value, gradients = value_and_gradients(case.theirs, inputs)
        return _arrays(value, gradients, inputs)


def _tensors(case: Case) -> list[tf.Tensor]:
    labels, logits = case.inputs.labels, case.inputs.logits
    return [
        *(as_tensor(array, case.dtype) for array in (labels, logits)),
        tf.constant(case.inputs.weights),
    ]


def _arrays(
    value: tf.Tensor, gradients: Sequence[Any], inputs: Sequence[tf.Tensor]
) -> list[np.ndarray]:
    # No gradient (v1's labels have none) means the same as a gradient of zeros.
    return [as_array(value)] + [
        np.zeros(like.shape) if gradient is None else as_array(gradient)
        for gradient, like in zip(gradients, inputs)
    ]


def judge(place: Place, outcomes: Sequence[Outcome]) -> Finding:
    """One finding for all outcomes of a place."""
    subject = f"self-test, {place.title}"
    failed = sum(outcome.status is Status.PROBLEM for outcome in outcomes)
    passed = sum(outcome.passed for outcome in outcomes)
    of_all = f"{passed} of {len(outcomes)}"
    if failed:
        return Finding(
            subject,
            f"{failed} of {len(outcomes)} cases failed ({place.path})",
            Status.PROBLEM,
            f"{_advice(place)} In any case, please report the doctor's output.",
        )
    if passed == len(outcomes):
        return Finding(subject, f"{passed} cases agree with TensorFlow ({place.path})")
    if not passed:
        return Finding(
            subject,
            "every case raises an error, even with TensorFlow's own loss",
            Status.PROBLEM,
            "Nothing is wrong with keras_xent. TensorFlow's own loss must run on "
            f"{place.device}: check the device's driver and TensorFlow's requirements for it. Or "
            "hide the device with tf.config.set_visible_devices.",
        )
    return Finding(
        subject,
        f"{of_all} cases agree with TensorFlow ({place.path}). The others raise an error in "
        "TensorFlow's own loss too",
        Status.NOTE,
        "Nothing is wrong with keras_xent. For losses like those cases, use a device other than "
        f"{place.device}.",
    )


def _advice(place: Place) -> str:
    if place.path == "native kernels":
        return (
            "Run KERAS_XENT_BACKEND=portable keras-xent doctor. If that passes, the native library "
            "is broken: reinstall keras_xent, or keep that setting."
        )
    if place.compiled:
        return (
            f"Don't use jit_compile=True on {place.device} (in Keras, use "
            "compile(jit_compile=False)), or try another version of TensorFlow."
        )
    if place.kind == "CPU":
        return (
            "Here, TensorFlow's own ops compute the loss, so the cause is probably TensorFlow: try "
            "another version."
        )
    return (
        f"On {place.device}, TensorFlow's own ops compute the loss, so the cause is probably "
        "TensorFlow or the device's driver: try another version. Or compute the loss on the CPU, "
        "inside tf.device('/CPU:0')."
    )
