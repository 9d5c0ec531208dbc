"""The page of the codemod's rules says what the codemod does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keras_xent_cli.migrate.engine import port
from keras_xent_cli.migrate.finding import Action
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.registry import all_rules, chosen_rules

PAGE = Path(__file__).parents[2] / "migration_guide" / "rules.md"
SLIM = "import tf_slim as slim\n"
BEGINNING = f"import tensorflow.compat.v1 as tf\n{SLIM}"
_BLOCK = re.compile(r"^```python\n# ([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, list[tuple[str, str]]]:
    """For each rule, the comments that its blocks begin with, and the rest of these blocks."""
    parts = re.split(r"^## (KX\d+)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {code: _BLOCK.findall(text) for code, text in zip(parts[1::2], parts[2::2])}


def test_every_rule_is_documented_in_order() -> None:
    assert list(sections()) == [rule.code for rule in all_rules()]


def codes(beginning: str) -> list[str]:
    return [rule.code for rule in all_rules() if rule.code.startswith(beginning)]


@pytest.mark.parametrize("code", codes("KX0"))
def test_before_becomes_after(code: str) -> None:
    before = ""
    compared = 0
    for kind, text in sections()[code]:
        if kind == "before":
            before = BEGINNING + text
            continue
        target = {"after": Target.V1, "after, with --to keras": Target.KERAS}[kind]
        new, findings = port(before, chosen_rules(), Options(target))
        goes = "slim." in before and "slim." not in text  # with its last use
        beginning = BEGINNING.replace(SLIM, "") if goes else BEGINNING
        assert new == "import keras_xent\n" + beginning + text
        assert any(each.rule == code and each.action is Action.PORTED for each in findings)
        compared += 1
    assert compared > 0


@pytest.mark.parametrize("code", codes("KX1"))
def test_a_finding_has_the_action_on_the_page_and_what_is_fixed_has_none(code: str) -> None:
    (found, bad), (fixed, good) = sections()[code]
    action, _, with_target = found.partition(", with ")
    target = {"": Target.V1, "--to keras": Target.KERAS}[with_target]
    assert fixed.partition(", with ") == ("fixed", *found.partition(", with ")[1:])
    for text, expected in ((bad, {Action(action)}), (good, set())):
        source = "import keras_xent\n" + BEGINNING + text
        _, findings = port(source, chosen_rules(), Options(target))
        assert {each.action for each in findings if each.rule == code} == expected
