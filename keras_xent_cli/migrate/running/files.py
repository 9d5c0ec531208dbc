"""Finds, reads and writes source files."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import re
import stat
import tempfile
import tokenize
from pathlib import Path
from typing import Iterable, Iterator

from keras_xent_cli.migrate.tensorflow.functions import FUNCTION_NAMES
from keras_xent_cli.migrate.tensorflow.other_losses import OTHER_LOSSES

_SUFFIXES = (".py", ".ipynb")
_SKIPPED_DIRECTORIES = frozenset({"__pycache__", "node_modules", "site-packages"})

# Every place of interest contains one of these, or is near one. Searching for bytes is a hundred
# times as fast as a regular expression, so the regular expression only searches around them.
_NEAR = (
    b"losses",
    *sorted(
        name.encode()
        for name in FUNCTION_NAMES
        if not any(other in name for other in FUNCTION_NAMES - {name})
    ),
)
_AROUND = 200

# What a source must contain for a rule to find something. In a notebook, a name may follow the two
# characters `\n`. Keras's losses don't count.
_OF_INTEREST = re.compile(
    rb"(?:(?<![A-Za-z0-9_])|(?<=\\n))(?:%(functions)s)(?![A-Za-z0-9_])"
    rb"|(?<!keras\.)losses\s*\.\s*(?:%(others)s)(?![A-Za-z0-9_])"
    rb"|(?:contrib|slim)\b[^\n]*\blosses"
    rb"|(?:tf\w*|tensorflow|v1)\s*\.\s*losses(?![A-Za-z0-9_]|\s*\.)"  # the module as an argument
    rb"|(?<!keras\.)losses\.\\?['\"]"  # a string that the name continues
    rb"|(?:getattr|hasattr|setattr)\s*\([^,]*losses"
    % {
        b"functions": "|".join(sorted(FUNCTION_NAMES)).encode(),
        b"others": "|".join(sorted(OTHER_LOSSES)).encode(),
    }
)
# The other losses may be far from their import.
_IMPORTS_LOSSES = re.compile(
    rb"(?<!keras\.)\blosses\s+import\b|(?<!keras )\bimport\s+\(?[\w.,\s]*(?<!keras\.)\blosses\b"
)
_OTHER_LOSSES = tuple(name.encode() for name in OTHER_LOSSES)


def of_interest(content: bytes) -> bool:
    """Whether a source may contain something to port. If not, it isn't even parsed."""
    if any(_OF_INTEREST.search(part) for near in _NEAR for part in _around(content, near)):
        return True
    has_others = b"losses" in content and any(name in content for name in _OTHER_LOSSES)
    return has_others and any(map(_IMPORTS_LOSSES.search, _around(content, b"losses")))


def _around(content: bytes, near: bytes) -> Iterator[bytes]:
    """The text around every occurrence of some bytes. One part may contain several."""
    found = content.find(near)
    while found >= 0:
        end = found + _AROUND
        yield content[max(found - _AROUND, 0) : end]
        # An occurrence in the second half gets its own part.
        found = content.find(near, found + _AROUND // 2)


def find_sources(paths: Iterable[Path]) -> Iterator[Path]:
    """The files to check, each once, in the order of their names.

    Args:
        paths: files with any name, and directories, whose Python files and notebooks are used.
            Hidden directories, virtual environments and symbolic links in directories are skipped.

    Raises:
        FileNotFoundError: a path doesn't exist.
    """
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no file or directory {str(path)!r}")
        for source in _walk(path) if path.is_dir() else [path]:
            real = source.resolve()
            if real not in seen:
                seen.add(real)
                yield source


def _walk(top: Path) -> Iterator[Path]:
    unreadable: list[Path] = []
    for folder, directories, names in os.walk(
        top, onerror=lambda error: unreadable.append(Path(error.filename))
    ):
        if "pyvenv.cfg" in names:
            directories.clear()
            continue
        directories[:] = sorted(name for name in directories if not _is_skipped(name))
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith(_SUFFIXES) and not path.is_symlink() and not _blocks(path):
                yield path
    # Reading them fails, and is reported like other files that can't be read.
    yield from unreadable


def _blocks(path: Path) -> bool:
    """Whether reading it would wait for another program, such as a named pipe."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False  # reading it reports the error


def _is_skipped(directory: str) -> bool:
    return directory.startswith(".") or directory in _SKIPPED_DIRECTORIES


@dataclasses.dataclass(frozen=True)
class Text:
    """A decoded file, which can be encoded again to the same bytes.

    Args:
        text: the text, with its line endings.
        encoding: from a byte order mark or a coding comment, like Python; otherwise UTF-8.
    """

    text: str
    encoding: str

    def encode(self, text: str) -> bytes:
        """Another text in the same encoding.

        Raises:
            UnicodeEncodeError: the encoding lacks a character.
        """
        return text.encode(self.encoding)


def decode(content: bytes) -> Text:
    """Decode a Python file.

    Raises:
        ValueError: the bytes can't be decoded, or encoding them again would change them.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = Text(content.decode(encoding), encoding)
    except (SyntaxError, LookupError, UnicodeError) as error:
        raise ValueError(f"cannot decode the file: {error}") from error
    if text.encode(text.text) != content:
        raise ValueError(
            f"decoding the file as {encoding} and encoding it again would change it: save it as "
            "UTF-8"
        )
    return text


def write_atomically(path: Path, old: bytes, new: bytes) -> None:
    """Replace a file's content in one step. Mode, owner and symbolic links stay the same.

    Args:
        path: the file.
        old: what was read from it.
        new: what to write.

    Raises:
        PermissionError: the file is read-only.
        OSError: it can't be written, or has changed since it was read.
    """
    target = path.resolve()
    status = target.stat()
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError("the file is read-only: make it writable, or don't pass it")
    descriptor, temporary = _new_file_beside(target)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        _own_as(temporary, status)
        temporary.chmod(stat.S_IMODE(status.st_mode))
        # As late as possible: an editor may save the file at any time.
        if target.read_bytes() != old:
            raise OSError("the file changed during the port: run the codemod again")
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _new_file_beside(path: Path) -> tuple[int, Path]:
    """A new file in a file's folder, open for writing. Directories are never searched for it."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        reason = f"can't create a temporary file in its folder: {error.strerror}"
        raise OSError(error.errno, reason) from error
    return descriptor, Path(name)


def _own_as(path: Path, status: os.stat_result) -> None:
    """Give a file another file's owner and group, if permitted."""
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(path, status.st_uid, status.st_gid)
