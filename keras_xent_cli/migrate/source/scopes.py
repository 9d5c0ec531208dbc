"""Python's scopes: which names a program binds, where, and to what."""

from __future__ import annotations

import ast
import bisect
import dataclasses
import functools
from typing import Any, Iterator, Sequence, Union


@dataclasses.dataclass(frozen=True)
class Import:
    """A name bound by an import: `a.b` for `import a.b as n`."""

    qualified: str
    line: int


@dataclasses.dataclass(frozen=True)
class Value:
    """A name bound by an assignment to an expression."""

    value: ast.expr
    line: int


@dataclasses.dataclass(frozen=True)
class Other:
    """A name bound in a way that isn't followed: a parameter, a loop variable, a `del`."""

    node: ast.AST
    line: int


Binding = Union[Import, Value, Other]


class Scope:
    """The names of a module, class, function, lambda or comprehension.

    Args:
        node: the node that opens the scope.
        parent: the scope around it; None for a module.
    """

    def __init__(self, node: ast.AST, parent: Scope | None) -> None:
        self.node = node
        self.parent = parent
        self.bindings: dict[str, list[Binding]] = {}
        self.stars: list[str] = []
        self.elsewhere: dict[str, Scope] = {}

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        return self if self.parent is None else self.parent.module

    def bind(self, name: str, binding: Binding) -> None:
        """Add a binding, in the scope that `global` or `nonlocal` choose."""
        scope = self.elsewhere.get(name, self)
        scope.bindings.setdefault(name, []).append(binding)

    def lookup(self, name: str) -> list[Binding]:
        """What a name may mean when it is read in this scope; empty if it isn't bound."""
        scope: Scope | None = self
        while scope is not None:
            hidden = scope is not self and isinstance(scope.node, ast.ClassDef)
            if not hidden and name in scope.elsewhere:
                return scope.elsewhere[name].bindings.get(name, [])
            if not hidden and name in scope.bindings:
                return scope.bindings[name]
            scope = scope.parent
        return []


_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Scopes(ast.NodeVisitor):
    """The scopes of a module, and the parent and scope of every node.

    Args:
        tree: a parsed module.
        with_bodies: whether to look into functions and classes.
    """

    def __init__(self, tree: ast.Module, with_bodies: bool = True) -> None:
        self.module = Scope(tree, None)
        self.all = [self.module]
        self._scope = self.module
        self._scope_of: dict[ast.AST, Scope] = {tree: self.module}
        self._parents: dict[ast.AST, ast.AST] = {}
        self._assigned: set[ast.Name] = set()
        self._bodies: list[tuple[ast.AST, Scope, Sequence[ast.AST]]] = []
        # By the identity of the list that `lookup` returns: its lines, and it, in their order.
        self._in_order: dict[int, tuple[list[int], list[Binding]]] = {}
        self.generic_visit(tree)
        # Bodies come after the scopes around them are complete, because `nonlocal` needs all of
        # their bindings, and these may come later in the text.
        for body in self._bodies if with_bodies else ():
            self._visit_inside(*body)

    def of(self, node: ast.AST) -> Scope:
        """The scope of a node."""
        return self._scope_of[node]

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node around a node."""
        return self._parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        parent = self.parent(node)
        while parent is not None:
            yield parent
            parent = self.parent(parent)

    def is_inside(self, node: ast.expr, other: ast.expr | ast.stmt) -> bool:
        """Whether a node is another one, or a part of it."""
        if (other.end_lineno or 0) < node.lineno:
            return False
        return node is other or any(each is other for each in self.ancestors(node))

    def last_binding(self, name: ast.Name) -> Binding | None:
        """The last binding of a name before it is read; None if there is none.

        This uses the order of the text, and ignores branches and loops. An assignment over several
        lines also contains what it reads: such a name gets its value from an earlier one.
        """
        bindings = self.of(name).lookup(name.id)
        if not bindings:
            return None
        if id(bindings) not in self._in_order:
            ordered = sorted(bindings, key=lambda each: each.line)
            self._in_order[id(bindings)] = [each.line for each in ordered], ordered
        lines, ordered = self._in_order[id(bindings)]
        for number in reversed(range(bisect.bisect_left(lines, name.lineno))):
            binding = ordered[number]
            around = binding.value if isinstance(binding, Value) else self._changing(binding)
            if around is None or not self.is_inside(name, around):
                return binding
        return None

    def _changing(self, binding: Binding) -> ast.AugAssign | None:
        """The statement of a binding such as `a *= 2`."""
        parent = self.parent(binding.node) if isinstance(binding, Other) else None
        return parent if isinstance(parent, ast.AugAssign) else None

    @functools.cached_property
    def stored(self) -> frozenset[str]:
        """The attributes that are assigned to, as written: `tf.nn.relu`."""
        nodes = ast.walk(self.module.node)
        attributes = (each for each in nodes if isinstance(each, ast.Attribute))
        return frozenset(dotted(each) for each in attributes if isinstance(each.ctx, ast.Store))

    def generic_visit(self, node: ast.AST) -> None:
        """Store the parent and scope of every child, and visit it."""
        for child in ast.iter_child_nodes(node):
            self._parents[child] = node
            self._scope_of[child] = self._scope
            self.visit(child)

    def _visit_here(self, parent: ast.AST, children: Sequence[ast.AST | None]) -> None:
        for child in children:
            if child is not None:
                self._parents[child] = parent
                self._scope_of[child] = self._scope
                self.visit(child)

    def _visit_inside(
        self, node: ast.AST, scope: Scope, children: Sequence[ast.AST | None]
    ) -> None:
        outer, self._scope = self._scope, scope
        self.all.append(scope)
        self._visit_here(node, children)
        self._scope = outer

    def _visit_later(self, node: ast.AST, scope: Scope, children: Sequence[ast.AST]) -> None:
        self._bodies.append((node, scope, children))

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scope.bind(node.name, Other(node, node.lineno))
        self._visit_here(node, [*node.decorator_list, node.returns, *_type_parameters(node)])
        inner = Scope(node, self._scope)
        self._visit_arguments(node, node.args, inner)
        self._visit_later(node, inner, node.body)

    visit_FunctionDef = _visit_function  # noqa: N815
    visit_AsyncFunctionDef = _visit_function  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Defaults belong to the outer scope, the body to the inner one."""
        inner = Scope(node, self._scope)
        self._visit_arguments(node, node.args, inner)
        self._visit_later(node, inner, [node.body])

    def _visit_arguments(self, function: ast.AST, arguments: ast.arguments, inner: Scope) -> None:
        self._parents[arguments] = function
        self._scope_of[arguments] = self._scope
        self._visit_here(arguments, [*arguments.defaults, *arguments.kw_defaults])
        for argument in all_arguments(arguments):
            self._visit_here(arguments, [argument])
            inner.bind(argument.arg, Other(argument, argument.lineno))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Base classes belong to the outer scope, the body to the inner one."""
        self._scope.bind(node.name, Other(node, node.lineno))
        self._visit_here(
            node, [*node.decorator_list, *node.bases, *node.keywords, *_type_parameters(node)]
        )
        self._visit_later(node, Scope(node, self._scope), node.body)

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        first, *rest = node.generators
        self._parents[first] = node
        self._scope_of[first] = self._scope
        self._visit_here(first, [first.iter])
        inner = Scope(node, self._scope)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        outer, self._scope = self._scope, inner
        self._visit_here(first, [first.target, *first.ifs])
        self._scope = outer
        self._visit_inside(node, inner, [*rest, *results])

    visit_ListComp = _visit_comprehension  # noqa: N815
    visit_SetComp = _visit_comprehension  # noqa: N815
    visit_DictComp = _visit_comprehension  # noqa: N815
    visit_GeneratorExp = _visit_comprehension  # noqa: N815

    def visit_Import(self, node: ast.Import) -> None:
        """`import a.b` binds `a`; with `as`, `a.b` itself."""
        for alias in node.names:
            if alias.asname:
                self._scope.bind(alias.asname, Import(alias.name, node.lineno))
            else:
                top = alias.name.split(".")[0]
                self._scope.bind(top, Import(top, node.lineno))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Relative imports keep their dots, so they can't be confused with a package."""
        origin = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self._scope.stars.append(origin)
            else:
                qualified = f"{origin}.{alias.name}" if node.module else f"{origin}{alias.name}"
                self._scope.bind(alias.asname or alias.name, Import(qualified, node.lineno))

    def visit_Global(self, node: ast.Global) -> None:
        """Names that belong to the module."""
        for name in node.names:
            self._scope.elsewhere[name] = self.module

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        """Names that belong to an outer function."""
        for name in node.names:
            scope = self._scope.parent
            while scope and (isinstance(scope.node, ast.ClassDef) or name not in scope.bindings):
                scope = scope.parent
            self._scope.elsewhere[name] = scope or self.module

    def visit_Assign(self, node: ast.Assign) -> None:
        """Also `a, b = x, y`, element by element."""
        for target in node.targets:
            self._assign(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """An annotation without a value binds nothing."""
        if node.value is not None:
            self._assign(node.target, node.value)
        elif isinstance(node.target, ast.Name):
            self._assigned.add(node.target)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """In a comprehension, it binds in the outer scope."""
        scope = self._scope
        while isinstance(scope.node, _COMPREHENSIONS) and scope.parent:
            scope = scope.parent
        scope.bind(node.target.id, Value(node.value, node.lineno))
        self._parents[node.target] = node
        self._scope_of[node.target] = self._scope
        self._visit_here(node, [node.value])

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._scope.bind(target.id, Value(value, target.lineno))
            self._assigned.add(target)
        elif (
            isinstance(target, (ast.Tuple, ast.List))
            and isinstance(value, (ast.Tuple, ast.List))
            and len(value.elts) == len(target.elts)
        ):
            for part, part_value in zip(target.elts, value.elts):
                self._assign(part, part_value)

    def visit_Name(self, node: ast.Name) -> None:
        """A name that is stored or deleted, unless `_assign` has already bound it."""
        if not isinstance(node.ctx, ast.Load) and node not in self._assigned:
            self._scope.bind(node.id, Other(node, node.lineno))

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """`except E as name`."""
        if node.name:
            self._scope.bind(node.name, Other(node, node.lineno))
        self.generic_visit(node)

    def _visit_capture(self, node: Any) -> None:
        # A match statement's patterns, which older Pythons don't have.
        if node.name:
            self._scope.bind(node.name, Other(node, node.lineno))
        self.generic_visit(node)

    visit_MatchAs = _visit_capture  # noqa: N815
    visit_MatchStar = _visit_capture  # noqa: N815

    def visit_MatchMapping(self, node: Any) -> None:
        """`case {**rest}`."""
        if node.rest:
            self._scope.bind(node.rest, Other(node, node.lineno))
        self.generic_visit(node)


def _type_parameters(node: Any) -> list[ast.AST]:
    # `def f[T](x: T)`, which older Pythons don't have.
    return getattr(node, "type_params", [])


def dotted(node: ast.expr) -> str:
    """A name, or a name with attributes, as it is written; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return owner and f"{owner}.{node.attr}"
    return ""


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Every parameter, `*args` and `**kwargs` included."""
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]
