"""What a function of a source may return, as far as its text names it.

`nn = clone(tf.nn)` returns something that replaces a module. It must be one of the things that the
function receives or names, but it isn't known which.
"""

from __future__ import annotations

import ast
import functools

from keras_xent_cli.migrate.source.scopes import Other, Scopes, dotted

_ASSIGNING_ELSEWHERE = (ast.Import, ast.ImportFrom, ast.Global)


def function_called(scopes: Scopes, call: ast.Call) -> ast.AST | None:
    """The top-level function of the source that a call with one argument calls."""
    if len(call.args) != 1 or call.keywords or not isinstance(call.func, ast.Name):
        return None
    name = call.func.id
    is_global = scopes.of(call.func).lookup(name) is scopes.module.bindings.get(name)
    return _function(scopes, name) if is_global else None


@functools.lru_cache(maxsize=64)  # a function is called more than once
def globals_of(scopes: Scopes, function: ast.AST) -> frozenset[str] | None:
    """The globals that a function reads, with their attributes: `tf.nn`.

    Args:
        scopes: those of the module.
        function: one of its functions. Functions that it names are searched too.

    Returns:
        The names; None if it may read others: it has an import, a decorator, or a default that
        isn't a constant.
    """
    found: set[str] = set()
    functions = [function]
    for here in functions:
        nodes = list(ast.walk(here))
        if not all(map(_is_plain, nodes)):
            return None
        own = {each.arg for each in nodes if isinstance(each, ast.arg)}
        own |= {each.id for each in nodes if isinstance(each, ast.Name) and _is_stored(each)}
        for path in _read(nodes):
            inner = _function(scopes, path)
            if inner is None and path.split(".")[0] not in own:
                found.add(path)
            elif inner is not None and inner not in functions:
                functions.append(inner)
    return frozenset(found)


def _function(scopes: Scopes, name: str) -> ast.AST | None:
    bindings = scopes.module.bindings.get(name, [])
    nodes = [each.node for each in bindings if isinstance(each, Other)]
    is_one = len(nodes) == len(bindings) == 1
    return nodes[0] if is_one and isinstance(nodes[0], ast.FunctionDef) else None


def _is_plain(node: ast.AST) -> bool:
    if isinstance(node, ast.arguments):
        defaults = (each for each in (*node.defaults, *node.kw_defaults) if each)
        return all(isinstance(each, ast.Constant) for each in defaults)
    return not (isinstance(node, _ASSIGNING_ELSEWHERE) or getattr(node, "decorator_list", None))


def _is_stored(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _read(nodes: list[ast.AST]) -> list[str]:
    """The names, each with all of its attributes."""
    owners = {each.value for each in nodes if isinstance(each, ast.Attribute)}
    whole = (each for each in nodes if isinstance(each, (ast.Name, ast.Attribute)))
    return [dotted(each) for each in whole if each not in owners and dotted(each)]
