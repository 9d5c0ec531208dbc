"""TF1's losses with their default reduction, as TensorFlow 2 still has them."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf

from benchmarks.contenders import NoSuchLoss
from benchmarks.contenders.tensorflow_contender import Step, TensorFlowContender, by_loss
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup


def calling(losses: Any, nn: Any) -> Callable[[Setup], Step]:
    """Makes the losses of two modules with TF1's functions.

    Args:
        losses: has what `tf.compat.v1.losses` has.
        nn: has what `tf.compat.v1.nn` has.
    """

    def softmax(setup: Setup) -> Step:
        if setup.is_along_last:
            return lambda logits, labels, weights: losses.softmax_cross_entropy(
                labels, logits, weights, label_smoothing=setup.label_smoothing
            )
        return along_another_axis(setup)

    def along_another_axis(setup: Setup) -> Step:
        """What a TF1 program does there, as the loss itself knows no axis but the last."""

        def by_hand(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
            num_classes = tf.cast(tf.shape(labels)[setup.axis], labels.dtype)
            smooth = labels * (1 - setup.label_smoothing) + setup.label_smoothing / num_classes
            each = nn.softmax_cross_entropy_with_logits_v2(
                labels=tf.stop_gradient(smooth), logits=logits, axis=setup.axis
            )
            return losses.compute_weighted_loss(each, weights)

        return by_hand

    def sparse(setup: Setup) -> Step:
        if not setup.is_along_last:
            raise NoSuchLoss("TF1's sparse_softmax_cross_entropy takes no class axis but the last")
        if setup.label_smoothing:
            return smoothed_ids(setup)
        return lambda logits, labels, weights: losses.sparse_softmax_cross_entropy(
            labels, logits, weights
        )

    def smoothed_ids(setup: Setup) -> Step:
        """What a TF1 program does there: it makes one-hot labels, which have label smoothing."""

        def by_one_hot(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
            one_hot = tf.one_hot(labels, setup.num_classes, dtype=logits.dtype)
            return softmax(setup)(logits, one_hot, weights)

        return by_one_hot

    def sigmoid(setup: Setup) -> Step:
        return lambda logits, labels, weights: losses.sigmoid_cross_entropy(
            labels, logits, weights, label_smoothing=setup.label_smoothing
        )

    return by_loss({SOFTMAX: softmax, SPARSE: sparse, SIGMOID: sigmoid})


CONTENDER = TensorFlowContender(
    "v1", calling(losses=tf.compat.v1.losses, nn=tf.compat.v1.nn)
)
