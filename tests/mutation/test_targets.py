"""The files that are mutated and their tests exist."""

from __future__ import annotations

from pathlib import Path

from mutation.targets import TARGETS, selected_tests

ROOT = Path(__file__).parents[2]


def test_every_target_has_files_and_tests() -> None:
    found = selected_tests(ROOT)
    for pattern in TARGETS:
        assert any(str(path.relative_to(ROOT)) in found for path in ROOT.glob(pattern)), pattern
    for path, tests in found.items():
        listed = [*tests.own, *tests.others, *tests.everything]
        assert not [test for test in listed if not (ROOT / test).exists()], path


def test_a_file_s_own_tests_have_its_name() -> None:
    found = selected_tests(ROOT)["keras_xent/losses/binary.py"]
    assert found.own == [
        *["tests/losses/test_binary.py", "tests/losses/test_binary_equal_keras.py"],
    ]
    assert not set(found.own) & set(found.others)
