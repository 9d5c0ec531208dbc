"""Whether labels can carry a gradient: if they can't, stopping it changes nothing."""

from __future__ import annotations

import ast
from typing import Optional, Sequence, Set, Tuple, Union

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source.attributes import Attributes
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.source.scopes import Value
from keras_xent_cli.migrate.tensorflow import tensorflow_names
from keras_xent_cli.migrate.tensorflow.tensorflow_names import called, tensorflow_function

# TensorFlow's functions whose results have no gradient, whatever goes in.
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

# Those that hand on the gradients of their arguments, and make none of their own.
_HANDING_ON = frozenset(
    {
        "cast",
        "concat",
        "constant",  # of an eager tensor it is that tensor
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
    module: Module, node: ast.expr, attributes: Optional[Attributes] = None
) -> bool:
    """Whether a gradient could flow into an expression: True unless it is certain that none can.

    Args:
        module: The source.
        node: An expression in it.
        attributes: To follow attributes too, where it is known what other files do with them.
    """
    return _Search(module, attributes).may_carry(node)


def stop_gradient_edits(
    module: Module, attributes: Attributes, call: Call
) -> Optional[Tuple[Edit, ...]]:
    """What stops the gradient into a call's labels, as TF1 stops it.

    Returns:
        Nothing to change if no gradient can flow there; None if the code around the call has no
        name for TensorFlow, to write `tf.stop_gradient` with.
    """
    if call.labels is None or not may_carry_gradient(module, call.labels, attributes):
        return ()
    edit = tensorflow_names.wrapping_edit(module, call, call.labels, "stop_gradient")
    return (edit,) if edit else None


class _Search:
    """Looks through all that labels may be: one part that may carry a gradient is enough."""

    def __init__(self, module: Module, attributes: Optional[Attributes]) -> None:
        self._module = module
        self._attributes = attributes
        self._seen: Set[Union[int, str]] = set()

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
        # tf.float32, np.pi: what a library has is no tensor of the program.
        names = self._module.names(node)
        return not names or not all(name.startswith(("numpy.", "tensorflow.")) for name in names)

    def _bound_may_carry(self, key: Union[int, str], values: Sequence[Optional[ast.expr]]) -> bool:
        """Whether what a name is bound to may; `key` says which name it is."""
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
    """What an expression is made of; nothing if it isn't known."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return node.elts
    if isinstance(node, ast.BinOp):
        return (node.left, node.right)
    if isinstance(node, ast.UnaryOp):
        return (node.operand,)
    if isinstance(node, ast.IfExp):
        return (node.body, node.orelse)
    return (node.value,) if isinstance(node, ast.Subscript) else ()
