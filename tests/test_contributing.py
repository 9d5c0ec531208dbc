"""What CONTRIBUTING.md says of the modules."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Iterator

ROOT = Path(__file__).parents[1]
# The interfaces and entry points, which have no place of their own in the list.
ELSEWHERE = {"__init__.py", "__main__.py", "version.py", "steps.py"}


def listed() -> list[list[str]]:
    """The files and folders of each row."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("only from modules further down")[1].split("In `kernel/`")[0]
    rows = []
    for line in table.splitlines():
        first, *others = re.findall(r"`([^`]+)`", line.split("|")[1] if "|" in line else "") or [""]
        folder = first.rstrip("/").rpartition("/")[0]
        rows.append(
            [first, *(each if "/" in each[:-1] else f"{folder}/{each}" for each in others)]
        )
    return [row for row in rows if row[0]]


def place(path: str, rows: list[list[str]]) -> int:
    """The row of a file: that of the longest path that names it."""
    found = [
        (len(each), number)
        for number, row in enumerate(rows)
        for each in row
        if path == each or (each.endswith("/") and path.startswith(each))
    ]
    if not found and path.endswith("/__init__.py"):
        # A folder with several rows: its __init__.py imports from the first of them.
        folder = path[: -len("__init__.py")]
        found = [(0, -n) for n, row in enumerate(rows) for each in row if each.startswith(folder)]
        return -max(found)[1]
    assert found, f"CONTRIBUTING.md doesn't list {path}"
    return max(found)[1]


def imported(path: Path) -> Iterator[str]:
    """The files of ours that a file imports, when it runs or for its types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        files = (_file(name) or _file(name.rpartition(".")[0]) for name in names)
        yield from filter(None, files)


def _file(module: str) -> str:
    """The file of one of our modules or folders; "" if it is none."""
    path = module.replace(".", "/")
    names = (f"{path}.py", f"{path}/__init__.py") if path.startswith("keras_xent") else ()
    return next((name for name in names if (ROOT / name).exists()), "")


def test_everything_listed_exists() -> None:
    assert not [each for row in listed() for each in row if not (ROOT / each).exists()]


def test_a_module_imports_only_from_modules_further_down() -> None:
    rows = listed()
    for package in ("keras_xent", "keras_xent_cli"):
        for path in (ROOT / package).rglob("*.py"):
            if path.name in ELSEWHERE:
                continue
            own = place(path.relative_to(ROOT).as_posix(), rows)
            for other in imported(path):
                # A package's __init__.py imports all of it, and a folder's is the folder.
                is_folder = other.endswith("/__init__.py") and other.count("/") > 1
                if is_folder or Path(other).name not in ELSEWHERE:
                    assert place(other, rows) >= own, f"{path} imports {other}"
