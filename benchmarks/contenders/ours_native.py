"""The loss of this package by its native ops, without the choice that a graph has."""

from __future__ import annotations

import dataclasses

from benchmarks.contenders import ours

CONTENDER = dataclasses.replace(ours.CONTENDER, name="keras_xent, native", backend="native")
