"""Rules are found by being there."""

from __future__ import annotations

from pathlib import Path

import pytest

from keras_xent_cli.migrate import rules
from keras_xent_cli.migrate.registry import all_rules, chosen_rules

CODES = [
    *("KX001", "KX002", "KX003", "KX004", "KX005", "KX006", "KX007", "KX008", "KX009", "KX010"),
    "KX011",
    *("KX101", "KX102", "KX103", "KX104", "KX105", "KX106", "KX107", "KX108", "KX109", "KX110"),
    *("KX111", "KX112"),
]


def test_all_rules() -> None:
    assert [rule.code for rule in all_rules()] == CODES
    assert len({rule.summary for rule in all_rules()}) == len(CODES)


def test_every_rule_has_a_file_and_a_test() -> None:
    (folder,) = rules.__path__
    names = sorted(path.stem for path in Path(folder).glob("kx*.py"))
    assert [name[:5].upper() for name in names] == CODES
    for name in names:
        assert (Path(__file__).parent / "rules" / f"test_{name}.py").exists()


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        ((), (), CODES),
        (("KX001",), (), ["KX001"]),
        (("KX0",), ("KX006", "KX007", "KX008", "KX009", "KX01"), CODES[:5]),
        (("KX1", "KX002"), (), ["KX002", *CODES[11:]]),
        ((), ("KX1",), CODES[:11]),
        (("KX001",), ("KX",), []),
    ],
)
def test_chosen_rules(select: tuple, ignore: tuple, expected: list) -> None:
    assert [rule.code for rule in chosen_rules(select, ignore)] == expected


@pytest.mark.parametrize(("select", "ignore"), [(("KX9",), ()), ((), ("E501",)), (("kx001",), ())])
def test_unknown_codes(select: tuple, ignore: tuple) -> None:
    with pytest.raises(ValueError, match=r"no rule begins with '.*': the rules are KX001, KX002"):
        chosen_rules(select, ignore)
