"""The mutants that no test can or need notice, each with its reason, from the files in survivors/.

A file has paragraphs. Each begins with a reason, followed by the mutants that it is the reason of,
indented: a path, and the changed lines as `python -m mutation` prints them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator

FOLDER = Path(__file__).with_name("survivors")


def reasons(folder: Path = FOLDER) -> dict[tuple[str, str], str]:
    """The reason of each mutant, by its path and its change as `normal` returns it."""
    found: dict[tuple[str, str], str] = {}
    for file in sorted(folder.glob("*.txt")):
        for paragraph in re.split(r"\n\s*\n", file.read_text(encoding="utf-8").strip()):
            lines = paragraph.splitlines()
            reason = " ".join(line for line in lines if line[0] != " ")
            for path, change in _entries(lines):
                found[path, change] = reason
    return found


def _entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    path = ""
    change: list[str] = []
    for line in [line.strip() for line in lines if line[0] == " "]:
        # A path, or the first line of the next mutant of the same file, ends a mutant.
        is_path = line[:2] not in ("- ", "+ ")
        if change and (is_path or (line[0] == "-" and change[-1][0] == "+")):
            yield path, normal("\n".join(change))
            change = []
        if is_path:
            path = line
        else:
            change.append(line)
    if change:
        yield path, normal("\n".join(change))


def normal(change: str) -> str:
    """A change without the lines' indentation."""
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in change.splitlines())
