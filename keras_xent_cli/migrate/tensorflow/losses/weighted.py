"""The weights and the reduction that all of TF1's losses share, over losses that are given."""

from __future__ import annotations

from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.tensorflow.tf1_modules import LOSSES_MODULES

# There is no loss object for it: one computes its losses itself.
WEIGHTED = Function(
    "compute_weighted_loss",
    LOSSES_MODULES,
    ("losses", "weights", "scope", "loss_collection", "reduction"),
    reduces=True,
)

FUNCTIONS = (WEIGHTED,)
