"""What an implementation of a loss op computes."""

from __future__ import annotations

import abc
from typing import Optional, Tuple

import tensorflow as tf

from keras_xent.ops.spec import Spec


class Steps(abc.ABC):
    """The steps of a loss op, whose arguments are tensors of shapes and dtypes that fit.

    No step is there to be differentiated by TensorFlow: gradients.py has the derivatives.
    """

    @abc.abstractmethod
    def loss(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        """The weighted, reduced loss."""

    @abc.abstractmethod
    def loss_with_kept(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> Tuple[tf.Tensor, Optional[tf.Tensor]]:
        """The weighted, reduced loss, and what the gradient needs.

        That is the gradient with respect to the logits for an upstream gradient of 1. If that is
        not to be kept (`spec.keeps_backprop`), it is the derivatives of the unweighted losses in
        the dtype of the arithmetic, or None.
        """

    @abc.abstractmethod
    def weighted_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
    ) -> tf.Tensor:
        """The derivatives of the losses with respect to the logits, times a coefficient each."""

    @abc.abstractmethod
    def scale_backprop(self, spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
        """backprop * grad, with grad a scalar or shaped as the losses."""
