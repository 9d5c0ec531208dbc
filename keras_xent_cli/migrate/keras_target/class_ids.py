"""One-hot labels, and the class ids that they are made of.

`tf.one_hot` turns an id that isn't a class into zeros, for which the dense loss is 0. The sparse
loss raises an error, or returns NaN on a GPU and under XLA. So the port uses the ids as labels only
if all of them are certainly classes.
"""

from __future__ import annotations

import ast
from typing import Iterator

from keras_xent_cli.migrate import rewriting
from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source import constants
from keras_xent_cli.migrate.tensorflow.tensorflow_names import called, tensorflow_function
from keras_xent_cli.migrate.tensorflow.tf1_modules import canonical

_ONE_HOT = frozenset({"tensorflow.one_hot"})
_PARAMETERS = ("indices", "depth", "on_value", "off_value", "axis", "dtype", "name")
# With other values, the labels aren't plain one-hot labels.
_USUAL_VALUES = {"on_value": 1, "off_value": 0, "axis": -1}
# With other arguments, the labels may not be the plain one-hot labels of the ids.
_HARMLESS = frozenset({"indices", "depth", "dtype", "name"})
_PLAIN = (ast.Constant, ast.Name, ast.Attribute, type(None))
_COMPARISONS = frozenset(
    {
        "equal",
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "logical_and",
        "logical_not",
        "logical_or",
        "not_equal",
    }
)
_TO_INTEGERS = frozenset({"to_int32", "to_int64"})
_INTEGERS = frozenset({"tensorflow.int32", "tensorflow.int64"})


def are_one_hot(module: Module, call: Call) -> bool:
    """Whether a call's labels are plain one-hot labels, made in the call or before it."""
    labels = module.followed(call.labels)
    if not isinstance(labels, ast.Call) or not _is_one_hot(module, labels):
        return False
    arguments = _arguments(labels)
    usual = all(_has_usual_value(arguments, name) for name in _USUAL_VALUES)
    return usual and set(arguments) <= {*_PARAMETERS} and _is_last_axis(call)


def proven(module: Module, call: Call) -> ast.expr | None:
    """The ids in a call's `tf.one_hot(ids, depth)`, if they are certainly classes."""
    labels = call.labels
    if not isinstance(labels, ast.Call) or not _is_one_hot(module, labels):
        return None
    arguments = _arguments(labels)
    ids, depth = arguments.get("indices"), arguments.get("depth")
    if ids is None or depth is None or not set(arguments) <= _HARMLESS or not _is_last_axis(call):
        return None
    if rewriting.has_comment(module.source(labels)):
        return None
    if not all(isinstance(arguments.get(each), _PLAIN) for each in ("dtype", "name")):
        return None  # it may assign or call something, and the port drops it
    if _is_argmax_of_logits(module, call, ids, depth):
        return ids
    # TF1 broadcasts labels, but not ids: labels with one class and, in tf.nn, any labels whose
    # shape differs from the logits'. The functions that reduce compare the shapes if they are
    # known.
    classes = constants.integer(module, depth)
    if not call.function.reduces or classes is None or classes < 2 or _is_one_id(module, ids):
        return None
    return ids if _are_below(module, ids, classes) else None


def _is_one_hot(module: Module, node: ast.expr) -> bool:
    names = called(module, node)
    return bool(names) and names <= _ONE_HOT


def _arguments(node: ast.Call) -> dict[str, ast.expr]:
    """The arguments by parameter name. Unknown arguments are named `*` or `**`."""
    arguments = dict(zip(_PARAMETERS, node.args))
    for keyword in node.keywords:
        arguments[keyword.arg or "**"] = keyword.value
    if any(isinstance(each, ast.Starred) for each in node.args):
        arguments["*"] = node
    return arguments


def _has_usual_value(arguments: dict[str, ast.expr], name: str) -> bool:
    if name not in arguments:
        return True
    try:
        return bool(ast.literal_eval(arguments[name]) == _USUAL_VALUES[name])
    except (TypeError, ValueError):
        return False  # it isn't a literal, or one that Python can't build


def _is_last_axis(call: Call) -> bool:
    given = [call.arguments[name] for name in ("axis", "dim") if name in call.arguments]
    return all(_is_minus_one(each) for each in given)


def _are_below(module: Module, ids: ast.expr, classes: int) -> bool:
    if isinstance(ids, (ast.List, ast.Tuple, ast.Constant, ast.UnaryOp)):
        values = [constants.integer(module, each) for each in _leaves(ids)]
        return bool(values) and all(each is not None and 0 <= each < classes for each in values)
    if not isinstance(ids, ast.Call):
        return False
    function = tensorflow_function(module, ids)
    if function == "constant":
        return len(ids.args) == 1 and _are_below(module, ids.args[0], classes)
    if function == "range" and len(ids.args) == 1 and not ids.keywords:
        end = constants.integer(module, ids.args[0])
        return end is not None and 0 < end <= classes
    if function in _TO_INTEGERS or (function == "cast" and _is_cast_to_integers(module, ids)):
        return bool(ids.args) and _is_boolean(module, ids.args[0])
    return False


def _is_one_id(module: Module, ids: ast.expr) -> bool:
    """Whether the ids are certainly a scalar or have a dimension of 1: TF1 may broadcast them."""
    if isinstance(ids, (ast.List, ast.Tuple)):
        return len(ids.elts) == 1 or any(
            isinstance(each, (ast.List, ast.Tuple)) and _is_one_id(module, each)
            for each in ids.elts
        )
    function = tensorflow_function(module, ids)
    if isinstance(ids, ast.Call) and len(ids.args) == 1 and function == "constant":
        return _is_one_id(module, ids.args[0])
    if isinstance(ids, ast.Call) and len(ids.args) == 1 and function == "range":
        return constants.integer(module, ids.args[0]) == 1
    return constants.integer(module, ids) is not None


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, (ast.List, ast.Tuple)):
        for part in node.elts:
            yield from _leaves(part)
    else:
        yield node


def _is_cast_to_integers(module: Module, node: ast.Call) -> bool:
    dtypes = [*node.args[1:2], *(each.value for each in node.keywords if each.arg == "dtype")]
    names = {canonical(name) for name in module.names(dtypes[0])} if dtypes else set()
    return len(dtypes) == 1 and bool(names) and names <= _INTEGERS


def _is_boolean(module: Module, node: ast.expr) -> bool:
    """Whether it is a comparison of two values."""
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1 and isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE))
    return tensorflow_function(module, node) in _COMPARISONS


def _is_argmax_of_logits(module: Module, call: Call, ids: ast.expr, depth: ast.expr) -> bool:
    """Whether it is `tf.argmax(logits, -1)`, and the depth is the logits' size."""
    if tensorflow_function(module, ids) not in ("argmax", "arg_max"):
        return False
    assert isinstance(ids, ast.Call)
    axes = [*ids.args[1:2], *(each.value for each in ids.keywords if each.arg == "axis")]
    if len(axes) != 1 or not _is_minus_one(axes[0]) or not ids.args:
        return False
    return _is_same_name(ids.args[0], call.logits) and _is_last_size(module, depth, call.logits)


def _is_last_size(module: Module, node: ast.expr, tensor: ast.expr | None) -> bool:
    """Whether it is `tf.shape(tensor)[-1]`, `tensor.shape[-1]` or `tensor.get_shape()[-1]`."""
    if not isinstance(node, ast.Subscript) or not _is_minus_one(node.slice):
        return False
    shape = node.value
    if isinstance(shape, ast.Attribute) and shape.attr == "shape":
        return _is_same_name(shape.value, tensor)
    if not isinstance(shape, ast.Call):
        return False
    if tensorflow_function(module, shape) == "shape":
        return len(shape.args) == 1 and _is_same_name(shape.args[0], tensor)
    method = shape.func
    return (
        isinstance(method, ast.Attribute)
        and method.attr == "get_shape"
        and _is_same_name(method.value, tensor)
    )


def _is_same_name(node: ast.expr, other: ast.expr | None) -> bool:
    return isinstance(node, ast.Name) and isinstance(other, ast.Name) and node.id == other.id


def _is_minus_one(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
        and node.operand.value == 1
    )
