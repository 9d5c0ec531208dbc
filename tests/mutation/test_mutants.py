"""A mutant has one change, to what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("mutmut", reason="mutation testing needs it: pip install -e '.[mutation]'")

from mutation.mutants import mutants

PROGRAM = '''
"""A docstring with 1 + 2."""
import math

__all__ = ["share"]


@decorated(1)
def share(total: int | None, count: int = 2) -> float:
    """The share of 1."""
    if count == 0:
        raise ValueError(f"count is {count}, expected more than 0")
    return math.copysign(total / count, name="x y")
'''


def changes(tmp_path: Path) -> list[str]:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    return [mutant.change for mutant in mutants(tmp_path, "program.py")]


def test_what_is_changed(tmp_path: Path) -> None:
    found = changes(tmp_path)
    added = {line[2:].strip() for change in found for line in change.splitlines() if line[0] == "+"}
    assert added == {
        "def share(total: int | None, count: int = 3) -> float:",
        "if count != 0:",
        "if count == 1:",
        'return math.copysign(total * count, name="x y")',
        'return math.copysign(name="x y")',
        "return math.copysign(total / count, )",
    }
    assert len(found) == len(added)


def test_a_mutant_has_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("x = 1\ny = x + 1\n", encoding="utf-8")
    found = mutants(tmp_path, "program.py")
    assert [(each.name, each.line) for each in found][:2] == [
        ("program.py:0", 1),
        ("program.py:1", 1),
    ]
    assert "y = x - 1" in {each.code.splitlines()[1] for each in found}
