"""What a port leaves behind: unused imports, which are deleted, and imports that stay.

An import is deleted if every use of its name was ported. An import of TensorFlow itself is never
deleted: every version can import it, and other code may rely on it.
"""

from __future__ import annotations

import ast
import functools
import re
from typing import Iterable, Iterator, Union

from keras_xent_cli.migrate import rewriting
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.source.scopes import Import, Scope
from keras_xent_cli.migrate.tensorflow.tf1_modules import is_tensorflow

AnyImport = Union[ast.Import, ast.ImportFrom]

# The libraries of the functions that are ported.
_LIBRARIES = ("tensorflow", "tensorflow_core", "tf_slim")
_REST_OF_LINE = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|\Z)")


class Leftovers:
    """A module after its port.

    Args:
        module: the source before the port.
        ported: the offsets of the names that the port replaces.
        kept_lines: the lines that the user wants unchanged.
    """

    def __init__(
        self, module: Module, ported: Iterable[int], kept_lines: frozenset[int] = frozenset()
    ) -> None:
        self.module = module
        self.ported = frozenset(ported)
        dead: dict[AnyImport, list[ast.alias]] = {}
        for statement, alias in imports(module) if self.ported else ():
            if statement.lineno not in kept_lines and self._is_dead(statement, alias):
                dead.setdefault(statement, []).append(alias)
        going = {
            statement for statement, aliases in dead.items() if len(aliases) == len(statement.names)
        }
        self.edits: list[Edit] = []
        self.removed: set[ast.alias] = set()
        for statement, aliases in dead.items():
            if _can_change(module, statement, going):
                self.edits.append(_without(module, statement, aliases))
                self.removed.update(aliases)

    @functools.cached_property
    def _uses(self) -> dict[str, list[ast.Name]]:
        uses: dict[str, list[ast.Name]] = {}
        for node in self.module.all(ast.Name):
            uses.setdefault(node.id, []).append(node)
        return uses

    @functools.cached_property
    def _words_in_strings(self) -> set[str]:
        """The words that code in strings, `getattr` or `__all__` may use; not docstrings."""
        texts = [
            node.value
            for node in self.module.all(ast.Constant)
            if isinstance(node.value, str)
            and not isinstance(self.module.scopes.parent(node), ast.Expr)
        ]
        return {word for text in texts for word in re.findall(r"\w+", text)}

    def is_ported(self, node: ast.expr) -> bool:
        """Whether the port replaces a name, or an attribute of it."""
        return self.module.offset(node) in self.ported

    def uses(self, alias: ast.alias) -> list[int]:
        """The offsets at which the name of an import is used after the port."""
        uses = self._uses.get(bound_name(alias), [])
        return [self.module.offset(node) for node in uses if not self.is_ported(node)]

    def imports(self) -> Iterator[tuple[AnyImport, ast.alias]]:
        """The imports that are still there."""
        for statement, alias in imports(self.module):
            if alias not in self.removed:
                yield statement, alias

    def _is_dead(self, statement: AnyImport, alias: ast.alias) -> bool:
        """Whether the port removes the last use of an imported name."""
        name = bound_name(alias)
        scope = self.module.scopes.of(statement)
        bindings = scope.lookup(name)
        if not all(isinstance(each, Import) and _may_go(each.qualified) for each in bindings):
            return False
        uses = [node for node in self._uses.get(name, []) if _sees(self.module, node, scope)]
        if not uses or not all(map(self.is_ported, uses)):
            return False
        return alias.name != "*" and name not in self._words_in_strings


def imports(module: Module) -> Iterator[tuple[AnyImport, ast.alias]]:
    """Everything that a module imports, name by name."""
    for statement in module.imports():
        for alias in statement.names:
            yield statement, alias


def bound_name(alias: ast.alias) -> str:
    """The name that an import binds."""
    return alias.asname or alias.name.split(".")[0]


def qualified_name(statement: AnyImport, alias: ast.alias) -> str:
    """What an import imports; "" if it is relative."""
    if isinstance(statement, ast.Import):
        return alias.name
    return "" if statement.level else f"{statement.module}.{alias.name}"


def _may_go(qualified: str) -> bool:
    # Importing one of the program's own modules may have side effects.
    return qualified.split(".")[0] in _LIBRARIES and not is_tensorflow(qualified)


def _sees(module: Module, node: ast.Name, scope: Scope) -> bool:
    """Whether a name belongs to a scope, and not to another one."""
    name = node.id
    return module.scopes.of(node).lookup(name) is scope.lookup(name)


def _can_change(module: Module, statement: AnyImport, going: set[AnyImport]) -> bool:
    """Whether a statement is alone on its lines, and its block doesn't become empty."""
    start, end = module.lines.span(statement)
    line_start = module.lines.start_of_line(statement.lineno)
    if module.text[line_start:start].strip() or not _REST_OF_LINE.match(module.text, end):
        return False
    if statement not in going:
        return True
    return any(each not in going for each in _block(module, statement))


def _block(module: Module, statement: AnyImport) -> list[ast.stmt]:
    """The statements of the block that a statement is in."""
    parent = module.scopes.parent(statement)
    blocks = (
        [
            block
            for _, block in ast.iter_fields(parent)
            if isinstance(block, list) and statement in block
        ]
        if parent
        else []
    )
    return blocks[0] if blocks else []


def _without(module: Module, statement: AnyImport, aliases: list[ast.alias]) -> Edit:
    start, end = module.lines.span(statement)
    if len(aliases) == len(statement.names):
        rest = _REST_OF_LINE.match(module.text, end)
        assert rest is not None
        line_start = module.lines.start_of_line(statement.lineno)
        return Edit(line_start, rest.end(), lambda old: "")
    gone = {statement.names.index(alias) for alias in aliases}
    return Edit(start, end, lambda old: rewriting.without_names(old, gone))
