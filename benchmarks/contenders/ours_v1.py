"""TF1's functions, as this package has them."""

from __future__ import annotations

import keras_xent
from benchmarks.contenders import v1
from benchmarks.contenders.tensorflow_contender import TensorFlowContender

CONTENDER = TensorFlowContender(
    "keras_xent.v1", v1.calling(losses=keras_xent.v1, nn=keras_xent.v1)
)
