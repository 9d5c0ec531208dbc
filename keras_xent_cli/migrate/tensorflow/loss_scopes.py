"""Where a program tells contrib's losses which collection to join.

They call `add_loss`, whose collection an `arg_scope` can change for all that runs inside of it.
`keras_xent.v1` doesn't see that.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Sequence, Tuple, Union

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.running import files
from keras_xent_cli.migrate.running.notebook import Notebook
from keras_xent_cli.migrate.running.program import Place, Program
from keras_xent_cli.migrate.source.scopes import Binding, Value, dotted

_LIBRARIES = ("numpy.", "tensorflow.", "tf_slim.")
# Their functions that call what they are given.
_CALLING = frozenset(
    {
        *("case", "cond", "custom_gradient", "foldl", "foldr", "make_template", "map_fn"),
        *("numpy_function", "py_func", "py_function", "recompute_grad", "repeat", "scan"),
        *("smart_cond", "stack", "switch_case", "vectorized_map", "while_loop"),
    }
)
_BUILTINS = frozenset({"bool", "enumerate", "float", "int", "len", "print", "range", "str", "zip"})
# What that looks like in code that can't be parsed: in no comment, import or string, and neither
# called nor defined.
_HANDED_ON = re.compile(
    rb"^(?![ \t]*#)(?![^\n]*\bimport\b)[^\n#]*?(?<!['\"])\badd_loss\b(?!['\"\\]|\s*[(=])", re.M
)
_VARIABLES = (ast.arg, ast.Name)
_PAUSING = (ast.Await, ast.Yield, ast.YieldFrom)


@dataclasses.dataclass(frozen=True)
class LossScopes:
    """The first `arg_scope` of each kind in a program, `path:line`; "" if there is none.

    Args:
        anywhere: It may be open wherever a loss is computed: it is kept, or its block pauses.
        around: It is open in the block of its `with`, and in code that is called from there.
    """

    anywhere: str = ""
    around: str = ""


def look_for(
    sources: Iterable[Tuple[Path, bytes]], program: Optional[Program] = None
) -> LossScopes:
    """Look for all `arg_scope` of `add_loss`.

    Args:
        sources: The files, and what is in them.
        program: All files of the run.
    """
    found = LossScopes()
    for path, content in sources:
        if b"arg_scope" in content and b"add_loss" in content:
            here = _look_into(path, content, program or Program())
            found = LossScopes(found.anywhere or here.anywhere, found.around or here.around)
    return found


def block_around(module: Module, node: ast.AST) -> Optional[ast.With]:
    """The statement in whose block a node stands, of those that open such a scope."""
    found = (each for each in module.scopes.ancestors(node) if isinstance(each, ast.With))
    return next((each for each in found if _scope_of(module, each)), None)


def open_blocks(module: Module) -> Iterator[Tuple[ast.With, ast.Call]]:
    """The statements from whose blocks code may be called that isn't in them, and the scopes."""
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
        line = content.count(b"\n", 0, match.end()) + 1 if match else 0
        return LossScopes(anywhere=f"{path}:{line}" if line else "")
    kept = [each for each in _handed_on(module) if _statement_of(module, each) is None]
    opened = [statement for statement, _ in open_blocks(module)]
    return LossScopes(_first(path, kept), _first(path, opened))


def _first(path: Path, nodes: Sequence[Union[ast.expr, ast.With]]) -> str:
    lines = [node.lineno for node in nodes]
    if not lines:
        return ""
    # The lines of a notebook are those of its cells.
    return str(path) if path.suffix == ".ipynb" else f"{path}:{min(lines)}"


def _handed_on(module: Module) -> Iterator[ast.expr]:
    """Where `add_loss` is neither called nor defined, nor an object's own."""
    nodes: List[ast.expr] = [*module.all(ast.Attribute), *module.all(ast.Name)]
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


def _statement_of(module: Module, node: ast.expr) -> Optional[ast.With]:
    """The statement that opens a scope of a function, and keeps it to its block."""
    for around in module.scopes.ancestors(node):
        if isinstance(around, ast.With):
            scope = _scope_of(module, around)
            return around if scope and node in ast.walk(scope.args[0]) else None
    return None


def _scope_of(module: Module, statement: ast.With) -> Optional[ast.Call]:
    """The `arg_scope([add_loss], ...)` of a statement outside of whose block nothing runs in it."""
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
    """Whether the open scopes are kept here, or other code runs before the block goes on."""
    if isinstance(node, ast.withitem):
        return node.optional_vars is not None and _is_arg_scope(node.context_expr)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return dotted(node).rsplit(".", 1)[-1] == "current_arg_scope"
    return isinstance(node, _PAUSING)


def _inside(statement: ast.With, scope: ast.Call) -> Iterator[ast.AST]:
    """What runs while a scope is open: the block, and what is opened after the scope."""
    for item in statement.items:
        if item.context_expr is not scope:
            yield from ast.walk(item)
    for each in statement.body:
        yield from ast.walk(each)


def _is_known(module: Module, node: ast.AST) -> bool:
    """Whether it runs no code of the program that stands elsewhere."""
    if isinstance(node, ast.Call):
        return _is_library_s(module, node.func) or _is_builtin(module, node.func)
    if isinstance(node, ast.Attribute):
        # An attribute of one of the program's own objects may be computed.
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


def _is_builtin(module: Module, node: ast.expr) -> bool:
    is_name = isinstance(node, ast.Name) and node.id in _BUILTINS
    return is_name and not module.scopes.of(node).lookup(dotted(node))


def _is_tensor(binding: Binding) -> bool:
    """Whether it may be one: a parameter or a variable."""
    return isinstance(binding, Value) or isinstance(getattr(binding, "node", None), _VARIABLES)
