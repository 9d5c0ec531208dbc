"""What is to know of a loss op, beside what all of them share."""

from __future__ import annotations

import abc
from typing import ClassVar, Dict, Optional, Tuple

import tensorflow as tf

from keras_xent.ops.spec import Spec


class LossOp(abc.ABC):
    """A cross entropy of logits and labels.

    The losses are linear in what weights and reductions do (weighting.py). So a loss op says only
    what the loss of an example is, and what its derivatives are. `real` logits and labels are those
    in the dtype of the arithmetic (`spec.real_dtype`).

    Attributes:
        name: as in the names of the native ops and of the gradients.
        has_class_axis: False if each element of the logits is an example.
        labels_rule: what an error says of labels of a wrong shape, before the shape that is wanted
            and the one that came.
        labels_have_gradient: False for class ids.
    """

    name: ClassVar[str]
    has_class_axis: ClassVar[bool] = True
    labels_rule: ClassVar[str] = "logits and labels must have the same shape, and have the shapes"
    labels_have_gradient: ClassVar[bool] = True

    @abc.abstractmethod
    def known_losses_shape(
        self, spec: Spec, logits_shape: tf.TensorShape, labels_shape: tf.TensorShape
    ) -> tf.TensorShape:
        """What the static shapes of both say of the losses' shape."""

    @abc.abstractmethod
    def labels_shape(self, spec: Spec, logits: tf.Tensor) -> tf.Tensor:
        """The shape that the labels must have."""

    @abc.abstractmethod
    def known_labels_shape(self, spec: Spec, logits_shape: tf.TensorShape) -> tf.TensorShape:
        """What the logits' static shape says of the labels'."""

    def real_labels(self, labels: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        """The labels in the dtype of the arithmetic, if they are numbers."""
        return tf.cast(labels, dtype)

    @abc.abstractmethod
    def losses_and_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> Tuple[tf.Tensor, tf.Tensor]:
        """The losses, and their derivatives with respect to the logits, with the class axis last.

        In TensorFlow's own ops, at TF1's cost and as exact. Logits and labels are real.
        """

    @abc.abstractmethod
    def losses_under_xla(self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """The losses, in ops that XLA fuses well."""

    @abc.abstractmethod
    def losses_and_backprop_under_xla(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> Tuple[tf.Tensor, tf.Tensor]:
        """The losses, and their derivatives, which have the logits' shape."""

    @abc.abstractmethod
    def labels_gradient(
        self, spec: Spec, coefficients: tf.Tensor, logits: tf.Tensor
    ) -> Optional[tf.Tensor]:
        """The derivatives with respect to the labels, or None for class ids.

        The coefficients are those of the losses: a scalar or a number for each. All is real.
        """

    @abc.abstractmethod
    def backprop_gradients(
        self,
        spec: Spec,
        v: tf.Tensor,
        logits: tf.Tensor,
        labels: tf.Tensor,
        coefficients: tf.Tensor,
    ) -> Tuple[tf.Tensor, Optional[tf.Tensor], tf.Tensor]:
        """The derivatives of `weighted_backprop` with respect to logits, labels and coefficients,
        times v.

        The last is shaped as the losses, even where coefficients are broadcast to them. All is
        real.
        """


_ops: Dict[str, LossOp] = {}


def add(op: LossOp) -> None:
    """Makes an op known by its name."""
    _ops[op.name] = op


def named(name: str) -> LossOp:
    """The op of that name."""
    return _ops[name]
