"""The kernels' mutants still change the kernels."""

from __future__ import annotations

from pathlib import Path

from mutation.kernel_mutants import KERNEL_MUTANTS

KERNEL = Path(__file__).parents[2] / "keras_xent" / "ops" / "kernel"


def test_the_text_that_a_mutant_replaces_occurs_once() -> None:
    for mutant in KERNEL_MUTANTS:
        code = (KERNEL / mutant.path).read_text(encoding="utf-8")
        assert code.count(mutant.old) == 1, mutant
        assert mutant.new != mutant.old
