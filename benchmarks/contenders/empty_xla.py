"""What the call of a function costs that XLA has compiled."""

from __future__ import annotations

import dataclasses

from benchmarks.contenders import empty

CONTENDER = dataclasses.replace(
    empty.CONTENDER, name=f"{empty.CONTENDER.name} under XLA", jit_compile=True
)
