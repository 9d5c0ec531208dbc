"""One parsed source, and the places where it uses TF1's cross entropies."""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
import warnings
from typing import Iterator, TypeVar

from keras_xent_cli.migrate.running.program import Place
from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.source.lines import Lines
from keras_xent_cli.migrate.source.names import UNKNOWN, Names, is_wrapped, resolve, resolve_global
from keras_xent_cli.migrate.source.scopes import Import, Scope, Scopes, Value
from keras_xent_cli.migrate.tensorflow import functions, tf1_modules
from keras_xent_cli.migrate.tensorflow.eras import Era, certain_era, era
from keras_xent_cli.migrate.tensorflow.losses.softmax import LOGITS, LOGITS_TF2

# What can be between the dots of an attribute: a comment, a space, a continued line.
_BETWEEN_NAMES = re.compile(r"(?:#[^\r\n]*|\s|\\)+")
_AROUND_DOT = re.compile(r" ?\. ?")

_Node = TypeVar("_Node", bound=ast.AST)


@dataclasses.dataclass(frozen=True)
class Reference:
    """An expression that refers to one of the functions, called or not.

    Args:
        node: the name or attribute.
        function: the function.
        tf1_for_certain: whether it comes from `tensorflow.compat.v1`.
        ported: whether it is already `keras_xent.v1`'s.
        renamed: whether the text of the expression has to change for the port. A variable that
            holds the function keeps its name.
    """

    node: ast.expr
    function: Function
    tf1_for_certain: bool
    ported: bool
    renamed: bool


@dataclasses.dataclass(frozen=True)
class Call:
    """A call of one of the functions.

    Args:
        node: the call.
        reference: what is called.
        arguments: the known arguments, by parameter name.
        problem: why the arguments aren't known, or "".
    """

    node: ast.Call
    reference: Reference
    arguments: dict[str, ast.expr]
    problem: str

    @property
    def function(self) -> Function:
        """What is called."""
        return self.reference.function

    @property
    def labels(self) -> ast.expr | None:
        """The labels, under any parameter name."""
        name = self.function.labels
        return self.arguments.get(name) if name else None

    @property
    def logits(self) -> ast.expr | None:
        """The logits."""
        return self.arguments.get("logits")


class Module:
    """A parsed source.

    Args:
        text: the source.
        place: where it is in a program.

    Raises:
        SyntaxError: it isn't Python 3.
        ValueError: it has null bytes.
    """

    def __init__(self, text: str, place: Place | None = None) -> None:
        self.text = text
        self.place = place or Place()
        self.lines = Lines(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about invalid escapes in the user's code
            self.tree = ast.parse(text)
        self.scopes = Scopes(self.tree)
        self._nodes = list(ast.walk(self.tree))
        self._by_type: dict[type[ast.AST], list[ast.AST]] = {}
        for node in self._nodes:
            self._by_type.setdefault(type(node), []).append(node)
        self._names: dict[ast.expr | tuple[str, Scope], Names] = {}
        self._package = self._find_package()

    # The rest is computed on demand: for most files of a program, only names are needed.

    @functools.cached_property
    def era(self) -> Era | None:
        """The version of TensorFlow that it is written for; None if that isn't known."""
        return era(self)

    @functools.cached_property
    def certain_era(self) -> Era | None:
        """The same, if no port can have made it look like that version."""
        return certain_era(self)

    @functools.cached_property
    def references(self) -> list[Reference]:
        """The places that refer to one of the functions."""
        return list(self._find_references())

    @functools.cached_property
    def calls(self) -> list[Call]:
        """The calls of the functions."""
        by_node = {reference.node: reference for reference in self.references}
        return [
            self._call(node, by_node[node.func])
            for node in self.all(ast.Call)
            if node.func in by_node
        ]

    @functools.cached_property
    def _call_by_node(self) -> dict[ast.AST, Call]:
        return {call.node: call for call in self.calls}

    def all(self, kind: type[_Node]) -> Iterator[_Node]:
        """All nodes of a kind, such as `ast.Call` or `ast.expr`."""
        nodes = self._nodes if kind.__subclasses__() else self._by_type.get(kind, [])
        return (node for node in nodes if isinstance(node, kind))

    @property
    def package(self) -> str:
        """The name of `keras_xent` in the source, now or after the port."""
        return self.imported_package() or functions.PACKAGE

    def imported_package(self) -> str:
        """The top-level name that an import has bound to `keras_xent`; "" if none has."""
        return self._package

    def package_is_taken(self) -> int:
        """The line on which some scope binds the package's name to something else, or 0."""
        bindings = [
            binding for scope in self.scopes.all for binding in scope.bindings.get(self.package, [])
        ]
        others = (each for each in bindings if each != Import(functions.PACKAGE, each.line))
        return next((each.line for each in others), 0)

    def imports(self) -> Iterator[ast.Import | ast.ImportFrom]:
        """All imports."""
        yield from self.all(ast.Import)
        yield from self.all(ast.ImportFrom)

    def imports_of(self, name: str, line: int) -> list[ast.Import | ast.ImportFrom]:
        """The imports that begin on a line and bind a name."""
        return [
            statement
            for statement in self.imports()
            if statement.lineno == line
            and any(name == (each.asname or each.name.split(".")[0]) for each in statement.names)
        ]

    def is_imported(self, node: ast.Name) -> bool:
        """Whether a name comes only from imports."""
        bindings = self.scopes.of(node).lookup(node.id)
        return bool(bindings) and all(isinstance(each, Import) for each in bindings)

    def names(self, node: ast.expr) -> Names:
        """The qualified names of an expression, followed through the program's own modules."""
        return _without_wrapped(self.names_and_wrapped(node))

    def names_and_wrapped(self, node: ast.expr) -> Names:
        """The same, including names that a function of the program wraps."""
        # A name means the same everywhere in its scope. Every rule asks again.
        key = (node.id, self.scopes.of(node)) if isinstance(node, ast.Name) else node
        if key not in self._names:
            self._names[key] = self._followed(resolve(self.scopes, node, self._starred))
        return self._names[key]

    def names_of_global(self, name: str) -> Names:
        """The qualified names that a name has at the module's top level."""
        return _without_wrapped(self._followed(resolve_global(self.scopes, name, self._starred)))

    def _followed(self, names: Names) -> Names:
        return frozenset().union(*(self.place.follow(each) if each else {each} for each in names))

    def _starred(self, name: str) -> Names:
        return self.place.starred(name, self.scopes.module.stars)

    def offset(self, node: ast.expr | ast.stmt) -> int:
        """Where a node begins."""
        return self.lines.span(node)[0]

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        return self.lines.segment(node)

    def dotted(self, node: ast.expr) -> str:
        """The text of a name or an attribute, on one line."""
        return _AROUND_DOT.sub(".", _BETWEEN_NAMES.sub(" ", self.source(node)))

    def call_of(self, node: ast.AST | None) -> Call | None:
        """The node as a call of one of the functions; None if it isn't one."""
        return self._call_by_node.get(node) if node else None

    def call_through(self, reference: Reference) -> Call | None:
        """The call of a reference; None if it isn't called."""
        call = self.call_of(self.scopes.parent(reference.node))
        return call if call and call.reference is reference else None

    def is_ignored(self, call: Call) -> bool:
        """Whether the program ignores the result of a call; assigning it to `_` ignores it."""
        parent = self.scopes.parent(call.node)
        if isinstance(parent, ast.Assign):
            return all(isinstance(each, ast.Name) and each.id == "_" for each in parent.targets)
        return isinstance(parent, ast.Expr)

    def last_value(self, node: ast.expr) -> ast.expr | None:
        """What was last assigned to a name before it is read; None if that isn't known.

        This uses the order of the text, and ignores branches and loops.
        """
        if not isinstance(node, ast.Name):
            return None
        last = self.scopes.last_binding(node)
        return last.value if isinstance(last, Value) else None

    def followed(self, node: ast.expr | None) -> ast.expr | None:
        """An expression, or what was last assigned to it if it is a name."""
        seen: list[ast.expr] = []
        while node is not None and node not in seen:
            seen.append(node)
            value = self.last_value(node)
            if value is None:
                break
            node = value
        return node

    def _find_package(self) -> str:
        for name, bindings in self.scopes.module.bindings.items():
            if any(each == Import(functions.PACKAGE, each.line) for each in bindings):
                return name
        return ""

    def _find_references(self) -> Iterator[Reference]:
        for node in self._nodes:
            if not isinstance(node, (ast.Attribute, ast.Name)):
                continue
            if not isinstance(node.ctx, ast.Load):
                continue
            if isinstance(node, ast.Attribute) and node.attr not in functions.FUNCTION_NAMES:
                continue
            reference = self._reference(node)
            if reference:
                yield reference

    def _reference(self, node: ast.Attribute | ast.Name) -> Reference | None:
        names = self.names(node)
        if not names or UNKNOWN in names:
            return None
        tf1 = {functions.tf1_function(name) for name in names}
        ported = {functions.ported_function(name) for name in names}
        found = tf1 - {None} or ported
        if len(found) != 1:
            return None  # several functions: KX110 reports it
        function = found.pop()
        if function is None or (None in tf1 and None in ported) or not self._is_in_place(node):
            return None
        tf1_for_certain = any(tf1_modules.is_tf1(name) for name in names)
        is_plain = tf1 != {None} and not tf1_for_certain
        if function is LOGITS and is_plain and self.certain_era is Era.TF2:
            function = LOGITS_TF2
        return Reference(
            node,
            function,
            tf1_for_certain=tf1_for_certain,
            ported=tf1 == {None},
            renamed=isinstance(node, ast.Attribute) or not self._is_variable(node),
        )

    def _is_in_place(self, node: ast.Attribute | ast.Name) -> bool:
        # Before Python 3.12, positions inside f-strings are wrong.
        name = node.attr if isinstance(node, ast.Attribute) else node.id
        return self.source(node).endswith(name)

    def _is_variable(self, node: ast.Name) -> bool:
        # Not if an import may have bound it too: the import stays, and is TF1's.
        bindings = self.scopes.of(node).lookup(node.id)
        return bool(bindings) and all(isinstance(binding, Value) for binding in bindings)

    def _call(self, node: ast.Call, reference: Reference) -> Call:
        arguments, problem = _bind(node, reference.function.parameters)
        return Call(node, reference, arguments, problem)


def _without_wrapped(names: Names) -> Names:
    if not any(map(is_wrapped, names)):
        return names
    return frozenset(UNKNOWN if is_wrapped(each) else each for each in names)


def _bind(node: ast.Call, parameters: tuple[str, ...]) -> tuple[dict[str, ast.expr], str]:
    arguments: dict[str, ast.expr] = {}
    problem = ""
    for position, value in enumerate(node.args):
        if isinstance(value, ast.Starred):
            problem = "it is called with *args"
            break
        if position >= len(parameters):
            problem = (
                f"it is called with {len(node.args)} positional arguments, but accepts at most "
                f"{len(parameters)}"
            )
            break
        arguments[parameters[position]] = value
    for keyword in node.keywords:
        if keyword.arg is None:
            problem = problem or "it is called with **kwargs"
        elif keyword.arg not in parameters:
            problem = f"{keyword.arg!r} isn't one of its arguments"
        elif keyword.arg in arguments:
            problem = f"{keyword.arg!r} is passed twice"
        else:
            arguments[keyword.arg] = keyword.value
    return arguments, problem
