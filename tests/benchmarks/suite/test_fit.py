"""Networks are trained with the loss that they are given."""

from __future__ import annotations

import pytest

from benchmarks import contenders
from benchmarks.setups import Setup
from benchmarks.suite import fit


@pytest.mark.parametrize("module", ["ours", "keras"])
def test_an_epoch_is_fitted(module: str) -> None:
    network = fit._Network("tiny", batch_size=4, num_features=3, num_classes=5, steps=2)
    assert fit._epoch(network, Setup((4, 5)), contenders.load(module))() > 0
