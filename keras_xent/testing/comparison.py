"""Compares the results of both losses for one case."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from keras_xent.comparing import arrays, exactness
from keras_xent.comparing.made import Inputs
from keras_xent.comparing.results import as_array, as_tensor, value_and_gradients
from keras_xent.testing.calling import Loss, WrongResultError
from keras_xent.testing.case import Case


def tolerance_of(dtype: str) -> tuple[float, float]:
    """The relative and the absolute difference that rounding can cause.

    Silent changes are much larger: tens of percent.
    """
    relative = exactness.OF_RESULTS.error(dtype, weighted=True)
    return relative, relative / 5


@dataclasses.dataclass(frozen=True)
class Result:
    """The results of a loss.

    Args:
        value: the loss, as float64.
        dtype: the name of its dtype. None for a number or an array, whose dtype has no meaning.
        gradients: the gradients of its sum. The keys are the names of the inputs. A value is None
            if the input has no gradient.
    """

    value: np.ndarray
    dtype: str | None
    gradients: dict[str, np.ndarray | None]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Both results, and the tolerance.

    Args:
        case: the case that was compared.
        inputs: the losses' inputs.
        dtype: the dtype of labels and logits.
        tolerance: the relative and the absolute tolerance.
        old: the old loss's result.
        new: the new loss's result, or the exception that it raised.
    """

    case: Case
    inputs: Inputs
    dtype: str
    tolerance: tuple[float, float]
    old: Result
    new: Any

    @property
    def refused(self) -> bool:
        """Whether the new loss raises an error and the old one doesn't."""
        return isinstance(self.new, Exception)

    @property
    def shapes_differ(self) -> bool:
        """Whether the values have different shapes."""
        return bool(self.old.value.shape != self.new.value.shape)

    @property
    def values_differ(self) -> bool:
        """Whether the values differ."""
        return self.shapes_differ or not self.close(self.old.value, self.new.value)

    @property
    def dtypes_differ(self) -> bool:
        """Whether the values have different dtypes."""
        return None not in (self.old.dtype, self.new.dtype) and self.old.dtype != self.new.dtype

    def gradient_differs(self, name: str) -> bool:
        """Whether the gradients with respect to an input differ. None is equal to zeros."""
        return not self.close(_number(self.old.gradients[name]), _number(self.new.gradients[name]))

    @property
    def differs(self) -> bool:
        """Whether anything differs."""
        return (
            self.refused
            or self.values_differ
            or self.dtypes_differ
            or any(self.gradient_differs(name) for name in self.old.gradients)
        )

    def close(self, one: Any, other: Any) -> bool:
        """Whether all numbers of two arrays are equal within the tolerance. NaN equals NaN."""
        return arrays.close(one, other, *self.tolerance)


def compare(
    old: Loss,
    new: Loss,
    case: Case,
    inputs: Inputs,
    dtype: str,
    tolerance: tuple[float, float],
    gradients: bool = True,
) -> Comparison:
    """Calls both losses.

    Raises:
        WrongResultError: a loss returned something that can't be compared.
        Exception: any exception that the old loss raised.
    """
    expected = evaluate(old, case, inputs, dtype, gradients)
    try:
        found: Any = evaluate(new, case, inputs, dtype, gradients)
    except WrongResultError:
        raise
    except Exception as error:  # The message reports it.
        found = error
    return Comparison(case, inputs, dtype, tolerance, expected, found)


def evaluate(loss: Loss, case: Case, inputs: Inputs, dtype: str, gradients: bool = True) -> Result:
    """The value and, if `gradients` is True, the gradients of one loss."""
    logits = as_tensor(inputs.logits, dtype)
    weights = None if inputs.weights is None else tf.convert_to_tensor(inputs.weights)

    def call(logits: tf.Tensor, weights: tf.Tensor | None = None) -> Any:
        of_logits = case.labels_of_logits
        labels = case.labels.activate(logits / 2) if of_logits else as_tensor(inputs.labels, dtype)
        passed = case.labels.keras_activate(logits) if case.softmax_output else logits
        return loss(labels, passed, weights)

    given = {"logits": logits, **({} if weights is None else {"weights": weights})}
    with warnings.catch_warnings():
        # Keras and keras_xent warn if logits are the output of a softmax. Here, that is intended.
        warnings.simplefilter("ignore")
        if not gradients:
            value = call(*given.values())
            return Result(as_array(value), value.dtype.name if tf.is_tensor(value) else None, {})
        value, found = value_and_gradients(call, list(given.values()))
    return Result(
        as_array(value),
        value.dtype.name,
        {
            name: None if gradient is None else as_array(gradient)
            for (name, tensor), gradient in zip(given.items(), found)
            if tensor.dtype.is_floating
        },
    )


def _number(gradient: np.ndarray | None) -> np.ndarray:
    return np.zeros([]) if gradient is None else gradient
