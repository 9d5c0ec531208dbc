"""One source through the rules."""

from __future__ import annotations

import pytest

from keras_xent_cli.migrate.engine import check_still_parses, examine, port
from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule, all_rules, chosen_rules
from keras_xent_cli.migrate.source.edits import Edit

CALL = "tf.losses.softmax_cross_entropy(labels, logits)"


def ported(source: str, *codes: str) -> tuple:
    new, findings = port(source, chosen_rules(codes), Options())
    return new, [(finding.line, finding.column, finding.rule) for finding in findings]


def test_findings_have_places() -> None:
    source = f"import tensorflow as tf\nif x:\n    é = f('é', {CALL})\n{CALL}\n"
    new, places = ported(source)
    assert new.count("keras_xent.v1.softmax_cross_entropy(labels, logits)") == 2
    assert places == [(3, 16, "KX001"), (4, 1, "KX001"), (4, 1, "KX103")]


def test_the_import_is_added_once() -> None:
    new, _ = ported(f"import tensorflow as tf\nx = {CALL}\ny = {CALL}\n")
    assert new.count("import keras_xent\n") == 1
    assert ported(new)[0] == new


def test_no_import_for_a_keyword_alone() -> None:
    source = "import tensorflow as tf\ntf.nn.softmax_cross_entropy_with_logits_v2(y, x, dim=1)\n"
    new, _ = ported(source, "KX007")
    assert new == source.replace("dim", "axis")


def test_nothing_to_do() -> None:
    for source in ["", "x = 1\n", "# tf.losses.softmax_cross_entropy"]:
        assert ported(source) == (source, [])


def test_the_name_is_taken() -> None:
    source = f"import tensorflow as tf\nkeras_xent = 1\nx = {CALL}\n"
    with pytest.raises(ValueError, match="uses the name keras_xent for something else"):
        ported(source)
    alias = source.replace("keras_xent = 1", "import keras_xent as kx\ndef f(kx): pass")
    with pytest.raises(ValueError, match="uses the name kx for something else"):
        ported(alias)
    # Nothing is written, so nothing is wrong.
    assert ported(source, "KX1") == (source, [])


@pytest.mark.parametrize("source", ["print 'x'\n", "def f(:\n"])
def test_no_python(source: str) -> None:
    with pytest.raises(SyntaxError):
        ported(source)


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("# keras-xent: ignore", {"KX001", "KX103"}),
        ("#keras-xent:ignore", {"KX001", "KX103"}),
        ("# keras-xent: ignore KX103", {"KX103"}),
        ("# keras-xent: ignore KX001, KX103", {"KX001", "KX103"}),
        ("# keras-xent: ignore KX001 KX103", {"KX001", "KX103"}),
        ("# noqa  # keras-xent: ignore", {"KX001", "KX103"}),
        ("# keras-xent: ignore KX104", set()),
        ("# keras-xent: ignore this", set()),
        ("# keras-xent", set()),
    ],
)
def test_suppression(comment: str, left: set) -> None:
    source = f"import tensorflow as tf\n{CALL}  {comment}\n"
    new, places = ported(source)
    assert {"KX001", "KX103"} - {code for _, _, code in places} == left
    assert ("keras_xent.v1" in new) == ("KX001" not in left)
    assert comment in new


def test_suppression_is_of_a_line() -> None:
    source = f"import tensorflow as tf\nx = {CALL}  # keras-xent: ignore\nx = {CALL}\n"
    new, places = ported(source)
    assert [line for line, _, _ in places] == [3]
    assert new.count("tf.losses") == 1


def test_select() -> None:
    source = f"import tensorflow as tf\n{CALL}\n"
    assert ported(source, "KX103") == (source, [(2, 1, "KX103")])


def test_a_part_goes_with_the_whole() -> None:
    """What is right only if another place is ported is dropped without it."""

    def rule(code: str, offset: int, new: str, part_of: object = None) -> Rule:
        edit = Edit(offset, offset + 1, lambda old: new)
        remark = Remark(offset, Action.PORTED, "", (edit,), part_of=part_of)  # type: ignore[arg-type]
        return Rule(code, "", lambda module, options: [remark])

    whole, part = rule("KX001", 0, "b"), rule("KX002", 4, "2", part_of=0)
    assert port("a = 1\n", [whole, part], Options())[0] == "b = 2\n"
    assert port("a = 1\n", [part], Options()) == ("a = 1\n", ())
    source = "a = 1  # keras-xent: ignore KX001\n"
    assert port(source, [whole, part], Options()) == (source, ())


def test_a_mistake_of_ours_raises_an_error() -> None:
    edit = Edit(0, 1, lambda old: "(")
    rule = Rule("KX001", "", lambda module, options: [Remark(0, Action.PORTED, "", (edit,))])
    with pytest.raises(ValueError, match=r"would not parse \(line 1.*Please report this"):
        port("a = 1\n", [rule], Options())
    check_still_parses("a = 1\n")


def test_outcome_has_offsets() -> None:
    source = f"import tensorflow as tf\n{CALL}\n"
    outcome = examine(source, all_rules(), Options())
    assert [offset for offset, _ in outcome.findings] == [source.index("tf.losses")] * 2
    assert len(outcome.edits) == 2
