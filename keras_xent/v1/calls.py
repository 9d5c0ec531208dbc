"""What a call of one of TF1's functions does around the computation of its loss.

It checks the arguments, opens the scope, says what can be verified, and names the result. Where
more than one argument is wrong, the error is about the first.
"""

from __future__ import annotations

import functools
from typing import Any, Callable, Dict, Optional

import tensorflow as tf

from keras_xent import _verifiable
from keras_xent.ops import conversion
from keras_xent.v1 import arguments, results

# The arguments that are no tensors, in the order in which they are checked.
_CHECKED: Dict[str, Callable[[Any], Any]] = {
    "reduction": arguments.to_reduction,
    "label_smoothing": arguments.to_smoothing,
}


def weighted(
    function: str,
    compute: Callable[..., tf.Tensor],
    inputs: Dict[str, Any],
    *,
    scope: Optional[str],
    default_scope: str,
    loss_collection: Optional[str],
    **others: Any,
) -> tf.Tensor:
    """A call of a function of `tf.compat.v1.losses`.

    Args:
        function: its name.
        compute: takes the inputs as tensors, and the other arguments as they are after their
            checks. Returns the loss.
        inputs: what the user gave for tensors, by the function's names.
        scope: the name scope of the ops, or None.
        default_scope: the name scope if that is None.
        loss_collection: the collection that the loss joins, or None.
        others: the reduction, and the label smoothing if the function has one.

    Returns:
        The loss, named and collected as TF1 does it.

    Raises:
        TypeError, ValueError: an argument is None, or no such input, reduction or smoothing.
    """
    arguments.require(**inputs)
    others = {name: check(others[name]) for name, check in _CHECKED.items() if name in others}
    with tf.compat.v1.name_scope(scope, default_scope, list(inputs.values())):
        tensors = [conversion.to_tensor(value, name) for name, value in inputs.items()]
        loss = _verifiable.computed(
            functools.partial(compute, **others), tensors, function, **others
        )
        smoothed = others.get("label_smoothing", 0.0) > 0
        return results.collected(loss, others["reduction"], loss_collection, smoothed)


def of_examples(
    function: str,
    compute: Callable[..., tf.Tensor],
    labels: Any,
    logits: Any,
    *,
    name: Optional[str],
    default_name: str,
    result_name: Callable[[str, tf.Tensor], str],
    **others: Any,
) -> tf.Tensor:
    """A call of a function of `tf.compat.v1.nn`, which returns the loss of each example.

    Args:
        function: its name.
        compute: takes labels and logits as tensors, and the other arguments. Returns the losses.
        labels: what the user gave.
        logits: what the user gave.
        name: the name of the op, or None.
        default_name: its name if that is None.
        result_name: what TF1 calls its last op, by the scope that is open and the logits.
        others: the arguments that are no tensors, checked.

    Returns:
        The losses, named as TF1 does it.

    Raises:
        TypeError, ValueError: labels or logits are None or no tensors.
    """
    arguments.require(labels=labels, logits=logits)
    with tf.compat.v1.name_scope(name, default_name, [logits, labels]) as scope:
        labels = conversion.to_tensor(labels, "labels")
        logits = conversion.to_tensor(logits, "logits")
        losses = _verifiable.computed(
            functools.partial(compute, **others), (labels, logits), function, **others
        )
        return results.named(losses, result_name(scope, logits))
