"""The softmax cross entropy with one-hot labels or probabilities."""

from __future__ import annotations

from keras_xent_cli.migrate.source.function import Function, Loss, LossObject
from keras_xent_cli.migrate.tensorflow.losses import sparse_softmax
from keras_xent_cli.migrate.tensorflow.tf1_modules import (
    CONTRIB_LOSSES_MODULES,
    LOSSES_MODULES,
    NN_MODULES,
)

SOFTMAX = Loss(
    "CategoricalCrossentropy",
    ("from_logits", "label_smoothing", "axis", "reduction"),
    activations=("softmax",),
    smoothing="labels * (1 - eps) + eps / num_classes (num_classes: the size of the last axis)",
    swapped="If they are, the network gets no gradient, or a wrong one",
    of_ids=sparse_softmax.SPARSE,
)

_OBJECT = LossObject(
    reduction="SUM_BY_NONZERO_WEIGHTS",
    moved={"label_smoothing": "label_smoothing", "reduction": "reduction"},
    renamed={"onehot_labels": "y_true", "logits": "y_pred", "weights": "sample_weight"},
    dropped=("scope", "loss_collection"),
    stops_labels=True,
)

LOSS = Function(
    "softmax_cross_entropy",
    LOSSES_MODULES,
    (
        "onehot_labels",
        "logits",
        "weights",
        "label_smoothing",
        "scope",
        "loss_collection",
        "reduction",
    ),
    reduces=True,
    loss=SOFTMAX,
    labels="onehot_labels",
    loss_object=_OBJECT,
)
LOGITS_V2 = Function(
    "softmax_cross_entropy_with_logits_v2",
    NN_MODULES,
    ("labels", "logits", "axis", "name", "dim"),
    reduces=False,
    loss=SOFTMAX,
    labels="labels",
    loss_object=LossObject(
        reduction="NONE",
        moved={"axis": "axis", "dim": "axis"},
        renamed={"labels": "y_true", "logits": "y_pred"},
        dropped=("name",),
    ),
)
LOGITS = Function(
    "softmax_cross_entropy_with_logits",
    NN_MODULES,
    ("_sentinel", "labels", "logits", "dim", "name", "axis"),
    reduces=False,
    loss=SOFTMAX,
    labels="labels",
    loss_object=LossObject(
        reduction="NONE",
        moved={"axis": "axis", "dim": "axis"},
        renamed={"labels": "y_true", "logits": "y_pred"},
        dropped=("name", "_sentinel"),
        stops_labels=True,
    ),
)
# TF2's function with TF1's name: it does the same as TF1's `_v2` function.
LOGITS_TF2 = Function(
    "softmax_cross_entropy_with_logits_v2",
    (),
    ("labels", "logits", "axis", "name"),
    reduces=False,
    loss=SOFTMAX,
    labels="labels",
    loss_object=LOGITS_V2.loss_object,
)
# Its third to fifth arguments are those of LOSS, which has two more.
CONTRIB = Function(
    "softmax_cross_entropy",
    CONTRIB_LOSSES_MODULES,
    ("logits", "onehot_labels", "weights", "label_smoothing", "scope"),
    reduces=True,
    loss=SOFTMAX,
    labels="onehot_labels",
    loss_object=_OBJECT,
    has_other_order=True,
)

FUNCTIONS = (LOSS, LOGITS_V2, LOGITS, CONTRIB)
