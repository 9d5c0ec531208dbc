"""TF1's loss, compiled by XLA."""

from __future__ import annotations

from benchmarks.contenders import v1
from benchmarks.contenders.tensorflow_contender import TensorFlowContender

CONTENDER = TensorFlowContender("v1 under XLA", v1.loss, jit_compile=True)
