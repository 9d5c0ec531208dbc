"""One case: what both losses make of it, and where they differ."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any, Dict, Optional, Tuple

import numpy as np
import tensorflow as tf

from keras_xent.comparing import arrays, exactness
from keras_xent.comparing.made import Inputs
from keras_xent.comparing.results import as_array, as_tensor, value_and_gradients
from keras_xent.testing.calling import Loss, WrongResultError
from keras_xent.testing.case import Case


def tolerance_of(dtype: str) -> Tuple[float, float]:
    """How far right results may lie apart: the relative and the absolute part.

    The pitfalls change numbers by tens of percents.
    """
    relative = exactness.OF_RESULTS.error(dtype, weighted=True)
    return relative, relative / 5


@dataclasses.dataclass(frozen=True)
class Result:
    """What a loss gave.

    Args:
        value: the loss, as float64.
        dtype: the name of its dtype; None of a number or an array, which tells none.
        gradients: of its sum, by the names of the inputs; None where there is none.
    """

    value: np.ndarray
    dtype: Optional[str]
    gradients: Dict[str, Optional[np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Both results, and how close they have to be.

    Args:
        case: what was compared.
        inputs: what the losses got.
        dtype: the dtype of labels and logits.
        tolerance: the relative and the absolute part.
        old: the old loss's result.
        new: the new one's, or the exception that it raised.
    """

    case: Case
    inputs: Inputs
    dtype: str
    tolerance: Tuple[float, float]
    old: Result
    new: Any

    @property
    def refused(self) -> bool:
        """Whether the new loss raises where the old one does not."""
        return isinstance(self.new, Exception)

    @property
    def shapes_differ(self) -> bool:
        """Whether the values have other shapes."""
        return bool(self.old.value.shape != self.new.value.shape)

    @property
    def values_differ(self) -> bool:
        """Whether the values are others."""
        return self.shapes_differ or not self.close(self.old.value, self.new.value)

    @property
    def dtypes_differ(self) -> bool:
        """Whether the values have other dtypes."""
        return None not in (self.old.dtype, self.new.dtype) and self.old.dtype != self.new.dtype

    def gradient_differs(self, name: str) -> bool:
        """Whether the gradients to an input are others. None is as good as zeros."""
        return not self.close(_number(self.old.gradients[name]), _number(self.new.gradients[name]))

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return (
            self.refused
            or self.values_differ
            or self.dtypes_differ
            or any(self.gradient_differs(name) for name in self.old.gradients)
        )

    def close(self, one: Any, other: Any) -> bool:
        """Whether two arrays are the same number by number, NaN being NaN."""
        return arrays.close(one, other, *self.tolerance)


def compare(
    old: Loss,
    new: Loss,
    case: Case,
    inputs: Inputs,
    dtype: str,
    tolerance: Tuple[float, float],
    gradients: bool = True,
) -> Comparison:
    """Calls both.

    Raises:
        WrongResultError: one returns what can't be compared.
        Exception: whatever the old loss raises.
    """
    expected = evaluate(old, case, inputs, dtype, gradients)
    try:
        found: Any = evaluate(new, case, inputs, dtype, gradients)
    except WrongResultError:
        raise
    except Exception as error:  # (whatever it is: it is reported)
        found = error
    return Comparison(case, inputs, dtype, tolerance, expected, found)


def evaluate(loss: Loss, case: Case, inputs: Inputs, dtype: str, gradients: bool = True) -> Result:
    """The value and, if asked for, the gradients of one loss."""
    logits = as_tensor(inputs.logits, dtype)
    weights = None if inputs.weights is None else tf.convert_to_tensor(inputs.weights)

    def call(logits: tf.Tensor, weights: Optional[tf.Tensor] = None) -> Any:
        of_logits = case.labels_of_logits
        labels = case.labels.activate(logits / 2) if of_logits else as_tensor(inputs.labels, dtype)
        passed = case.labels.keras_activate(logits) if case.softmax_output else logits
        return loss(labels, passed, weights)

    given = {"logits": logits, **({} if weights is None else {"weights": weights})}
    with warnings.catch_warnings():
        # Keras and keras_xent warn of a softmax output as logits: here it is on purpose.
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


def _number(gradient: Optional[np.ndarray]) -> np.ndarray:
    return np.zeros([]) if gradient is None else gradient
