"""TF1's loss, compiled by XLA."""

from __future__ import annotations

import dataclasses

from benchmarks.contenders import v1

CONTENDER = dataclasses.replace(v1.CONTENDER, name="v1 under XLA", jit_compile=True)
