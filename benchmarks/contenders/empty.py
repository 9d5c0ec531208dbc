"""What the call of a `tf.function` costs: it takes the same tensors and adds 1 to one weight."""

from __future__ import annotations

import tensorflow as tf

from benchmarks.benchmark import EMPTY
from benchmarks.contenders.tensorflow_contender import Step, TensorFlowContender
from benchmarks.setups import Setup


class _Empty(TensorFlowContender):
    """Has no loss and needs no gradient."""

    def training(self, setup: Setup) -> Step:
        return self.loss(setup)


def _add_one(setup: Setup) -> Step:
    first = (0,) * len(setup.weights_shape)

    def add_one(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return weights[first] + 1

    return add_one


CONTENDER = _Empty(EMPTY, _add_one)
