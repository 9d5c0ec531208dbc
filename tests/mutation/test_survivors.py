"""The list of survivors can be read, and isn't out of date."""

from __future__ import annotations

from pathlib import Path

from mutation.survivors import FOLDER, reasons

ROOT = Path(__file__).parents[2]

LIST = """\
Types have no effect
when the code runs.
  a.py
  - T = TypeVar("T")
  + T = None
  - x: int = f(
  -     1)
  + x: int = f()
  b.py
  - count,
  b.py
  - total,

It only names an op.
  b.py
  + name
"""


def test_reasons(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    types, name = "Types have no effect when the code runs.", "It only names an op."
    assert reasons(tmp_path) == {
        ("a.py", '- T = TypeVar("T")\n+ T = None'): types,
        ("a.py", "- x: int = f(\n- 1)\n+ x: int = f()"): types,
        ("b.py", "- count,"): types,
        ("b.py", "- total,"): types,
        ("b.py", "+ name"): name,
    }


def test_every_changed_line_is_in_its_file() -> None:
    for path, change in reasons(FOLDER):
        lines = {line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()}
        for line in change.splitlines():
            assert line[0] == "+" or line[2:] in lines, (path, change)
