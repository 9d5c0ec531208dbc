"""The files of one run, and what they show about each other."""

from __future__ import annotations

import ast
import dataclasses
import functools
import warnings
from pathlib import Path
from typing import Iterable, Iterator, Sequence, Tuple

from keras_xent_cli.migrate.running import files
from keras_xent_cli.migrate.source.names import (
    OWN,
    UNKNOWN,
    Names,
    as_wrapped,
    is_wrapped,
    resolve_global,
    unwrapped,
)
from keras_xent_cli.migrate.source.scopes import Other, Scopes
from keras_xent_cli.migrate.tensorflow import eras
from keras_xent_cli.migrate.tensorflow.eras import Era, Eras

# Installed libraries: the files aren't searched for them, even if a folder has such a name.
_LIBRARIES = frozenset({OWN, "keras", "keras_xent", "numpy", "tensorflow", "tf_keras", "tf_slim"})
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# An imported name, "" or a name in what is imported, and the folder of the file.
_Question = Tuple[str, str, Path]
# The file's own job reports these.
_UNREADABLE = (OSError, SyntaxError, ValueError, RecursionError, MemoryError)
# The number of parsed files to keep: imports often lead to the same few.
_KEPT = 64


class Program:
    """The files of the run, found the way Python finds modules.

    A file is read when another one needs it, so no file may be written before all are done.

    Args:
        paths: the files.
    """

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._files = {path.absolute() for path in paths if path.suffix == ".py"}
        self._folders = {folder for path in self._files for folder in path.parents}
        self._roots = {path.stem for path in self._files} | {path.name for path in self._folders}
        self._asked: list[_Question] = []
        self._known: dict[_Question, Names] = {}
        self._content = functools.lru_cache(_KEPT)(_content)
        self._scopes = functools.lru_cache(_KEPT)(self._scopes_of)
        self._eras = functools.lru_cache(None)(self._eras_in)

    def __reduce__(self) -> tuple[type, tuple[list[Path]]]:
        """Another process only gets the list of the files, and computes the rest."""
        return Program, (sorted(self._files),)

    @functools.cached_property
    def is_ported(self) -> bool:
        """Whether one of the files mentions keras_xent."""
        texts = (_content(path).decode(errors="replace") for path in self._files)
        return any(eras.is_ported(text) for text in texts)

    def follow(self, qualified: str, folder: Path) -> Names:
        """What an imported name means in a file of a folder.

        Args:
            qualified: as in the import, followed by its attributes:
                `project.compat.tf.losses`, `.compat.tf`.
            folder: where the file is.

        Returns:
            Its names where it comes from, as returned by `names.resolve`, with the prefix `OWN` for
            a function or class of the program; the name itself if it isn't in the files.
        """
        if is_wrapped(qualified):
            return as_wrapped(self.follow(unwrapped(qualified), folder))
        root = qualified.split(".")[0]
        if root in _LIBRARIES or (root and root not in self._roots):
            return frozenset({qualified})
        return self._found(qualified, "", folder) or frozenset({qualified})

    def starred(self, name: str, star: str, folder: Path) -> Names:
        """What a name means after `from star import *`; empty if it isn't there."""
        if name.startswith("_") or star.split(".")[0] in _LIBRARIES:
            return frozenset()
        return self._found(star, name, folder)

    def marks_around(self, path: Path) -> Eras:
        """The versions of TensorFlow that the files around a file show.

        The files in its folder decide. If they show none, the files of its parent packages do.
        """
        folder = path.parent
        found = self._eras(folder, False)
        while not found and folder / "__init__.py" in self._files:
            folder = folder.parent
            found = self._eras(folder, True)
        return found

    def _found(self, qualified: str, name: str, folder: Path) -> Names:
        """What a name, or a name in its star import, may mean, as far as the files show it."""
        key = qualified, name, folder
        if key in self._asked:
            return frozenset()  # two modules that import each other: other paths find it
        if key not in self._known:
            self._asked.append(key)
            names = self._names(qualified, name, folder)
            self._asked.pop()
            if self._asked:
                return names  # a path that is being searched may be missing
            self._known[key] = names
        return self._known[key]

    def _names(self, qualified: str, name: str, folder: Path) -> Names:
        names: Names = frozenset()
        for path, rest in self._places(qualified, folder):
            if name and rest:
                continue  # not a module
            rest = [name] if name else rest
            names |= self._names_in(path, rest) if rest else frozenset({qualified})
        return names

    def _names_in(self, path: Path, parts: list[str]) -> Names:
        """The names of a module's global, followed by its attributes."""
        name, behind = parts[0], "".join(f".{part}" for part in parts[1:])
        if _defines(self._content(path), name):
            return frozenset({f"{OWN}.{name}{behind}"})
        scopes, place = self._scopes(path), Place(self, path)
        if scopes is None:
            return frozenset()
        bindings = scopes.module.bindings.get(name)
        if not bindings:
            return self._names_by_star(scopes, place, name, behind)
        if all(isinstance(each, Other) and isinstance(each.node, _DEFINED) for each in bindings):
            return frozenset({f"{OWN}.{name}{behind}"})
        names = resolve_global(
            scopes, ".".join(parts), lambda name: place.starred(name, scopes.module.stars)
        )
        return frozenset().union(*(place.follow(each) if each else {UNKNOWN} for each in names))

    def _names_by_star(self, scopes: Scopes, place: Place, name: str, behind: str) -> Names:
        """The last star import that has the name counts; a library's is assumed to have it."""
        for star in reversed(scopes.module.stars):
            if star.split(".")[0] in _LIBRARIES:
                return frozenset({f"{star}.{name}{behind}"})
            found = self.starred(name, star, place.path.parent)
            if found:
                names = (place.follow(f"{each}{behind}") for each in found)
                return frozenset().union(*names)
        return frozenset()

    def _places(self, qualified: str, folder: Path) -> Iterator[tuple[Path, list[str]]]:
        """The files in which a module may be, and the rest of the name in each."""
        level = len(qualified) - len(qualified.lstrip("."))
        parts = qualified[level:].split(".")
        # The root of a script or a package may be any folder around the file.
        starts = [folder, *folder.parents]
        for start in starts[level - 1 : level] if level else starts:
            place = self._place(start, parts, bool(level)) if start in self._folders else None
            if place:
                yield place

    def _place(
        self, folder: Path, parts: list[str], is_package: bool
    ) -> tuple[Path, list[str]] | None:
        rest = list(parts)
        while rest:
            inner = folder / rest[0]
            if inner in self._folders:
                folder, is_package = inner, True
                rest.pop(0)
            elif folder / f"{rest[0]}.py" in self._files:
                return folder / f"{rest[0]}.py", rest[1:]
            else:
                break
        initial = folder / "__init__.py"
        return (initial, rest) if is_package and initial in self._files else None

    def _eras_in(self, folder: Path, and_below: bool) -> Eras:
        found: Eras = frozenset()
        for path in sorted(self._files):
            inside = folder in path.parents if and_below else path.parent == folder
            if inside and len(found) < len(Era):
                found |= self._marks(path, found)
        return found

    def _marks(self, path: Path, known: Eras) -> Eras:
        from keras_xent_cli.migrate.module import Module

        try:
            content = _content(path)
            if eras.possible(content) <= known:
                return frozenset()
            return eras.marks(Module(files.decode(content).text, Place(self, path)))
        except _UNREADABLE:
            return frozenset()

    def _scopes_of(self, path: Path) -> Scopes | None:
        """The top level of a file: other scopes can't be imported."""
        try:
            text = files.decode(self._content(path)).text
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about invalid escapes in the user's code
                return Scopes(ast.parse(text), with_bodies="global " in text)
        except _UNREADABLE:
            return None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _defines(content: bytes, name: str) -> bool:
    """Whether a text defines a function or class with a name, found without parsing it."""
    ends = [f" {name}{end}".encode() for end in "(:"]
    return any(b"\n" + begin + end in content for begin in (b"def", b"class") for end in ends)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a source is in a program.

    Args:
        program: the program.
        path: the file's absolute path.
    """

    program: Program = dataclasses.field(default_factory=Program)
    path: Path = Path()

    def follow(self, qualified: str) -> Names:
        """See `Program.follow`."""
        return self.program.follow(qualified, self.path.parent)

    def starred(self, name: str, stars: Sequence[str]) -> Names:
        """What an unbound name means, if it comes from `from ... import *`."""
        for star in reversed(stars):
            found = self.program.starred(name, star, self.path.parent)
            if found:
                return found
        return frozenset()

    def marks_around(self) -> Eras:
        """See `Program.marks_around`."""
        return self.program.marks_around(self.path)
