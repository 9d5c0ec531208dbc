"""The dtype of logits, if the source shows it."""

from __future__ import annotations

import ast
from typing import FrozenSet, Iterator, Sequence

from keras_xent_cli.migrate.keras_target.bare_logits import is_maker
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.attributes import Attributes
from keras_xent_cli.migrate.source.scopes import Value
from keras_xent_cli.migrate.tensorflow.tensorflow_names import called, tensorflow_function
from keras_xent_cli.migrate.tensorflow.tf1_modules import canonical

Dtypes = FrozenSet[str]

UNKNOWN = ""
"""A dtype that the source doesn't show, among the dtypes that an expression may have."""

_UNKNOWN: Dtypes = frozenset({UNKNOWN})
# For a name that is assigned from itself, which doesn't change its dtype.
_ITS_OWN = "its own"
# For an array: combined with a tensor, it gets the tensor's dtype.
_OF_ARRAY = "array of "

_FLOATS = {
    "bfloat16": "bfloat16",
    "double": "float64",
    "float16": "float16",
    "float32": "float32",
    "float64": "float64",
    "half": "float16",
}
_OWNERS = frozenset({"tensorflow", "tensorflow.dtypes", "numpy"})
_CONVERSIONS = {"to_bfloat16": "bfloat16", "to_double": "float64", "to_float": "float32"}
# Functions in which a string without a keyword may be a dtype.
_TAKE_STRINGS = frozenset({"astype", "cast", "placeholder"})
_DTYPE_ARGUMENTS = frozenset({"dtype", "DstT"})
# NumPy functions that return float64 by default.
_RANDOM = frozenset({"normal", "rand", "randn", "random", "random_sample", "uniform"})
_SHAPED = frozenset({"eye", "ones", "zeros"})
_ARRAYS = frozenset({"array", "asarray"})


def dtypes(module: Module, attributes: Attributes, node: ast.expr | None) -> Dtypes:
    """The floating dtypes that the source shows for an expression, or `UNKNOWN`."""
    found = _Search(module, attributes).of(node) if node else _UNKNOWN
    return frozenset(
        UNKNOWN if dtype == _ITS_OWN else dtype.replace(_OF_ARRAY, "") for dtype in found
    )


class _Search:
    def __init__(self, module: Module, attributes: Attributes) -> None:
        self._module = module
        self._attributes = attributes
        self._known: dict[int | str, Dtypes] = {}

    def of(self, node: ast.expr) -> Dtypes:
        if isinstance(node, ast.Call):
            return self._of_call(node)
        if isinstance(node, ast.IfExp):
            return self.of(node.body) | self.of(node.orelse)
        if isinstance(node, ast.Name):
            bindings = self._module.scopes.of(node).lookup(node.id)
            values = [each.value if isinstance(each, Value) else None for each in bindings]
            return self._of_bound(id(bindings), values)
        if isinstance(node, ast.Attribute):
            return self._of_bound(node.attr, self._attributes.values(node) or ())
        if isinstance(node, ast.BinOp):
            return self._of_operands([node.left, node.right])
        if isinstance(node, (ast.List, ast.Tuple)):
            return self._of_operands(node.elts)
        if isinstance(node, ast.UnaryOp):
            return self.of(node.operand)
        if isinstance(node, (ast.Subscript, ast.NamedExpr)):
            return self.of(node.value)
        return _UNKNOWN

    def _of_bound(self, key: int | str, values: Sequence[ast.expr | None]) -> Dtypes:
        """The dtypes of everything that a name is bound to; `key` identifies the name."""
        if key not in self._known:
            self._known[key] = frozenset({_ITS_OWN})
            parts = [self.of(value) if value else _UNKNOWN for value in values]
            found = frozenset().union(*parts) or _UNKNOWN
            self._known[key] = found - {_ITS_OWN} or found
        return self._known[key]

    def _of_operands(self, nodes: Sequence[ast.expr]) -> Dtypes:
        """TensorFlow needs one dtype for all operands, so a known dtype is the dtype of all."""
        found: Dtypes = frozenset()
        for node in nodes:
            found |= self.of(node)
        shown = {dtype for dtype in found - _UNKNOWN if not dtype.startswith(_OF_ARRAY)}
        if shown - {_ITS_OWN}:
            return frozenset(shown)
        if _ITS_OWN in shown:
            return frozenset({_ITS_OWN})
        return _UNKNOWN if UNKNOWN in found or not found else found

    def _of_call(self, node: ast.Call) -> Dtypes:
        given = frozenset(self._given(node))
        if isinstance(node.func, ast.Call):  # a layer that is created and called
            return given | frozenset(self._given(node.func)) | _UNKNOWN
        function = tensorflow_function(self._module, node)
        if function:
            return self._of_tensorflow(node, function, given)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "astype":
            return _of_array(given) or _UNKNOWN
        names = called(self._module, node)
        if names and all(name.startswith("numpy.") for name in names):
            return _of_array(given or _numpys({name.rsplit(".", 1)[1] for name in names}, node))
        return given | _UNKNOWN

    def _of_tensorflow(self, node: ast.Call, function: str, given: Dtypes) -> Dtypes:
        if function in _CONVERSIONS:
            return frozenset({_CONVERSIONS[function]})
        names = called(self._module, node)
        if (given or function == "cast") and all(name.count(".") == 1 for name in names):
            return given or _UNKNOWN
        arguments = self._of_operands([*node.args, *(each.value for each in node.keywords)])
        return arguments if all(map(is_maker, names)) else given | arguments | _UNKNOWN

    def _given(self, node: ast.Call) -> Iterator[str]:
        """The dtypes in the arguments of a call."""
        takes_strings = tensorflow_function(self._module, node) in _TAKE_STRINGS or (
            isinstance(node.func, ast.Attribute) and node.func.attr in _TAKE_STRINGS
        )
        for argument in node.args:
            yield from self._named(argument, takes_strings)
        for keyword in node.keywords:
            yield from self._named(keyword.value, keyword.arg in _DTYPE_ARGUMENTS)

    def _named(self, node: ast.expr, as_string: bool) -> Iterator[str]:
        if isinstance(node, ast.Constant):
            if as_string and isinstance(node.value, str) and node.value in _FLOATS:
                yield _FLOATS[node.value]
            return
        for name in self._module.names(node):
            owner, _, dtype = canonical(name).rpartition(".")
            if owner in _OWNERS and dtype in _FLOATS:
                yield _FLOATS[dtype]


def _of_array(dtypes_: Dtypes) -> Dtypes:
    return frozenset(_OF_ARRAY + dtype if dtype else dtype for dtype in dtypes_)


def _numpys(functions: set[str], node: ast.Call) -> Dtypes:
    """The dtype that NumPy returns without a dtype argument."""
    has_dtype = len(node.args) > 1 or any(each.arg in (None, "dtype") for each in node.keywords)
    is_float64 = functions <= _RANDOM or (
        not has_dtype
        and (functions <= _SHAPED or (functions <= _ARRAYS and any(map(_has_float, node.args))))
    )
    return frozenset({"float64"}) if is_float64 else _UNKNOWN


def _has_float(node: ast.expr) -> bool:
    parts = [node]
    while parts:
        part = parts.pop()
        if isinstance(part, (ast.List, ast.Tuple)):
            parts.extend(part.elts)
        elif isinstance(part, ast.UnaryOp):
            parts.append(part.operand)
        elif isinstance(part, ast.Constant) and isinstance(part.value, float):
            return True
    return False
