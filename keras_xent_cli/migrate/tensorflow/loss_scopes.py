"""Where a program chooses which collection contrib's losses join.

They call `add_loss`, and an `arg_scope` can change its collection for everything that runs inside.
This doesn't affect `keras_xent.v1`.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path
from typing import Iterable, Iterator, Sequence

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.running import files
from keras_xent_cli.migrate.running.notebook import Notebook
from keras_xent_cli.migrate.running.program import Place, Program
from keras_xent_cli.migrate.source.scopes import Binding, Value, dotted

_LIBRARIES = ("keras_xent.", "numpy.", "tensorflow.", "tf_slim.")
# Their functions that call an argument.
_CALLING = frozenset(
    {
        *("case", "cond", "custom_gradient", "foldl", "foldr", "make_template", "map_fn"),
        *("numpy_function", "py_func", "py_function", "recompute_grad", "repeat", "scan"),
        *("smart_cond", "stack", "switch_case", "vectorized_map", "while_loop"),
    }
)
_BUILTINS = frozenset({"bool", "enumerate", "float", "int", "len", "print", "range", "str", "zip"})
# `add_loss` as an argument in code that can't be parsed: not in a comment, import or string, and
# neither called nor defined.
_HANDED_ON = re.compile(
    rb"^(?![ \t]*#)(?![^\n]*\bimport\b)[^\n#]*?(?<!['\"])\badd_loss\b(?!['\"\\]|\s*[(=])", re.M
)
_VARIABLES = (ast.arg, ast.Name)
_PAUSING = (ast.Await, ast.Yield, ast.YieldFrom)


@dataclasses.dataclass(frozen=True)
class LossScopes:
    """The first `arg_scope` of each kind in a program, `path:line`; "" if there is none.

    Args:
        anywhere: it may be open anywhere, because the program stores it, or its block can pause.
        around: it is open in the block of its `with`, and in code that the block calls.
    """

    anywhere: str = ""
    around: str = ""


def look_for(
    sources: Iterable[tuple[Path, bytes]], program: Program | None = None
) -> LossScopes:
    """Look for every `arg_scope` of `add_loss`.

    Args:
        sources: the files and their contents.
        program: all files of the run.
    """
    found = LossScopes()
    for path, content in sources:
        if b"arg_scope" in content and b"add_loss" in content:
            here = _look_into(path, content, program or Program())
            found = LossScopes(found.anywhere or here.anywhere, found.around or here.around)
    return found


def block_around(module: Module, node: ast.AST) -> ast.With | None:
    """The statement that opens such a scope around a node."""
    found = (each for each in module.scopes.ancestors(node) if isinstance(each, ast.With))
    return next((each for each in found if _scope_of(module, each)), None)


def open_blocks(module: Module) -> Iterator[tuple[ast.With, ast.Call]]:
    """The statements whose blocks may call code from other places, and their scopes."""
    for statement in module.all(ast.With):
        scope = _scope_of(module, statement)
        if scope and not all(_is_known(module, each) for each in _inside(statement, scope)):
            yield statement, scope


def _look_into(path: Path, content: bytes, program: Program) -> LossScopes:
    try:
        text = files.decode(content).text
        text = Notebook(text).source if path.suffix == ".ipynb" else text
        module = Module(text, Place(program, path.absolute()))
    except (SyntaxError, ValueError, RecursionError):
        match = _HANDED_ON.search(content)
        line = len((content[: match.end()] + b".").splitlines()) if match else 0
        return LossScopes(anywhere=f"{path}:{line}" if line else "")
    kept = [each for each in _handed_on(module) if _statement_of(module, each) is None]
    opened = [statement for statement, _ in open_blocks(module)]
    return LossScopes(_first(path, kept), _first(path, opened))


def _first(path: Path, nodes: Sequence[ast.expr | ast.With]) -> str:
    lines = [node.lineno for node in nodes]
    if not lines:
        return ""
    # A notebook's lines are counted within its cells.
    return str(path) if path.suffix == ".ipynb" else f"{path}:{min(lines)}"


def _handed_on(module: Module) -> Iterator[ast.expr]:
    """Where `add_loss` is used but not called, except as an object's own method."""
    nodes: list[ast.expr] = [*module.all(ast.Attribute), *module.all(ast.Name)]
    for node in nodes:
        parent = module.scopes.parent(node)
        is_called = isinstance(parent, ast.Call) and parent.func is node
        if is_called or isinstance(parent, ast.Attribute) or not _is_add_loss(module, node):
            continue
        if isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
            yield node


def _is_add_loss(module: Module, node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        is_named = node.id == "add_loss"
        return is_named or any(name.endswith(".add_loss") for name in module.names(node))
    return dotted(node) not in ("self.add_loss", "cls.add_loss") and (
        isinstance(node, ast.Attribute) and node.attr == "add_loss"
    )


def _statement_of(module: Module, node: ast.expr) -> ast.With | None:
    """The statement that opens a scope with a function, and closes it after its block."""
    for around in module.scopes.ancestors(node):
        if isinstance(around, ast.With):
            scope = _scope_of(module, around)
            return around if scope and node in ast.walk(scope.args[0]) else None
    return None


def _scope_of(module: Module, statement: ast.With) -> ast.Call | None:
    """The `arg_scope([add_loss], ...)` of a statement, if it is open only in its block."""
    for item in statement.items:
        scope = item.context_expr
        if not (isinstance(scope, ast.Call) and _is_arg_scope(scope) and scope.args):
            continue
        listed = scope.args[0]
        elements = listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else []
        if any(_is_add_loss(module, each) for each in elements):
            return None if any(map(_lets_out, ast.walk(statement))) else scope
    return None


def _is_arg_scope(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).rsplit(".", 1)[-1] == "arg_scope"


def _lets_out(node: ast.AST) -> bool:
    """Whether this stores the open scopes, or lets other code run before the block continues."""
    if isinstance(node, ast.withitem):
        return node.optional_vars is not None and _is_arg_scope(node.context_expr)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return dotted(node).rsplit(".", 1)[-1] == "current_arg_scope"
    return isinstance(node, _PAUSING)


def _inside(statement: ast.With, scope: ast.Call) -> Iterator[ast.AST]:
    """What runs while a scope is open: the block, and later items of the `with`."""
    for item in statement.items:
        if item.context_expr is not scope:
            yield from ast.walk(item)
    for each in statement.body:
        yield from ast.walk(each)


def _is_known(module: Module, node: ast.AST) -> bool:
    """Whether it can't run the program's code from other places."""
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Call):
            return _is_loss_object(module, function)
        return _is_library_s(module, function) or _is_builtin(module, function)
    if isinstance(node, ast.Attribute):
        # An attribute of the program's objects may be a property.
        parent = module.scopes.parent(node)
        return isinstance(parent, ast.Attribute) or _is_library_s(module, node)
    if isinstance(node, ast.Name):
        bindings = module.scopes.of(node).lookup(node.id)
        return _is_library_s(module, node) or all(map(_is_tensor, bindings))
    return True


def _is_library_s(module: Module, node: ast.expr) -> bool:
    names = module.names(node)
    return bool(names) and all(
        f"{name}.".startswith(_LIBRARIES) and name.rsplit(".", 1)[-1] not in _CALLING
        for name in names
    )


def _is_loss_object(module: Module, node: ast.Call) -> bool:
    names = module.names(node.func)
    return bool(names) and all(name.startswith("keras_xent.") for name in names)


def _is_builtin(module: Module, node: ast.expr) -> bool:
    is_name = isinstance(node, ast.Name) and node.id in _BUILTINS
    return is_name and not module.scopes.of(node).lookup(dotted(node))


def _is_tensor(binding: Binding) -> bool:
    """Whether it may be a tensor: a parameter or a variable."""
    return isinstance(binding, Value) or isinstance(getattr(binding, "node", None), _VARIABLES)
