"""Whether labels can carry a gradient. If they can't, the port needs no `stop_gradient`."""

from __future__ import annotations

import ast
from typing import Sequence

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source.attributes import Attributes
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.source.scopes import Value
from keras_xent_cli.migrate.tensorflow import tensorflow_names
from keras_xent_cli.migrate.tensorflow.tensorflow_names import called, tensorflow_function

# TensorFlow's functions whose results have no gradient for any input.
_WITHOUT_GRADIENT = frozenset(
    {
        "argmax",
        "argmin",
        "arg_max",
        "equal",
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "logical_and",
        "logical_not",
        "logical_or",
        "not_equal",
        "one_hot",
        "one_hot_encoding",
        "ones",
        "ones_like",
        "placeholder",
        "sequence_mask",
        "stop_gradient",
        "to_int32",
        "to_int64",
        "zeros",
        "zeros_like",
    }
)

# Functions that pass on the gradients of their arguments, and have no variables.
_HANDING_ON = frozenset(
    {
        "cast",
        "concat",
        "constant",  # returns an eager tensor unchanged
        "convert_to_tensor",
        "expand_dims",
        "gather",
        "identity",
        "reshape",
        "squeeze",
        "stack",
        "tile",
        "to_float",
        "transpose",
    }
)


def may_carry_gradient(
    module: Module, node: ast.expr, attributes: Attributes | None = None
) -> bool:
    """Whether a gradient could flow into an expression: False only if certainly none can.

    Args:
        module: the source.
        node: an expression in it.
        attributes: for following attributes too; None if other files may assign to them.
    """
    return _Search(module, attributes).may_carry(node)


def stop_gradient_edits(
    module: Module, attributes: Attributes, call: Call
) -> tuple[Edit, ...] | None:
    """The edits that stop the gradient with respect to a call's labels, like TF1.

    Returns:
        No edits if no gradient can flow there; None if the code around the call has no name for
        TensorFlow, so `tf.stop_gradient` can't be written.
    """
    if call.labels is None or not may_carry_gradient(module, call.labels, attributes):
        return ()
    edit = tensorflow_names.wrapping_edit(module, call, call.labels, "stop_gradient")
    return (edit,) if edit else None


class _Search:
    """Searches everything that the labels may be for a part that may carry a gradient."""

    def __init__(self, module: Module, attributes: Attributes | None) -> None:
        self._module = module
        self._attributes = attributes
        self._seen: set[int | str] = set()

    def may_carry(self, node: ast.expr) -> bool:
        if isinstance(node, (ast.Constant, ast.Compare)):
            return False
        if isinstance(node, ast.Call):
            return self._call_may_carry(node)
        if isinstance(node, ast.Name):
            bindings = self._module.scopes.of(node).lookup(node.id)
            values = [each.value if isinstance(each, Value) else None for each in bindings]
            return self._bound_may_carry(id(bindings), values)
        if isinstance(node, ast.Attribute):
            return self._attribute_may_carry(node)
        parts = _parts(node)
        return not parts or any(map(self.may_carry, parts))

    def _call_may_carry(self, node: ast.Call) -> bool:
        function = tensorflow_function(self._module, node)
        if function in _WITHOUT_GRADIENT:
            return False
        if function in _HANDING_ON:
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            return any(map(self.may_carry, arguments))
        names = called(self._module, node)
        return not names or not all(name.startswith("numpy.") for name in names)

    def _attribute_may_carry(self, node: ast.Attribute) -> bool:
        values = self._attributes.values(node) if self._attributes else None
        if values is not None:
            return self._bound_may_carry(node.attr, values)
        # tf.float32, np.pi: an attribute of a library isn't a tensor of the program.
        names = self._module.names(node)
        return not names or not all(name.startswith(("numpy.", "tensorflow.")) for name in names)

    def _bound_may_carry(self, key: int | str, values: Sequence[ast.expr | None]) -> bool:
        """Whether anything that a name is bound to may carry one; `key` identifies the name."""
        if not values:
            return True
        if key in self._seen:
            return False
        self._seen.add(key)
        # Tensors may be appended to a list.
        return any(
            value is None or isinstance(value, ast.List) or self.may_carry(value)
            for value in values
        )


def _parts(node: ast.expr) -> Sequence[ast.expr]:
    """The parts of an expression; empty if they aren't known."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return node.elts
    if isinstance(node, ast.BinOp):
        return (node.left, node.right)
    if isinstance(node, ast.UnaryOp):
        return (node.operand,)
    if isinstance(node, ast.IfExp):
        return (node.body, node.orelse)
    return (node.value,) if isinstance(node, ast.Subscript) else ()
