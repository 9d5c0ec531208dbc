"""`compute_weighted_loss`: the weights and the reduction of TF1's losses, for given losses."""

from __future__ import annotations

from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.tensorflow.tf1_modules import LOSSES_MODULES

# There is no loss object for it, because a loss object computes its losses itself.
WEIGHTED = Function(
    "compute_weighted_loss",
    LOSSES_MODULES,
    ("losses", "weights", "scope", "loss_collection", "reduction"),
    reduces=True,
)

FUNCTIONS = (WEIGHTED,)
