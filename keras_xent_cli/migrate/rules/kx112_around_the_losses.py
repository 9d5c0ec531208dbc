"""KX112: functions that work with the losses and don't exist in Keras.

`get_total_loss`, `get_losses` and `add_loss` stay: in a TF1 graph, they work with `keras_xent.v1`.
With `--to keras`, the program leaves the graph, and each is reported with its replacement. With
`--to v1`, Estimators are only noted, because TensorFlow 2.16 doesn't have them.

This checks only files that use one of the cross entropies, and reports each function once per file.
"""

from __future__ import annotations

import ast
from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow.tensorflow_names import called
from keras_xent_cli.migrate.tensorflow.tf1_modules import (
    CONTRIB_LOSSES_MODULES,
    LOSSES_MODULES,
    canonical,
)

_COLLECTION = {
    "get_total_loss": (
        "get_total_loss adds up what a TF1 graph has collected, and Keras has no loss collection. "
        "If you pass the loss to compile, drop this call, because fit adds model.losses. In your "
        "own training loop, write loss + sum(model.losses). Example: "
        "migration_guide/collections-and-estimators.md#get_total_loss"
    ),
    "get_losses": (
        "get_losses lists what a TF1 graph has collected, and Keras has no loss collection. Keep "
        "each loss in a variable, and add up the ones that you need. Example: "
        "migration_guide/collections-and-estimators.md#get_losses"
    ),
    "add_loss": (
        "add_loss puts a loss into the collection of a TF1 graph, and Keras has no such "
        "collection. If the loss doesn't need the labels, call self.add_loss in the layer that "
        "computes it. Otherwise, pass it to compile. Example: "
        "migration_guide/collections-and-estimators.md#add_loss"
    ),
}
_UP_TO_2_15 = (
    "TensorFlow 2.15 is the last version with Estimators (tf.compat.v1.estimator). From 2.16 on, "
    "use a keras.Model instead of the model_fn. Example: migration_guide/estimators.md#model_fn"
)
_ESTIMATOR = (
    "Keras has no Estimators, and TensorFlow has none from 2.16 on. Turn the model_fn into a "
    "keras.Model, and call its fit, evaluate and predict instead of train, evaluate and predict. "
    "Example: migration_guide/estimators.md#model_fn"
)
_SPEC = (
    "Keras has no EstimatorSpec, and TensorFlow has none from 2.16 on. Pass the loss, and the "
    "optimizer of the train_op, to compile. Move other terms of the loss into layers, with "
    "kernel_regularizer= and self.add_loss. Example: "
    "migration_guide/estimators.md#estimatorspec"
)

# By name: the message, the argument that must be there, and its position.
_ESTIMATORS = {
    "Estimator": (_ESTIMATOR, "model_fn", 0),
    "TPUEstimator": (_ESTIMATOR, "model_fn", 0),
    "EstimatorSpec": (_SPEC, "loss", 2),
    "TPUEstimatorSpec": (_SPEC, "loss", 2),
    "ModelFnOps": (_SPEC, "loss", 2),
}
_LOSSES = {
    f"{module}.{name}": name
    for module in (*LOSSES_MODULES, *CONTRIB_LOSSES_MODULES)
    for name in _COLLECTION
}
_GETTERS = frozenset({"tensorflow.get_collection", "tensorflow.get_collection_ref"})
_ROOTS = ("tensorflow.", "tensorflow_estimator.")


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report what Keras doesn't have, and Estimators."""
    if not module.references:
        return
    action = Action.FLAGGED if options.target is Target.KERAS else Action.NOTED
    for node in module.all(ast.Call):
        message = _of_estimator(module, node)
        if options.target is Target.KERAS:
            message = message or _of_collection(module, node)
        elif message:
            message = _UP_TO_2_15
        if message:
            yield Remark(module.offset(node), action, message, once=True)


def _of_collection(module: Module, node: ast.Call) -> str:
    names = called(module, node)
    if names and names <= _GETTERS:
        return _COLLECTION["get_losses"] if _gets_losses(module, node) else ""
    found = {_LOSSES.get(name, "") for name in names}
    return _COLLECTION.get(found.pop(), "") if len(found) == 1 else ""


def _gets_losses(module: Module, node: ast.Call) -> bool:
    key = _argument(node, "key", 0)
    if key is None:
        return False
    if isinstance(key, ast.Constant):
        return key.value == "losses"
    return {canonical(name) for name in module.names(key)} == {"tensorflow.GraphKeys.LOSSES"}


def _of_estimator(module: Module, node: ast.Call) -> str:
    names = called(module, node)
    parts = {name.rsplit(".", 1)[1] for name in names if name.startswith(_ROOTS)}
    if len(parts) != 1 or not all(name.startswith(_ROOTS) for name in names):
        return ""
    message, argument, position = _ESTIMATORS.get(parts.pop(), ("", "", 0))
    given = _argument(node, argument, position) if message else None
    is_none = isinstance(given, ast.Constant) and given.value is None
    return "" if given is None or is_none else message


def _argument(node: ast.Call, name: str, position: int) -> ast.expr | None:
    if len(node.args) > position:
        return node.args[position]
    return next((each.value for each in node.keywords if each.arg == name), None)


RULE = Rule("KX112", "loss collections and Estimators, once per file", check)
