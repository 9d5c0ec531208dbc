"""The files that are mutated, and the tests that are about each of them."""

from __future__ import annotations

from pathlib import Path

TARGETS = [
    "keras_xent/reduction.py",
    "keras_xent/ops/weighting.py",
    "keras_xent/ops/gradients.py",
    "keras_xent/ops/*_gradients.py",
    "keras_xent/ops/*_derivatives.py",
    "keras_xent/losses/*.py",
    "keras_xent/v1/*.py",
    "keras_xent_cli/migrate/rules/*.py",
]


def own_tests(root: Path) -> dict[str, list[str]]:
    """The files of TARGETS, and each one's own test files."""
    found: dict[str, list[str]] = {}
    for pattern in TARGETS:
        for path in sorted(root.glob(pattern)):
            if path.name == "__init__.py":
                continue
            folder = root / Path("tests", *path.relative_to(root).parent.parts[1:])
            names = {*folder.glob(f"test_{path.stem}.py"), *folder.glob(f"test_{path.stem}_*.py")}
            found[str(path.relative_to(root))] = [
                str(name.relative_to(root)) for name in sorted(names)
            ]
    return found
