"""The sigmoid cross entropy, which has a loss for every element of the logits."""

from __future__ import annotations

from keras_xent_cli.migrate.source.function import Function, Loss, LossObject
from keras_xent_cli.migrate.tensorflow.tf1_modules import (
    CONTRIB_LOSSES_MODULES,
    LOSSES_MODULES,
    NN_MODULES,
)

SIGMOID = Loss(
    "BinaryCrossentropy",
    ("from_logits", "label_smoothing", "reduction"),
    activations=("sigmoid", "softmax"),
    smoothing="labels * (1 - eps) + eps / 2",
    swapped="If they are, the network is trained on a wrong loss, with its output as labels",
    averages_classes=True,
)

_OBJECT = LossObject(
    reduction="SUM_BY_NONZERO_WEIGHTS",
    moved={"label_smoothing": "label_smoothing", "reduction": "reduction"},
    renamed={"multi_class_labels": "y_true", "logits": "y_pred", "weights": "sample_weight"},
    dropped=("scope", "loss_collection"),
)

SIGMOID_LOSS = Function(
    "sigmoid_cross_entropy",
    LOSSES_MODULES,
    (
        "multi_class_labels",
        "logits",
        "weights",
        "label_smoothing",
        "scope",
        "loss_collection",
        "reduction",
    ),
    reduces=True,
    loss=SIGMOID,
    labels="multi_class_labels",
    loss_object=_OBJECT,
)
SIGMOID_LOGITS = Function(
    "sigmoid_cross_entropy_with_logits",
    NN_MODULES,
    ("_sentinel", "labels", "logits", "name"),
    reduces=False,
    loss=SIGMOID,
    labels="labels",
    loss_object=LossObject(
        reduction="NONE",
        moved={},
        renamed={"labels": "y_true", "logits": "y_pred"},
        dropped=("name", "_sentinel"),
    ),
)
SIGMOID_CONTRIB = Function(
    "sigmoid_cross_entropy",
    CONTRIB_LOSSES_MODULES,
    ("logits", "multi_class_labels", "weights", "label_smoothing", "scope"),
    reduces=True,
    loss=SIGMOID,
    labels="multi_class_labels",
    loss_object=_OBJECT,
    has_other_order=True,
)

FUNCTIONS = (SIGMOID_LOSS, SIGMOID_LOGITS, SIGMOID_CONTRIB)
