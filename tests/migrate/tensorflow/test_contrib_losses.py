"""What is said of contrib's losses. The tests of KX109 follow it."""

from __future__ import annotations

import importlib

from keras_xent_cli.migrate.tensorflow.contrib_losses import advice


def test_every_loss_of_contrib_has_an_advice() -> None:
    names = importlib.import_module("tf_slim.losses.loss_ops").__all__
    cross_entropies = {name for name in names if "cross_entropy" in name}
    assert len(cross_entropies) == 3
    known = {name for name in names if "which is the same function" in advice(name, "keras_xent")}
    assert known == set(names) - cross_entropies


def test_how_the_source_spells_it() -> None:
    assert "; kx.v1.compute_weighted_loss" in advice("compute_weighted_loss", "kx")
