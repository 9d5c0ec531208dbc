"""The files that are mutated and their tests exist."""

from __future__ import annotations

from pathlib import Path

from mutation.targets import TARGETS, own_tests

ROOT = Path(__file__).parents[2]


def test_every_target_has_files() -> None:
    found = own_tests(ROOT)
    for pattern in TARGETS:
        assert any(str(path.relative_to(ROOT)) in found for path in ROOT.glob(pattern)), pattern


def test_a_file_s_own_tests_have_its_name() -> None:
    assert own_tests(ROOT)["keras_xent/losses/binary.py"] == [
        *["tests/losses/test_binary.py", "tests/losses/test_binary_equal_keras.py"],
    ]
