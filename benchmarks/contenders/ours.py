"""The loss of this package."""

from __future__ import annotations

import keras_xent
from benchmarks.contenders.tensorflow_contender import from_keras_loss
from benchmarks.setups import Setup


def _loss(setup: Setup) -> keras_xent.CategoricalCrossentropy:
    return keras_xent.CategoricalCrossentropy(
        from_logits=True,
        label_smoothing=setup.label_smoothing,
        axis=setup.axis,
        reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS,
        dtype=setup.dtype,
    )


CONTENDER = from_keras_loss("keras_xent", _loss)
