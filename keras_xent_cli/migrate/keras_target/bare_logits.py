"""Removes what Keras may have attached to the logits.

Keras's softmax and sigmoid attach their inputs to their outputs (`_keras_logits`), a graph shows
Keras where TensorFlow's softmax is, and layers pass masks on (`_keras_mask`). A loss object undoes
the softmax and applies the mask, like Keras's own. TF1 does neither. `tf.identity` returns a tensor
without them, so the port puts it around logits that may have them.
"""

from __future__ import annotations

import ast

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source.attributes import Attributes
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.source.scopes import Binding, Other, Value
from keras_xent_cli.migrate.tensorflow import tensorflow_names
from keras_xent_cli.migrate.tensorflow.tensorflow_names import called

# Not Keras's modules and tf.layers: their layers pass masks on.
_MODULES = ("tensorflow", "tensorflow.nn", "tensorflow.math", "tensorflow.linalg")
# Functions that always make a new tensor. Not `cast` and `convert_to_tensor`, which may return
# their argument, and not the activations.
_MAKERS = frozenset(
    {
        "add",
        "bias_add",
        "concat",
        "conv2d",
        "div",
        "divide",
        "einsum",
        "exp",
        "expand_dims",
        "gather",
        "gather_nd",
        "get_variable",
        "identity",
        "log",
        "matmul",
        "maximum",
        "minimum",
        "mul",
        "multiply",
        "negative",
        "placeholder",
        "reduce_max",
        "reduce_mean",
        "reduce_sum",
        "relu",
        "reshape",
        "scalar_mul",
        "sparse_tensor_dense_matmul",
        "squeeze",
        "stop_gradient",
        "sub",
        "subtract",
        "tanh",
        "tensordot",
        "tile",
        "transpose",
        "where",
        "xw_plus_b",
    }
)


def may_carry(module: Module, attributes: Attributes, logits: ast.expr | None) -> bool:
    """Whether Keras may have attached something to the logits: True if unknown."""
    return logits is None or not _Search(module, attributes).are_bare(logits)


def identity_edit(module: Module, call: Call) -> Edit | None:
    """`tf.identity` around a call's logits; None if the code there has no name for TensorFlow."""
    assert call.logits is not None
    return tensorflow_names.wrapping_edit(module, call, call.logits, "identity")


class _Search:
    """Searches everything that the logits may be. All of it must be bare."""

    def __init__(self, module: Module, attributes: Attributes) -> None:
        self._module = module
        self._attributes = attributes
        self._seen: set[int | str] = set()

    def are_bare(self, node: ast.expr) -> bool:
        if isinstance(node, (ast.BinOp, ast.List, ast.Tuple)):
            return True
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.USub)
        if isinstance(node, ast.IfExp):
            return self.are_bare(node.body) and self.are_bare(node.orelse)
        if isinstance(node, ast.Subscript):
            return _is_slice(node.slice)
        if isinstance(node, ast.Name):
            bindings = self._module.scopes.of(node).lookup(node.id)
            return bool(bindings) and (
                self._is_seen(id(bindings)) or all(map(self._is_bare, bindings))
            )
        if isinstance(node, ast.Attribute):
            values = self._attributes.values(node)
            return values is not None and (
                self._is_seen(node.attr) or all(map(self.are_bare, values))
            )
        names = called(self._module, node)
        return bool(names) and all(map(is_maker, names))

    def _is_seen(self, key: int | str) -> bool:
        is_seen = key in self._seen
        self._seen.add(key)
        return is_seen

    def _is_bare(self, binding: Binding) -> bool:
        if isinstance(binding, Value):
            return self.are_bare(binding.value)
        # logits += bias
        return isinstance(binding, Other) and isinstance(
            self._module.scopes.parent(binding.node), ast.AugAssign
        )


def is_maker(name: str) -> bool:
    """Whether a qualified name is a function that always makes a new tensor."""
    owner, _, function = name.rpartition(".")
    return owner in _MODULES and function in _MAKERS


def _is_slice(index: ast.expr) -> bool:
    """Whether indexing always makes a new tensor.

    With `x[:, 0]` and `x[1:]`, it does. `outputs[0]` may be an element of a list.
    """
    parts: tuple[ast.expr, ...] = (index,)
    if isinstance(index, ast.Tuple):
        parts = tuple(index.elts)
    return any(isinstance(part, ast.Slice) for part in parts)
