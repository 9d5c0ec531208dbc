"""The files that are mutated, and the tests that must notice."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_LOSSES = """
    test_weighting test_sample_weights test_class_ids test_categorical test_sparse_categorical
    test_ragged_errors test_v1
"""
_OPS = """
    test_softmax_derivatives test_weighting test_gradients test_registered_gradients test_portable
    test_softmax_graph
"""
_V1 = "test_semantics test_edge_values test_forms_of_arguments test_init test_errors"


def _files(folder: str, names: str) -> list[str]:
    return [f"{folder}/{name}.py" for name in names.split()]


# For files: the tests that run after a file's own tests, and all tests.
TARGETS: dict[str, tuple[list[str], list[str]]] = {
    "keras_xent/reduction.py": (["tests/ops/test_weighting.py"], ["tests/losses", "tests/v1"]),
    "keras_xent/ops/weighting.py": (_files("tests/ops", _OPS), ["tests/ops", "tests/losses"]),
    "keras_xent/ops/gradients.py": (_files("tests/ops", _OPS), ["tests/ops", "tests/losses"]),
    "keras_xent/ops/*_gradients.py": (_files("tests/ops", _OPS), ["tests/ops", "tests/losses"]),
    "keras_xent/ops/*_derivatives.py": (_files("tests/ops", _OPS), ["tests/ops", "tests/losses"]),
    "keras_xent/losses/*.py": (
        _files("tests/losses", _LOSSES),
        [
            *["tests/metrics", "tests/test_accumulation.py", "tests/test__functional.py"],
            *["tests/losses", "tests/test__keras3.py"],
        ],
    ),
    "keras_xent/v1/*.py": (_files("tests/v1", _V1), ["tests/v1"]),
    "keras_xent_cli/migrate/rules/*.py": (["tests/migrate/rules"], ["tests/migrate"]),
}


class Selection(NamedTuple):
    """The tests that must notice a file's mutants."""

    own: list[str]  # the tests of the file
    others: list[str]  # of the files around it, if they are quick
    everything: list[str]  # for the mutants that survive these


def selected_tests(root: Path) -> dict[str, Selection]:
    """The tests of each file."""
    found: dict[str, Selection] = {}
    for pattern, (others, everything) in TARGETS.items():
        for path in sorted(root.glob(pattern)):
            if path.name == "__init__.py":
                continue
            folder = root / Path("tests", *path.relative_to(root).parent.parts[1:])
            names = {*folder.glob(f"test_{path.stem}.py"), *folder.glob(f"test_{path.stem}_*.py")}
            own = [str(name.relative_to(root)) for name in sorted(names)]
            rest = [test for test in others if test not in own]
            found[str(path.relative_to(root))] = Selection(own, rest, everything)
    return found
