"""The interface of a loss op: what differs between the losses."""

from __future__ import annotations

import abc
from typing import ClassVar

import tensorflow as tf

from keras_xent.ops.spec import Spec


class LossOp(abc.ABC):
    """A cross entropy of logits and labels.

    The value is linear in the losses (see weighting.py). So a loss op defines only the loss of an
    example and its derivatives. "Real" logits and labels have the dtype of the arithmetic
    (`spec.real_dtype`).

    Attributes:
        name: its name, which is part of the names of the native ops and the gradients.
        has_class_axis: False if each element of the logits is an example.
        labels_rule: the beginning of the error for labels of the wrong shape. The error adds the
            expected shape and the labels' shape.
        labels_have_gradient: False for class ids.
    """

    name: ClassVar[str]
    has_class_axis: ClassVar[bool] = True
    labels_rule: ClassVar[str] = "logits and labels must have the same shape: their shapes are"
    labels_have_gradient: ClassVar[bool] = True

    @abc.abstractmethod
    def known_losses_shape(
        self, spec: Spec, logits_shape: tf.TensorShape, labels_shape: tf.TensorShape
    ) -> tf.TensorShape:
        """The static shape of the losses."""

    @abc.abstractmethod
    def labels_shape(self, spec: Spec, logits: tf.Tensor) -> tf.Tensor:
        """The shape that the labels must have."""

    @abc.abstractmethod
    def known_labels_shape(self, spec: Spec, logits_shape: tf.TensorShape) -> tf.TensorShape:
        """The static shape that the labels must have."""

    def real_labels(self, labels: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        """The labels in the dtype of the arithmetic. Class ids stay integers."""
        return tf.cast(labels, dtype)

    @abc.abstractmethod
    def losses_and_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The losses, and their derivatives with respect to the logits, with the class axis last.

        They are computed with TensorFlow's own ops, as fast and as exact as in TF1. Logits and
        labels are real.
        """

    @abc.abstractmethod
    def losses_under_xla(self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """The losses, in ops that XLA fuses well."""

    @abc.abstractmethod
    def losses_and_backprop_under_xla(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The losses and their derivatives, which have the logits' shape."""

    @abc.abstractmethod
    def labels_gradient(
        self, spec: Spec, coefficients: tf.Tensor, logits: tf.Tensor
    ) -> tf.Tensor | None:
        """The derivatives with respect to the labels, or None for class ids.

        The coefficients are a scalar or a number for each loss. All tensors are real.
        """

    @abc.abstractmethod
    def backprop_gradients(
        self,
        spec: Spec,
        v: tf.Tensor,
        logits: tf.Tensor,
        labels: tf.Tensor,
        coefficients: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor | None, tf.Tensor]:
        """The derivatives of `weighted_backprop` with respect to logits, labels and coefficients,
        times v.

        The last one has the losses' shape, even if the coefficients are broadcast to it. All
        tensors are real.
        """


_ops: dict[str, LossOp] = {}


def add(op: LossOp) -> None:
    """Adds an op to the ops that `named` finds."""
    _ops[op.name] = op


def named(name: str) -> LossOp:
    """The op with that name."""
    return _ops[name]
