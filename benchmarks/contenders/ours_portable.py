"""The loss of this package in TensorFlow's own ops, as GPUs, TPUs and XLA get it."""

from __future__ import annotations

import dataclasses

from benchmarks.contenders import ours

CONTENDER = dataclasses.replace(ours.CONTENDER, name="keras_xent, portable", backend="portable")
