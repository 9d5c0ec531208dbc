"""The floor: one op that reads logits and labels, writes as much as a gradient, and only adds."""

from __future__ import annotations

import tensorflow as tf

from benchmarks.contenders.tensorflow_contender import Step, TensorFlowContender, by_loss
from benchmarks.setups import SIGMOID, SOFTMAX, Setup


class _AddV2(TensorFlowContender):
    """Has no loss and needs no gradient."""

    def training(self, setup: Setup) -> Step:
        return self.loss(setup)


def _add(setup: Setup) -> Step:
    return lambda logits, labels, weights: tf.raw_ops.AddV2(x=logits, y=labels)


CONTENDER = _AddV2("AddV2", by_loss({SOFTMAX: _add, SIGMOID: _add}))
