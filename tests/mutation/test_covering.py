"""A mutant's tests are those that run its line."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("coverage", reason="mutation testing needs it: pip install -e '.[mutation]'")

import coverage

from mutation.covering import Covering

OWN = "tests/test_program.py"
NAMES = [f"{OWN}::test_all[{value}-1.0]" for value in "abcde"]
QUICK, SLOW = "tests/test_other.py::TestOther::test_quick", "tests/test_other.py::test_slow"


@pytest.fixture
def covering(tmp_path: Path) -> Covering:
    data = coverage.CoverageData(str(tmp_path / "coverage"))
    program = str(tmp_path / "program.py")
    data.set_context("")
    data.add_lines({program: [1, 2]})
    for name in [*NAMES, SLOW]:
        data.set_context(f"{name}|run")
        data.add_lines({program: [3]})
    data.set_context(f"{QUICK}|setup")
    data.add_lines({program: [3, 5]})
    data.write()
    names = {f"tests.test_program/test_all[{value}-1.0]": 1.0 for value in "abcde"}
    names.update({"tests.test_other.TestOther/test_quick": 0.5, "tests.test_other/test_slow": 9.0})
    cases = "".join(
        '<testcase classname="{}" name="{}" time="{}"/>'.format(*name.split("/"), seconds)
        for name, seconds in names.items()
    )
    (tmp_path / "suite.xml").write_text(f"<testsuites>{cases}</testsuites>", encoding="utf-8")
    return Covering(tmp_path, tmp_path)


def test_own_tests_and_few_parameters_come_first(covering: Covering) -> None:
    found = covering.tests("program.py", 3, [OWN], seconds=100)
    assert found == [*NAMES, QUICK, SLOW]
    assert covering.tests("program.py", 3, [], seconds=100) == [QUICK, *NAMES[:3], SLOW, *NAMES[3:]]


def test_as_many_as_the_seconds_allow(covering: Covering) -> None:
    assert covering.tests("program.py", 3, [OWN], seconds=5.5) == [*NAMES, QUICK]
    assert covering.tests("program.py", 3, [OWN], seconds=0) == NAMES[:1]


def test_a_statement_s_later_lines_are_those_of_its_first(covering: Covering) -> None:
    assert covering.tests("program.py", 4, [OWN], seconds=5.5) == [*NAMES, QUICK]
    assert covering.tests("program.py", 6, [OWN], seconds=100) == [QUICK]


def test_all_tests_of_the_file_for_what_its_import_runs(covering: Covering) -> None:
    assert covering.tests("program.py", 2, [], seconds=100) == [QUICK, *NAMES[:3], SLOW, *NAMES[3:]]
