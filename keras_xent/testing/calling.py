"""Calls the compared losses in a uniform way."""

from __future__ import annotations

import inspect
import numbers
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from keras_xent.testing.labels import ONE_HOT, Labels


class WrongResultError(TypeError):
    """A loss returned something that can't be compared."""


class Loss:
    """A loss function with a uniform way to call it.

    Args:
        function: a function of labels and logits, or of labels, logits and weights, in this order.
        name: its name in messages.
        weights: whether it accepts weights. None means that its signature decides.
        gradients: whether its gradients are compared. If so, it must return a tensor. If not, it
            can also return a number or an array.
        labels: the kind of labels that it accepts.

    Raises:
        TypeError: the function can't be called.
        ValueError: its signature doesn't show whether it accepts weights.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        weights: bool | None = None,
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
        """Calls the loss, without weights if they are None.

        Returns:
            A tensor. If `gradients` is False, it can also be an array.

        Raises:
            WrongResultError: the function returned something else.
        """
        if weights is None and self._needs_weights:
            # Not a scalar, because the loss may divide by the sum of the weights.
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
                f"the {self.name} loss returned {value!r}, a tensor of a tf.Graph, expected an "
                "eager tensor: to compare with a TF1 graph, return the result of session.run and "
                "pass gradients=False"
            )
        if isinstance(value, (numbers.Number, np.ndarray, np.generic)):
            if not self._gradients:
                return np.asarray(value)
            raise WrongResultError(
                f"the {self.name} loss returned {_described(value)}, not a tensor: a number "
                "from float(), .numpy(), NumPy or session.run has no gradient. Return the tensor "
                "itself, or pass gradients=False to compare only values."
            )
        if value is None:
            raise WrongResultError(
                f"the {self.name} loss returned None, not a tensor: check whether a return "
                "statement is missing"
            )
        raise WrongResultError(
            f"the {self.name} loss returned {_described(value)}, not one tensor: pass a "
            "function that returns only the loss"
        )


def _described(value: Any) -> str:
    name = type(value).__name__
    if type(value).__module__ != "builtins":
        name = f"{type(value).__module__}.{name}"
    if isinstance(value, numbers.Number):
        return f"{value!r} ({name})"
    kind = f"a {name}"
    if isinstance(value, (list, tuple, dict)):
        return f"{kind} of length {len(value)}"
    if isinstance(value, np.ndarray):
        return f"{kind} of shape {list(value.shape)}"
    return kind


def _third_parameter(function: Callable[..., Any], name: str) -> inspect.Parameter | None:
    """The parameter for weights, if there is one."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} is {function!r}, whose signature is unknown: pass weights=True if it "
            "accepts (labels, logits, weights), or weights=False if it accepts (labels, logits)"
        ) from error
    positional = [each for each in parameters if each.kind in _POSITIONAL]
    if any(each.kind is each.VAR_POSITIONAL for each in parameters) and len(positional) < 3:
        raise ValueError(
            f"{name} has the signature {inspect.signature(function)}, which doesn't show whether "
            "it accepts weights: pass weights=True if it accepts (labels, logits, weights), or "
            "weights=False if it accepts (labels, logits)"
        )
    if len(positional) > 2 and _means_weights(positional[2]):
        return positional[2]
    named: list[inspect.Parameter] = [
        each for each in parameters if each.kind is each.KEYWORD_ONLY and _is_weights(each.name)
    ]
    return named[0] if named else None


def _means_weights(parameter: inspect.Parameter) -> bool:
    # A required third argument can only be the weights, whatever its name is.
    return _is_weights(parameter.name) or parameter.default is inspect.Parameter.empty


def _is_weights(name: str) -> bool:
    return "weight" in name or name in ("w", "mask")


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
