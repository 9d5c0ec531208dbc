"""The softmax cross entropy of class ids."""

from __future__ import annotations

from keras_xent_cli.migrate.source.function import Function, Loss, LossObject
from keras_xent_cli.migrate.tensorflow.tf1_modules import (
    CONTRIB_LOSSES_MODULES,
    LOSSES_MODULES,
    NN_MODULES,
)

SPARSE = Loss(
    "SparseCategoricalCrossentropy",
    ("from_logits", "reduction", "axis", "label_smoothing"),
    activations=("softmax",),
    smoothing="",
    swapped="If so TF1 raises an error, for class ids are integers",
    squeezes_weights=True,
)

_OBJECT = LossObject(
    reduction="SUM_BY_NONZERO_WEIGHTS",
    moved={"reduction": "reduction"},
    renamed={"labels": "y_true", "logits": "y_pred", "weights": "sample_weight"},
    dropped=("scope", "loss_collection"),
)

SPARSE_LOSS = Function(
    "sparse_softmax_cross_entropy",
    LOSSES_MODULES,
    ("labels", "logits", "weights", "scope", "loss_collection", "reduction"),
    reduces=True,
    loss=SPARSE,
    labels="labels",
    loss_object=_OBJECT,
)
SPARSE_LOGITS = Function(
    "sparse_softmax_cross_entropy_with_logits",
    NN_MODULES,
    ("_sentinel", "labels", "logits", "name"),
    reduces=False,
    loss=SPARSE,
    labels="labels",
    loss_object=LossObject(
        reduction="NONE",
        moved={},
        renamed={"labels": "y_true", "logits": "y_pred"},
        dropped=("name", "_sentinel"),
    ),
)
SPARSE_CONTRIB = Function(
    "sparse_softmax_cross_entropy",
    CONTRIB_LOSSES_MODULES,
    ("logits", "labels", "weights", "scope"),
    reduces=True,
    loss=SPARSE,
    labels="labels",
    loss_object=_OBJECT,
    has_other_order=True,
)

FUNCTIONS = (SPARSE_LOSS, SPARSE_LOGITS, SPARSE_CONTRIB)
