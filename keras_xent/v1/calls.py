"""The code that all calls of TF1's functions share.

It checks the arguments, opens the name scope, passes the computation to verification, and names the
result. If several arguments are wrong, the error is about the first one.
"""

from __future__ import annotations

import functools
from typing import Any, Callable

import tensorflow as tf

from keras_xent import _verifiable
from keras_xent.ops import conversion
from keras_xent.v1 import arguments, results

# The arguments that aren't tensors, in the order in which they are checked.
_CHECKED: dict[str, Callable[[Any], Any]] = {
    "reduction": arguments.to_reduction,
    "label_smoothing": arguments.to_smoothing,
}


def weighted(
    function: str,
    compute: Callable[..., tf.Tensor],
    inputs: dict[str, Any],
    *,
    scope: str | None,
    default_scope: str,
    loss_collection: str | None,
    **others: Any,
) -> tf.Tensor:
    """Runs a call to a function that replaces one in `tf.compat.v1.losses`.

    Args:
        function: the function's name.
        compute: computes the loss from the inputs (as tensors) and the other arguments (checked).
        inputs: the user's tensor arguments, by name.
        scope: the name scope of the ops, or None.
        default_scope: the name scope if `scope` is None.
        loss_collection: the collection to add the loss to, or None.
        others: the reduction, and the label smoothing if the function has one.

    Returns:
        The loss, named and added to its collection as in TF1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument is None or out of range.
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
    name: str | None,
    default_name: str,
    result_name: Callable[[str, tf.Tensor], str],
    **others: Any,
) -> tf.Tensor:
    """Runs a call to a function that replaces one in `tf.compat.v1.nn`: one loss per example.

    Args:
        function: the function's name.
        compute: computes the losses from labels and logits, as tensors, and the other arguments.
        labels: the user's labels.
        logits: the user's logits.
        name: the name of the op, or None.
        default_name: the name of the op if `name` is None.
        result_name: returns the name of TF1's last op, from the current scope and the logits.
        others: the checked arguments that aren't tensors.

    Returns:
        The losses, named as in TF1.

    Raises:
        TypeError: labels or logits can't be converted to tensors.
        ValueError: labels or logits are None, or can't be converted to tensors.
    """
    arguments.require(labels=labels, logits=logits)
    with tf.compat.v1.name_scope(name, default_name, [logits, labels]) as scope:
        labels = conversion.to_tensor(labels, "labels")
        logits = conversion.to_tensor(logits, "logits")
        losses = _verifiable.computed(
            functools.partial(compute, **others), (labels, logits), function, **others
        )
        return results.named(losses, result_name(scope, logits))
