"""The steps that every implementation of a loss op has."""

from __future__ import annotations

import abc

import tensorflow as tf

from keras_xent.ops.spec import Spec


class Steps(abc.ABC):
    """The steps of a loss op. The shapes and dtypes of their arguments match.

    TensorFlow never differentiates a step. The derivatives are in gradients.py.
    """

    @abc.abstractmethod
    def loss(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        """The weighted, reduced loss."""

    @abc.abstractmethod
    def loss_with_kept(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """The weighted, reduced loss, and a tensor to keep for the gradient.

        If `spec.keeps_backprop`, this tensor is the gradient with respect to the logits for an
        upstream gradient of 1. Otherwise it holds the derivatives of the unweighted losses in the
        dtype of the arithmetic, or is None.
        """

    @abc.abstractmethod
    def weighted_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
    ) -> tf.Tensor:
        """The derivatives of the losses with respect to the logits, times their coefficients."""

    @abc.abstractmethod
    def scale_backprop(self, spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
        """backprop * grad, where grad is a scalar or has the losses' shape."""
