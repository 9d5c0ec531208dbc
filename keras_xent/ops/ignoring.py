"""The steps of a loss op with a class id to ignore.

An ignored example adds nothing to the loss or the gradient, even if its logits are infinite or NaN.
If its loss is finite, it is sufficient to give it a weight of 0 and a valid id. Otherwise, its
logits must be replaced too. This allocates a tensor of the logits' size, so it is done only if
necessary.
"""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf

from keras_xent.ops import class_axis, operands
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.ops.steps import Steps


class Ignoring(Steps):
    """The steps of a loss op with a class to ignore, from steps that ignore no class.

    Args:
        op: the loss op.
        steps: the steps that ignore no class.
        looks_first: whether to replace the logits only if necessary. XLA doesn't need this, because
            replacing them takes no memory there.
    """

    def __init__(self, op: LossOp, steps: Steps, looks_first: bool = True) -> None:
        self._op = op
        self._steps = steps
        self._looks_first = looks_first

    def loss(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        return self._run(self._steps.loss, spec, logits, labels, weights)

    def loss_with_kept(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        found: tuple[tf.Tensor, tf.Tensor | None] = self._run(
            self._steps.loss_with_kept, spec, logits, labels, weights
        )
        return found

    def weighted_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
    ) -> tf.Tensor:
        return self._run(self._steps.weighted_backprop, spec, logits, labels, coefficients)

    def scale_backprop(self, spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
        return self._steps.scale_backprop(spec, backprop, grad)

    def _run(
        self,
        step: Callable[..., Any],
        spec: Spec,
        logits: tf.Tensor,
        labels: tf.Tensor,
        weights: tf.Tensor,
    ) -> Any:
        if spec.ignore_class is None:
            return step(spec, logits, labels, weights)
        # Check the shapes first, because broadcasting could turn a wrong shape into a right one.
        logits, labels = operands.checked_labels(self._op, spec, logits, labels)
        weights = operands.checked_weights(spec, logits, weights)
        kept = is_kept(labels, spec.ignore_class)
        weights = numbers_of_kept(weights, kept)
        ids = ids_of_kept(labels, kept)
        spec = spec._replace(ignore_class=None)

        def of_replaced() -> Any:
            return step(spec, logits_of_kept(logits, kept, spec.axis), ids, weights)

        if not self._looks_first:
            return of_replaced()
        found = step(spec, logits, ids, weights)
        total = tf.reduce_sum(tf.nest.flatten(found)[0])
        # A value of 0 can mean that every weight is 0. The gradient may be NaN even then.
        shows_all = tf.math.is_finite(total) & tf.not_equal(total, 0)
        return tf.cond(shows_all, lambda: found, of_replaced)


def class_among(ignore_class: int | None, dtype: tf.DType) -> int | None:
    """The class to ignore, or None if no id of that dtype can be that class."""
    if ignore_class is None or not dtype.min <= ignore_class <= dtype.max:
        return None
    return ignore_class


def is_kept(ids: tf.Tensor, ignore_class: int) -> tf.Tensor:
    """Which examples don't have the class to ignore."""
    return tf.not_equal(ids, tf.constant(ignore_class, ids.dtype))


def ids_of_kept(ids: tf.Tensor, kept: tf.Tensor) -> tf.Tensor:
    """The ids, with 0, a valid id, for the ignored examples."""
    return tf.where(kept, ids, tf.zeros([], ids.dtype))


def numbers_of_kept(numbers: tf.Tensor, kept: tf.Tensor) -> tf.Tensor:
    """A scalar or a number for each example, with 0 for the ignored examples."""
    return tf.where(kept, numbers, tf.zeros([], numbers.dtype))


def logits_of_kept(logits: tf.Tensor, kept: tf.Tensor, axis: int | None) -> tf.Tensor:
    """The logits, with 0 for the ignored examples."""
    return tf.where(class_axis.beside_classes(kept, axis), logits, tf.zeros([], logits.dtype))
