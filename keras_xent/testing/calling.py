"""How the losses that are compared want to be called."""

from __future__ import annotations

import inspect
from typing import Any, Callable, List, Optional

import tensorflow as tf


class Loss:
    """A loss function, called in one way whatever its own.

    Args:
        function: takes labels and logits, or labels, logits and weights, in this order.
        name: what to call it in messages.
        weights: whether it takes weights; None: its signature tells.

    Raises:
        TypeError: it can't be called.
        ValueError: the signature doesn't tell.
    """

    def __init__(
        self, function: Callable[..., Any], name: str, weights: Optional[bool] = None
    ) -> None:
        if not callable(function):
            raise TypeError(
                f"{name} is {function!r}, expected a function of labels and logits, or of labels, "
                "logits and weights"
            )
        self._function = function
        self.name = name
        third = _third_parameter(function, name) if weights is None else None
        self.takes_weights = third is not None if weights is None else weights
        self._needs_weights = third is not None and third.default is inspect.Parameter.empty
        self._keyword = (
            third.name if third is not None and third.kind is third.KEYWORD_ONLY else None
        )

    def __call__(self, labels: Any, logits: Any, weights: Any = None) -> tf.Tensor:
        """The loss, without weights if they are None."""
        if weights is None and self._needs_weights:
            weights = tf.constant(1.0)
        if weights is None:
            value = self._function(labels, logits)
        elif self._keyword is not None:
            value = self._function(labels, logits, **{self._keyword: weights})
        else:
            value = self._function(labels, logits, weights)
        return tf.convert_to_tensor(value)


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
