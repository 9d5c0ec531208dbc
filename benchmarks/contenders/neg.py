"""The floor with class ids: one op that reads logits, writes as much as a gradient, and negates."""

from __future__ import annotations

import tensorflow as tf

from benchmarks.contenders.tensorflow_contender import Step, TensorFlowContender, by_loss
from benchmarks.setups import SPARSE, Setup


class _Neg(TensorFlowContender):
    """Has no loss and needs no gradient."""

    def training(self, setup: Setup) -> Step:
        return self.loss(setup)


def _negate(setup: Setup) -> Step:
    return lambda logits, labels, weights: tf.raw_ops.Neg(x=logits)


CONTENDER = _Neg("Neg", by_loss({SPARSE: _negate}))
