"""Arguments that are probably wrong, judged by their names and origins."""

from __future__ import annotations

import ast
import re

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.tensorflow.tensorflow_names import tensorflow_function

_LABELS = re.compile(
    r"(label|one_?hot|target|y_?true|truth|(^|_)gt(_|$)|(^|_)y_?$|(^|_)ys$)", re.IGNORECASE
)
_LOGITS = re.compile(r"logit", re.IGNORECASE)
_OUTPUT = re.compile(r"(logit|pred|output|score|y_?hat|y_?conv|(^|_)net$|(^|_)out$)", re.IGNORECASE)
_PROBABILITIES = "probabilit|(^|_)probs?(_|$)"

_ACTIVATIONS = ("activation", "activation_fn")


def looks_swapped(module: Module, call: Call) -> bool:
    """Whether labels and logits seem to be swapped; False if either is missing."""
    if call.labels is None or call.logits is None:
        return False
    labels, logits = _noun(module, call.labels), _noun(module, call.logits)
    if _LOGITS.search(labels) and not _LABELS.search(labels):
        return not _LOGITS.search(logits)
    in_logits = _LABELS.search(logits) and not _OUTPUT.search(logits)
    in_labels = _OUTPUT.search(labels) and not _LABELS.search(labels)
    if tensorflow_function(module, module.followed(call.logits)) in ("one_hot", "one_hot_encoding"):
        return True
    return bool(in_logits and in_labels)


def activation_output(module: Module, call: Call) -> str:
    """Why a call's logits seem to be probabilities; "" if they don't."""
    loss = call.function.loss
    return _activation_output(module, call.logits, loss.activations) if loss else ""


def _activation_output(
    module: Module, node: ast.expr | None, activations: tuple[str, ...]
) -> str:
    value = module.followed(node)
    if isinstance(value, ast.Call):
        if tensorflow_function(module, value).lower() in activations:
            return f"they are the output of {_short(module, value.func)}(…)"
        if isinstance(value.func, ast.Call):  # a layer that is created and called: Softmax()(x)
            if tensorflow_function(module, value.func).lower() in activations:
                return f"they are the output of {_short(module, value.func)}"
            value = value.func
        argument = _activation_argument(module, value, activations)
        if argument:
            return f"they are the output of {_short(module, value.func)}(…, {argument})"
    noun = _noun(module, node)
    names = re.compile("|".join([_PROBABILITIES, *activations]), re.IGNORECASE)
    if names.search(noun) and not _LOGITS.search(noun):
        return f"their name is {noun!r}"
    return ""


def _activation_argument(module: Module, call: ast.Call, activations: tuple[str, ...]) -> str:
    for keyword in call.keywords:
        if keyword.arg not in _ACTIVATIONS:
            continue
        value = keyword.value
        names = module.names(value)
        if names and all(name.rsplit(".", 1)[-1] in activations for name in names):
            return f"{keyword.arg}={module.source(value)}"
        if isinstance(value, ast.Constant) and value.value in activations:
            return f"{keyword.arg}={module.source(value)}"
    return ""


def _noun(module: Module, node: ast.expr | None) -> str:
    """The last part of a name, `logits` for `self.logits[0]`; "" for anything else."""
    while isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return node.slice.value
        node = node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if tensorflow_function(module, node) in ("cast", "reshape", "squeeze", "identity", "to_float"):
        assert isinstance(node, ast.Call)
        return _noun(module, node.args[0]) if node.args else ""
    return ""


def _short(module: Module, node: ast.expr) -> str:
    return " ".join(module.source(node).split())
