"""The files of one run, as far as one of them says what is in another."""

from __future__ import annotations

import ast
import dataclasses
import functools
import warnings
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

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

# What is installed is not looked for among the files, even if some folder has such a name.
_LIBRARIES = frozenset({OWN, "keras", "keras_xent", "numpy", "tensorflow", "tf_keras", "tf_slim"})
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# A name that is imported, "" or a name in what is imported, and the folder of the file.
_Question = Tuple[str, str, Path]
# What a file's own job reports.
_UNREADABLE = (OSError, SyntaxError, ValueError, RecursionError, MemoryError)
# So many files are kept parsed: imports lead to the same few again and again.
_KEPT = 64


class Program:
    """The files that were given, found as Python finds modules.

    A file is read when another asks for it, so that none may be written before all are done.

    Args:
        paths: The files.
    """

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._files = {path.absolute() for path in paths if path.suffix == ".py"}
        self._folders = {folder for path in self._files for folder in path.parents}
        self._roots = {path.stem for path in self._files} | {path.name for path in self._folders}
        self._asked: List[_Question] = []
        self._known: Dict[_Question, Names] = {}
        self._content = functools.lru_cache(_KEPT)(_content)
        self._scopes = functools.lru_cache(_KEPT)(self._scopes_of)
        self._eras = functools.lru_cache(None)(self._eras_in)

    def __reduce__(self) -> Tuple[type, Tuple[List[Path]]]:
        """Another process gets the list of the files, and finds out the rest itself."""
        return Program, (sorted(self._files),)

    def follow(self, qualified: str, folder: Path) -> Names:
        """What a name stands for that is imported in a file of a folder.

        Args:
            qualified: As the import has it, with the attributes behind it:
                `project.compat.tf.losses`, `.compat.tf`.
            folder: Where the file is.

        Returns:
            The names that it has where it comes from, as `names.resolve` gives them, with `OWN`
            before that of a function or class of the program; the name itself if it isn't found
            in the files.
        """
        if is_wrapped(qualified):
            return as_wrapped(self.follow(unwrapped(qualified), folder))
        root = qualified.split(".")[0]
        if root in _LIBRARIES or (root and root not in self._roots):
            return frozenset({qualified})
        return self._found(qualified, "", folder) or frozenset({qualified})

    def starred(self, name: str, star: str, folder: Path) -> Names:
        """What a name stands for after `from star import *`; nothing if it isn't there."""
        if name.startswith("_") or star.split(".")[0] in _LIBRARIES:
            return frozenset()
        return self._found(star, name, folder)

    def marks_around(self, path: Path) -> Eras:
        """What the files around a file say of TensorFlow's version.

        Those in its folder decide; if they say nothing, those below the package's parents.
        """
        folder = path.parent
        found = self._eras(folder, False)
        while not found and folder / "__init__.py" in self._files:
            folder = folder.parent
            found = self._eras(folder, True)
        return found

    def _found(self, qualified: str, name: str, folder: Path) -> Names:
        """The names of a name, or after a star of one in it, as far as the files tell."""
        key = qualified, name, folder
        if key in self._asked:
            return frozenset()  # two modules that import one another: the other ways tell
        if key not in self._known:
            self._asked.append(key)
            names = self._names(qualified, name, folder)
            self._asked.pop()
            if self._asked:
                return names  # perhaps without a way that is being asked
            self._known[key] = names
        return self._known[key]

    def _names(self, qualified: str, name: str, folder: Path) -> Names:
        names: Names = frozenset()
        for path, rest in self._places(qualified, folder):
            if name and rest:
                continue  # no module
            rest = [name] if name else rest
            names |= self._names_in(path, rest) if rest else frozenset({qualified})
        return names

    def _names_in(self, path: Path, parts: List[str]) -> Names:
        """The names of a module's global, and the attributes behind it."""
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
        """The last import of all names that has it counts; of a library's it isn't known."""
        for star in reversed(scopes.module.stars):
            if star.split(".")[0] in _LIBRARIES:
                return frozenset({f"{star}.{name}{behind}"})
            found = self.starred(name, star, place.path.parent)
            if found:
                names = (place.follow(f"{each}{behind}") for each in found)
                return frozenset().union(*names)
        return frozenset()

    def _places(self, qualified: str, folder: Path) -> Iterator[Tuple[Path, List[str]]]:
        """The files in which a module may be, and what of the name is left in them."""
        level = len(qualified) - len(qualified.lstrip("."))
        parts = qualified[level:].split(".")
        # A script, or a package, may begin in any of the folders around the file.
        starts = [folder, *folder.parents]
        for start in starts[level - 1 : level] if level else starts:
            place = self._place(start, parts, bool(level)) if start in self._folders else None
            if place:
                yield place

    def _place(
        self, folder: Path, parts: List[str], is_package: bool
    ) -> Optional[Tuple[Path, List[str]]]:
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

    def _scopes_of(self, path: Path) -> Optional[Scopes]:
        """The top level of a file: nothing else can be imported from it."""
        try:
            text = files.decode(self._content(path)).text
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of invalid escapes in what isn't our code
                return Scopes(ast.parse(text), with_bodies="global " in text)
        except _UNREADABLE:
            return None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _defines(content: bytes, name: str) -> bool:
    """Whether a function or a class of a name is seen in a text, which takes no parser."""
    ends = [f" {name}{end}".encode() for end in "(:"]
    return any(b"\n" + begin + end in content for begin in (b"def", b"class") for end in ends)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a source stands in a program.

    Args:
        program: The program.
        path: The file's absolute path.
    """

    program: Program = dataclasses.field(default_factory=Program)
    path: Path = Path()

    def follow(self, qualified: str) -> Names:
        """See `Program.follow`."""
        return self.program.follow(qualified, self.path.parent)

    def starred(self, name: str, stars: Sequence[str]) -> Names:
        """What a name that is bound nowhere stands for, by `from ... import *`."""
        for star in reversed(stars):
            found = self.program.starred(name, star, self.path.parent)
            if found:
                return found
        return frozenset()

    def marks_around(self) -> Eras:
        """See `Program.marks_around`."""
        return self.program.marks_around(self.path)
