"""How the losses that are compared want to be called."""

from __future__ import annotations

import inspect
import numbers
from typing import Any, Callable, List, Optional

import numpy as np
import tensorflow as tf

from keras_xent.testing.labels import ONE_HOT, Labels


class WrongResultError(TypeError):
    """What a loss returned is nothing to compare."""


class Loss:
    """A loss function, called in one way whatever its own.

    Args:
        function: takes labels and logits, or labels, logits and weights, in this order.
        name: what to call it in messages.
        weights: whether it takes weights; None: its signature tells.
        gradients: whether it has to return a tensor, of which there are gradients, or may
            return a number or an array as well.
        labels: the kind of labels that it takes.

    Raises:
        TypeError: it can't be called.
        ValueError: the signature doesn't tell.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        weights: Optional[bool] = None,
        gradients: bool = True,
        labels: Labels = ONE_HOT,
    ) -> None:
        if not callable(function):
            raise TypeError(
                f"{name} is {function!r}, expected a function of labels and logits, or of labels, "
                "logits and weights"
            )
        self._function = function
        self.name = name
        self._gradients = gradients
        self._labels = labels
        third = _third_parameter(function, name) if weights is None else None
        self.takes_weights = third is not None if weights is None else weights
        self._needs_weights = third is not None and third.default is inspect.Parameter.empty
        self._keyword = (
            third.name if third is not None and third.kind is third.KEYWORD_ONLY else None
        )

    def __call__(self, labels: Any, logits: Any, weights: Any = None) -> Any:
        """The loss, without weights if they are None.

        Returns:
            A tensor; without `gradients` also an array.

        Raises:
            WrongResultError: the function returned something else.
        """
        if weights is None and self._needs_weights:
            # A scalar would be no such thing to a loss that divides by the sum of the weights.
            weights = tf.ones(self._labels.losses_shape(logits.shape))
        if weights is None:
            value = self._function(labels, logits)
        elif self._keyword is not None:
            value = self._function(labels, logits, **{self._keyword: weights})
        else:
            value = self._function(labels, logits, weights)
        return self._checked(value)

    def _checked(self, value: Any) -> Any:
        if isinstance(value, (tf.Tensor, tf.Variable)):
            if hasattr(value, "numpy"):
                return tf.convert_to_tensor(value)
            raise WrongResultError(
                f"the {self.name} loss returned {value!r}, a tensor of a tf.Graph, expected one "
                "that has a value. To compare with what a TF1 graph computes, return what "
                "session.run gives and say gradients=False."
            )
        if isinstance(value, (numbers.Number, np.ndarray, np.generic)):
            if not self._gradients:
                return np.asarray(value)
            raise WrongResultError(
                f"the {self.name} loss returned {_described(value)}, expected a tensor: of a "
                "number that float(), .numpy(), NumPy or session.run made there is no gradient to "
                "compare. Return the tensor itself, or say gradients=False to compare values alone."
            )
        if value is None:
            raise WrongResultError(
                f"the {self.name} loss returned None, expected a tensor: does the function lack a "
                "return?"
            )
        raise WrongResultError(
            f"the {self.name} loss returned {_described(value)}, expected one tensor: give a "
            "function that returns the loss alone"
        )


def _described(value: Any) -> str:
    kind = f"a {type(value).__module__}.{type(value).__name__}"
    if type(value).__module__ == "builtins":
        kind = f"a {type(value).__name__}"
    if isinstance(value, (list, tuple, dict)):
        return f"{kind} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"{kind} of shape {list(value.shape)}"
    return f"{kind}, {value!r}" if isinstance(value, numbers.Number) else kind


def _third_parameter(function: Callable[..., Any], name: str) -> Optional[inspect.Parameter]:
    """The parameter that takes weights, if there is one."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the signature of {name}, {function!r}, is not known: say weights=True if it is "
            "called with (labels, logits, weights), and weights=False if with (labels, logits)"
        ) from error
    positional = [each for each in parameters if each.kind in _POSITIONAL]
    if any(each.kind is each.VAR_POSITIONAL for each in parameters) and len(positional) < 3:
        raise ValueError(
            f"{name} takes {inspect.signature(function)}: say weights=True if it is called with "
            "(labels, logits, weights), and weights=False if with (labels, logits)"
        )
    if len(positional) > 2 and _means_weights(positional[2]):
        return positional[2]
    named: List[inspect.Parameter] = [
        each for each in parameters if each.kind is each.KEYWORD_ONLY and _is_weights(each.name)
    ]
    return named[0] if named else None


def _means_weights(parameter: inspect.Parameter) -> bool:
    # A third argument that must be given can be nothing else, whatever its name.
    return _is_weights(parameter.name) or parameter.default is inspect.Parameter.empty


def _is_weights(name: str) -> bool:
    return "weight" in name or name in ("w", "mask")


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
