"""Scopes: Python's own symbol table is the oracle."""

from __future__ import annotations

import ast
import symtable
import sys
import textwrap
from typing import Iterator, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_xent_cli.migrate.source.scopes import Import, Other, Scope, Scopes, Value, dotted

SOURCES = {
    "parameters": """
        def f(a, b=1, *c, d=2, **e):
            return a, b, c, d, e, g
        async def h(x): return x
        """,
    "positional-only parameters": "def f(a, /, b): return a + b + c",
    "defaults belong outside": """
        a = 1
        def f(a=a): return a
        g = lambda a=a: a
        """,
    "annotations and decorators belong outside": """
        import t
        @t.d
        def f(x: t.A, *y: t.B) -> t.C:
            t = 1
            return t
        """,
    "lambda": "f = lambda a, *b, c=d: (a, b, c, e)",
    "class": """
        a = 1
        class C(a):
            a = 2
            b = a
            def f(self):
                return a, b
        """,
    "a class in a function": """
        def f():
            a = 1
            class C:
                b = a
                def g(self): return a, C, __class__
            return C
        """,
    "comprehensions": """
        def f(a):
            b = [x for x in a]
            c = {x: y for x, y in a for z in x if z}
            return {x for x in b}, (x for x in c), x
        """,
    "nested comprehensions": "def f(a): return [[x for x in y] for y in a if [y for x in y]]",
    "a comprehension in a class": """
        class C:
            a = [1]
            b = [x for x in a]
            c = [x for x in b for y in a]
        """,
    "global": """
        def f():
            global a
            a = 1
            def g(): return a
            return [a for _ in b]
        """,
    "global under a function that binds the name": """
        def f(a):
            def g():
                global a
                def h(): return a
                return lambda: a
            return g, a
        """,
    "nonlocal": """
        def f():
            a = 1
            def g():
                nonlocal a
                a = 2
                def h():
                    nonlocal a
                    a = 3
                return a
            return g
        """,
    "nonlocal before the binding": """
        def f():
            def g():
                nonlocal a
                a = 2
            a = 1
            return g
        """,
    "nonlocal across a class": """
        def f():
            a = 1
            class C:
                a = 2
                def g(self):
                    nonlocal a
                    a = 3
            return a
        """,
    "walrus": """
        def f(a):
            if (b := a):
                return [c := x for x in a], c
            return lambda: (d := 1)
        """,
    "walrus under global": """
        def f(a):
            global c
            return [c := x for x in a]
        """,
    "except as": """
        def f():
            try: pass
            except E as e: return e
            except (A, B): return e
        """,
    "with": """
        def f():
            with a as b, c as (d, *e): return b, d, e
        async def g():
            async with a as b: return b
        """,
    "for": """
        def f(a):
            for b, (c, *d) in a: pass
            else: e = 1
            return b, c, d, e
        async def g(a):
            async for b in a: return b
        """,
    "targets": """
        def f(x):
            a, *b = x
            [c, (d, e)] = x
            x.g = y[h] = i = 1
            j: int = 2
            k += 1
            return a, b, c, d, e, g, h, i, j, k
        """,
    "del": "def f():\n    del a, (b, c), d.e, f[0]\n    return a",
    "imports": """
        def f():
            import a, b.c, d.e as g
            from h import i, j as k
            from . import l
            return a, b, c, d, e, g, h, i, j, k, l
        """,
    "recursion": "def f(n): return f(n - 1)",
    "f-strings": "def f(a): return f'{a} {b!r:{c}}'",
    "await and yield": "async def f(a):\n    await a\n    yield [b async for b in a]",
}
if sys.version_info >= (3, 10):
    SOURCES["match"] = """
        def f(a):
            match a:
                case [b, *c]: return b, c
                case {"d": e, **g}: return e, g
                case C(h, i=j) as k: return h, j, k
                case l.m | 1: return l
                case _: return n
        """
if sys.version_info >= (3, 12):
    SOURCES["type statements"] = "def f():\n    type a = b\n    return a"

Key = Tuple[str, int]


def tables_of(source: str) -> Iterator[symtable.SymbolTable]:
    def walk(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
        yield table
        for child in table.get_children():
            yield from walk(child)

    tables = walk(symtable.symtable(source, "source", "exec"))
    # The others are those of annotations and type parameters.
    return (table for table in tables if table.get_type() in ("module", "function", "class"))


class _Generators(ast.NodeTransformer):
    """Every comprehension as a generator, whose names belong to the same scopes."""

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        self.generic_visit(node)
        pair = ast.Tuple([node.key, node.value], ast.Load())
        return ast.GeneratorExp(pair, node.generators)


def kinds_in_python(source: str) -> list[tuple[Key, dict[str, str]]]:
    """For every scope, which names are its own, a function's around, or the module's."""
    found = []
    for table in tables_of(source):
        kinds = {}
        for symbol in table.get_symbols():
            name = symbol.get_name()
            if name.startswith(".") or not (symbol.is_referenced() or symbol.is_assigned()):
                continue
            if table.get_type() == "module" or symbol.is_global():
                kinds[name] = "module"
            elif symbol.is_free():
                kinds[name] = "around"
            else:
                kinds[name] = "own"
        found.append(((table.get_name(), table.get_lineno()), kinds))
    return found


def kind(scopes: Scopes, scope: Scope, name: str) -> str:
    bindings = scope.lookup(name)
    if not bindings or bindings is scopes.module.bindings.get(name):
        return "module"
    return "own" if bindings is scope.bindings.get(name) else "around"


def check_against_python(source: str) -> None:
    if sys.version_info >= (3, 12):
        # There symtable has tables of generators only: other comprehensions are inlined.
        tree = ast.fix_missing_locations(_Generators().visit(ast.parse(source)))
        source = ast.unparse(tree)
    scopes = Scopes(ast.parse(source))
    names = {
        ast.ListComp: "listcomp",
        ast.SetComp: "setcomp",
        ast.DictComp: "dictcomp",
        ast.GeneratorExp: "genexpr",
        ast.Lambda: "lambda",
        ast.Module: "top",
    }
    by_key: dict[Key, list[Scope]] = {}
    for scope in scopes.all:
        name = names.get(type(scope.node)) or scope.node.name  # type: ignore[attr-defined]
        by_key.setdefault((name, getattr(scope.node, "lineno", 0)), []).append(scope)
    python = kinds_in_python(source)
    assert sorted((name, line) for (name, line), _ in python) == sorted(
        key for key, found in by_key.items() for _ in found
    )
    for key, kinds in python:
        candidates = [
            {name: kind(scopes, scope, name) for name in kinds if name != "__class__"}
            for scope in by_key[key]
        ]
        expected = {name: what for name, what in kinds.items() if name != "__class__"}
        assert expected in candidates, (key, candidates)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_names_belong_where_python_says(source: str) -> None:
    check_against_python(textwrap.dedent(source))


NAMES = st.sampled_from("abc")


@st.composite
def functions(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """The lines of a function that binds and reads a few names in many ways."""
    parameters = draw(st.sets(NAMES, max_size=2))
    declared: set[str] = set()
    lines = [f"def f{depth}({', '.join(sorted(parameters))}):"]
    if draw(st.booleans()):
        name = draw(NAMES)
        if name not in parameters:
            declared.add(name)
            lines.append(f"    global {name}")
    for _ in range(draw(st.integers(1, 4))):
        name, other = draw(NAMES), draw(NAMES)
        statements = [
            f"{name} = {other}",
            f"import {name}",
            f"for {name} in {other}: pass",
            f"with {other} as {name}: pass",
            f"del {name}",
            f"print([{name} for {name} in {other}], lambda {name}: {name} + {other})",
            f"print([({name} := x) for x in {other}])",
            f"class {name}: {other} = {name}",
            f"try: pass\n    except E as {name}: pass",
        ]
        lines.append("    " + draw(st.sampled_from(statements)))
    if depth < 2 and draw(st.booleans()):
        lines += ["    " + line for line in "\n".join(draw(functions(depth + 1))).split("\n")]
    lines.append(f"    return {draw(NAMES)}")
    return lines


@given(st.lists(functions(), min_size=1, max_size=2))
def test_names_of_any_functions_belong_where_python_says(parts: list[list[str]]) -> None:
    source = "\n".join(line for lines in parts for line in lines) + "\n"
    check_against_python(source)


def bindings(source: str, name: str) -> list[str]:
    found = Scopes(ast.parse(source)).module.bindings.get(name, [])
    return [type(each).__name__ for each in found]


@pytest.mark.parametrize(
    ("source", "qualified"),
    [
        ("import a", "a"),
        ("import a.b", "a"),
        ("import a.b as a", "a.b"),
        ("from b import a", "b.a"),
        ("from b.c import d as a", "b.c.d"),
        ("from . import a", ".a"),
        ("from .. import a", "..a"),
        ("from ..b import a", "..b.a"),
        ("from .b import a", ".b.a"),
    ],
)
def test_imports(source: str, qualified: str) -> None:
    assert Scopes(ast.parse(source)).module.bindings["a"] == [Import(qualified, 1)]


def test_star_imports_are_kept_apart() -> None:
    scopes = Scopes(ast.parse("from a.b import *"))
    assert scopes.module.stars == ["a.b"]
    assert not scopes.module.bindings


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("a = 1", [Value]),
        ("a = b = 1", [Value]),
        ("a, b = 1, 2", [Value]),
        ("[b, (a, c)] = [1, (2, 3)]", [Value]),
        ("a, b = c", [Other]),
        ("a, *b = 1, 2", [Value]),
        ("b, *a = 1, 2, 3", [Other]),
        ("a: int = 1", [Value]),
        ("a: int", []),
        ("a += 1", [Other]),
        ("(a := 1)", [Value]),
        ("for a in b: pass", [Other]),
        ("a = 1\ndel a", [Value, Other]),
        ("def a(): pass", [Other]),
        ("class a: pass", [Other]),
        ("[a for a in b]", []),
    ],
)
def test_which_bindings_are_followed(source: str, kinds: list[type]) -> None:
    assert bindings(source, "a") == [each.__name__ for each in kinds]


def test_every_expression_has_a_scope_and_a_parent() -> None:
    tree = ast.parse("\n".join(textwrap.dedent(source) for source in SOURCES.values()))
    scopes = Scopes(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.expr, ast.stmt)):
            scopes.of(node)
            parent = scopes.parent(node)
            assert parent is not None
            assert list(scopes.ancestors(node))[-1] is tree


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with 3.12")
def test_type_parameters() -> None:
    tree = ast.parse("def f[T: a.b](x: T) -> T: ...\nclass C[T: a.b]: ...\ntype X[T: a.b] = T")
    scopes = Scopes(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            scopes.of(node)


def test_attributes_that_are_assigned() -> None:
    source = "a.b = 1\na.c, d.e.f = x\ndef g():\n    h.i += 1\n    j[0].k = l.m\ndel n.o\n"
    for with_bodies in (False, True):
        assert Scopes(ast.parse(source), with_bodies).stored - {""} == {
            "a.b",
            "a.c",
            "d.e.f",
            "h.i",
        }


@pytest.mark.parametrize("text", ["a", "a.b", "a.b.c"])
def test_dotted(text: str) -> None:
    assert dotted(ast.parse(text, mode="eval").body) == text
    assert dotted(ast.parse(f"f().{text}", mode="eval").body) == ""
