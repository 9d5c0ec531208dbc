"""Whether a source is TF1 or TF2 code, because one name means different functions in them."""

from __future__ import annotations

import ast
import enum
import re
from typing import TYPE_CHECKING, FrozenSet, Iterable, Iterator

from keras_xent_cli.migrate.source.scopes import Import
from keras_xent_cli.migrate.tensorflow.version_names import TF1_ONLY, TF1_PACKAGES, TF2_NAMES

if TYPE_CHECKING:
    from keras_xent_cli.migrate.module import Module

UNKNOWN = (
    "neither this file nor the files next to it show whether this is TF1 or TF2 code (an earlier "
    "run of the codemod may have replaced the names that showed it)"
)
_COMPAT_V1 = "tensorflow.compat.v1"
_LAST_PARTS = frozenset(name.rsplit(".", 1)[-1] for name in TF1_ONLY | TF2_NAMES) | {"v1"}


class Era(enum.Enum):
    """The version of TensorFlow that a source is written for."""

    TF1 = 1
    TF2 = 2


Eras = FrozenSet[Era]


def _any_of(names: Iterable[str]) -> bytes:
    return b"|".join(name.replace(".", r"\.").encode() for name in sorted(names))


# Patterns for texts that may show a version. They are much faster than following names.
_IMPORTS = re.compile(
    rb"\bimport\b[^\r\n#]*\btensorflow\b(?!\.)|\bfrom\s+tensorflow\s+import\b"
)
_LOOKS_LIKE = {
    Era.TF1: re.compile(
        rb"\b(?:tf|tensorflow)\.(?:%s)\b|tensorflow\s+import\b" % _any_of(TF1_ONLY)
    ),
    Era.TF2: re.compile(
        rb"\b(?:tf|tensorflow)\.(?:%s)\b|tensorflow\s+import\b|compat\.v1|import\s+v1"
        % _any_of(TF2_NAMES)
    ),
}
_OURS = re.compile(r"\bkeras_xent\b")
_CONTRIB = re.compile(rb"\b(?:import|from)\s+tensorflow\.(?:contrib|examples)\b")


def possible(content: bytes) -> Eras:
    """The versions that a text may show. If there are none, it isn't even parsed."""
    found = {Era.TF1} if _CONTRIB.search(content) else set()
    if _IMPORTS.search(content):
        found |= {each for each, pattern in _LOOKS_LIKE.items() if pattern.search(content)}
    return frozenset(found)


def era(module: Module) -> Era | None:
    """The version that a source is written for; None if that isn't known.

    A name that only TF1 has proves that it is TF1 code. Otherwise, the source and the files next to
    it must agree.
    """
    own = marks(module)
    if Era.TF1 in own:
        return Era.TF1
    found = own | module.place.marks_around()
    return next(iter(found)) if len(found) == 1 else None


def is_ported(text: str) -> bool:
    """Whether a source mentions keras_xent, so it may have lost names that showed its version."""
    return bool(_OURS.search(text))


def certain_era(module: Module) -> Era | None:
    """The version that a source is written for, if a port can't have made it look like that one.

    A port replaces names that only TF1 has. A TF1 program that also has names of TF2, which the
    last releases of TF1 had too, then looks like TF2 code. A port also replaces uses of
    `tf.compat.v1`, which show TF2. So after a port, only a name that is still there is certain.
    """
    found = module.era
    if found is None or Era.TF1 in marks(module):
        return found
    is_certain = not is_ported(module.text) and not module.place.program.is_ported
    return found if is_certain else None


def marks(module: Module) -> Eras:
    """The versions that the names in a source show, without other files."""
    return frozenset(_imported(module)) | frozenset(_used(module))


def _imported(module: Module) -> Iterator[Era]:
    plain: set[str] = set()
    compatible: set[str] = set()
    for scope in module.scopes.all:
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                if isinstance(binding, Import):
                    for qualified in module.place.follow(binding.qualified):
                        yield from _of_name(qualified)
                        if qualified == "tensorflow":
                            plain.add(name)
                        if qualified.startswith(_COMPAT_V1):
                            compatible.add(name)
    # A file that imports both TensorFlow and its compat.v1 is TF2 code. If both have the same name,
    # it isn't: that is how a program imports the one that exists.
    if compatible and plain - compatible:
        yield Era.TF2


def _used(module: Module) -> Iterator[Era]:
    for node in module.all(ast.Attribute):
        if node.attr in _LAST_PARTS:
            names = module.names(node)
            if _COMPAT_V1 in names and _is_tensorflow(module, node):
                yield Era.TF2
            for name in names:
                yield from _of_name(name)


def _is_tensorflow(module: Module, node: ast.Attribute) -> bool:
    """Whether it is `tf.compat.v1`, and `tf` itself isn't TensorFlow 1's."""
    owner = node.value
    return isinstance(owner, ast.Attribute) and module.names(owner.value) == {"tensorflow"}


def _of_name(qualified: str) -> Iterator[Era]:
    root, *parts = qualified.split(".")
    if root != "tensorflow":
        return
    beginnings = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    if beginnings & TF1_ONLY or qualified.startswith(TF1_PACKAGES):
        yield Era.TF1
    if beginnings & TF2_NAMES:
        yield Era.TF2
