"""What the tests of the codemod share: a source, and what becomes of it.

An example that defines `def loss(labels, logits, weights)` is also executed, before and after: see
`executing`.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Sequence

from migrate import executing

from keras_xent_cli.migrate.engine import port
from keras_xent_cli.migrate.finding import Action, Finding
from keras_xent_cli.migrate.keras_target.surroundings import look_around
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.registry import all_rules
from keras_xent_cli.migrate.tensorflow import loss_scopes

TARGETS = ("v1", "keras")


def ported(source: str, target: str = "v1") -> tuple[str, tuple[Finding, ...]]:
    """The port of a file by all rules, as the command would do it."""
    content = source.encode()
    surroundings = look_around([("file.py", content)])
    scopes = loss_scopes.look_for([(Path("file.py"), content)])
    return port(source, all_rules(), Options(Target(target), surroundings, scopes))


def check_transformed(
    before: str,
    after: str,
    target: str = "v1",
    codes: Sequence[str] = (),
    shape: Sequence[int] = executing.SHAPE,
) -> list[str]:
    """The source becomes exactly the other, for good, and computes the same.

    Args:
        codes: the rules that must have ported something, in order; any if empty.
        shape: of the logits, when it is executed.

    Returns:
        The messages.
    """
    before, after = textwrap.dedent(before), textwrap.dedent(after)
    new, findings = ported(before, target)
    assert new == after
    again, left = ported(new, target)
    assert again == new, "a second port changes it again"
    said = {finding.rule for finding in findings}
    assert {finding.rule for finding in left} <= said, "a second port names something new"
    found = [finding.rule for finding in findings if finding.action is Action.PORTED]
    assert found
    assert not codes or found == list(codes)
    if "def loss(" in before:
        executing.check_same(before, [new], shape)
    return [finding.message for finding in findings]


def check_noop(source: str, *targets: str) -> None:
    """Nothing changes, whatever the target, and nothing is said."""
    source = textwrap.dedent(source)
    for target in targets or TARGETS:
        assert ported(source, target) == (source, ())


def check_not_found(source: str, code: str) -> None:
    """One rule says nothing, whatever the target."""
    for target in TARGETS:
        _, findings = ported(textwrap.dedent(source), target)
        assert code not in [finding.rule for finding in findings]


def check_flagged(
    source: str,
    code: str,
    message: str,
    line: int = 0,
    target: str = "v1",
    action: Action = Action.FLAGGED,
) -> Finding:
    """One rule names one place, or notes it, and what it says contains a text."""
    _, findings = ported(textwrap.dedent(source), target)
    found = [each for each in findings if each.rule == code and each.action is action]
    assert len(found) == 1, [f"{each.rule} {each.message}" for each in findings]
    assert message in found[0].message
    assert line in (0, found[0].line)
    return found[0]


def check_stays_v1(source: str, reason: str) -> None:
    """`--to keras` makes no loss object of it, says why, and the port computes the same."""
    source = textwrap.dedent(source)
    new, findings = ported(source, "keras")
    assert "Crossentropy(" not in new
    messages = [finding.message for finding in findings if finding.action is Action.PORTED]
    assert any("stays on v1" in each and reason in each for each in messages), messages
    assert new == ported(source, "v1")[0]
    if "def loss(" in source:
        executing.check_same(source, [new])


def check_loss_object(source: str, shape: Sequence[int] = executing.SHAPE) -> str:
    """`--to keras` makes a loss object of every call, and it computes the same."""
    source = textwrap.dedent(source)
    new, _ = ported(source, "keras")
    assert "Crossentropy(" in new
    assert "keras_xent.v1." not in new
    assert ported(new, "keras")[0] == new
    if "def loss(" in source:
        executing.check_same(source, [new], shape)
    return new


def loss_call(arguments: str, before: str = "") -> str:
    """A program whose loss is one call of TF1's function."""
    return (
        f"import tensorflow as tf\n{before}\n\n\ndef loss(labels, logits, weights):\n"
        f"    return tf.losses.softmax_cross_entropy({arguments})\n"
    )
