"""The steps as native ops, which run the C++ kernels on CPUs."""

from __future__ import annotations

import re
from typing import Any

import tensorflow as tf

from keras_xent.ops import library
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.ops.steps import Steps
from keras_xent.reduction import Reduction


class Native(Steps):
    """The steps of a loss op, as its native ops."""

    def __init__(self, op: LossOp) -> None:
        stem = re.sub("(?<=[a-z])(?=[A-Z])", "_", op.name).lower()
        self._loss = f"keras_xent_{stem}"
        self._unreduced = f"keras_xent_unreduced_{stem}"
        self._grad = f"keras_xent_{stem}_grad"

    def loss(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        return self._run("", spec, logits, labels, weights)

    def loss_with_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The weighted, reduced loss, and its gradient with respect to the logits."""
        value, backprop = self._run("_with_backprop", spec, logits, labels, weights)
        return value, backprop

    def loss_with_kept(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        if spec_lib.keeps_backprop(logits.dtype):
            return self.loss_with_backprop(spec, logits, labels, weights)
        return self.loss(spec, logits, labels, weights), None

    def weighted_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
    ) -> tf.Tensor:
        grad = getattr(library.load().ops, self._grad)
        return grad(logits, labels, coefficients, spec.label_smoothing, **_axis(spec))

    def scale_backprop(self, spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
        # If grad is 1, the op returns backprop without copying it.
        return library.load().ops.keras_xent_scale_backprop(backprop, grad, **_axis(spec))

    def _run(self, suffix: str, spec: Spec, *tensors: tf.Tensor) -> Any:
        ops = library.load().ops
        if spec.reduction is Reduction.NONE:
            op = getattr(ops, self._unreduced + suffix)
            return op(*tensors, spec.label_smoothing, **_axis(spec))
        op = getattr(ops, self._loss + suffix)
        return op(*tensors, spec.label_smoothing, reduction=spec.reduction.value, **_axis(spec))


def _axis(spec: Spec) -> dict[str, int]:
    return {} if spec.axis is None else {"axis": spec.axis}
