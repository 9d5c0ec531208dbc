"""Applies the rules to one source."""

from __future__ import annotations

import ast
import collections
import dataclasses
import re
from typing import Sequence

from keras_xent_cli.migrate.finding import Finding, Remark
from keras_xent_cli.migrate.leftovers import Leftovers
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.running.program import Place
from keras_xent_cli.migrate.source.edits import Edit, apply
from keras_xent_cli.migrate.source.imports import import_edits

# `# keras-xent: ignore`, or `# keras-xent: ignore KX103, KX104`, at the end of a line.
_SUPPRESSION = re.compile(r"#\s*keras-xent:\s*ignore(?P<codes>(?:[\s,]+KX\d+)*)\s*$")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result for one source.

    Args:
        edits: what changes in the text.
        findings: the findings with their offsets in the text, in the order of the text.
    """

    edits: tuple[Edit, ...]
    findings: tuple[tuple[int, Finding], ...]


def examine(
    text: str, rules: Sequence[Rule], options: Options, place: Place | None = None
) -> Outcome:
    """Apply the rules to a source.

    Args:
        text: the source.
        rules: the rules to apply.
        options: see `Options`.
        place: where the source is in a program.

    Raises:
        SyntaxError: the text isn't Python 3.
        ValueError: the text has null bytes, or uses the name `keras_xent` for something else.
    """
    module = Module(text, place)
    found = _found(module, rules, options)
    edits = [edit for _, remark in found for edit in remark.edits]
    naming_us = {remark.offset for _, remark in found if remark.needs_import}
    if naming_us and module.package_is_taken():
        raise ValueError(
            f"line {module.package_is_taken()} uses the name {module.package} for something else: "
            "rename that first"
        )
    edits += import_edits(module, sorted(naming_us))
    leftovers = Leftovers(module, naming_us, _suppressed_lines(module))
    edits += leftovers.edits
    found += [
        (rule, remark)
        for rule in rules
        if rule.check_leftovers
        for remark in rule.check_leftovers(leftovers)
        if not _is_suppressed(module, rule, remark)
    ]
    findings = [
        (remark.offset, _finding(module, rule, remark))
        for rule, remark in sorted(found, key=lambda each: (each[1].offset, each[0].code))
    ]
    return Outcome(tuple(edits), tuple(findings))


def _found(module: Module, rules: Sequence[Rule], options: Options) -> list[tuple[Rule, Remark]]:
    """What the rules find, without suppressed places and parts of calls that aren't ported."""
    found = [
        (rule, remark)
        for rule in rules
        for remark in rule.check(module, options)
        if not _is_suppressed(module, rule, remark)
    ]
    ported = {remark.offset for _, remark in found if remark.edits and remark.part_of is None}
    return _merged(
        [
            (rule, remark)
            for rule, remark in found
            if remark.part_of is None or remark.part_of in ported
        ]
    )


def _merged(found: list[tuple[Rule, Remark]]) -> list[tuple[Rule, Remark]]:
    """Merge the remarks that are reported only once per file into the first of their kind."""
    kept = [(rule, remark) for rule, remark in found if not remark.once]
    same: dict[tuple[str, str], list[tuple[Rule, Remark]]] = collections.defaultdict(list)
    for rule, remark in found:
        if remark.once:
            same[rule.code, remark.message].append((rule, remark))
    for remarks in same.values():
        rule, first = min(remarks, key=lambda each: each[1].offset)
        more = len(remarks) - 1
        places = f" ({more} more place{'s' if more > 1 else ''} in this file)" if more else ""
        kept.append((rule, dataclasses.replace(first, message=first.message + places)))
    return kept


def port(
    text: str, rules: Sequence[Rule], options: Options, place: Place | None = None
) -> tuple[str, tuple[Finding, ...]]:
    """The new text of a source, and what was found in it.

    Raises:
        SyntaxError: the text isn't Python 3.
        ValueError: see `examine`.
    """
    outcome = examine(text, rules, options, place)
    new = apply(text, outcome.edits)
    check_still_parses(new)
    return new, tuple(finding for _, finding in outcome.findings)


def check_still_parses(text: str) -> None:
    """Check that a new text is valid Python, so a bug of ours never reaches a file.

    Raises:
        ValueError: it isn't.
    """
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise ValueError(
            f"the ported code would not parse (line {error.lineno}: {error.msg}), so the file "
            "stays unchanged. Please report this"
        ) from error


def _finding(module: Module, rule: Rule, remark: Remark) -> Finding:
    line, column = module.lines.place(remark.offset)
    return Finding(line, column, rule.code, remark.action, remark.message, remark.note)


def _is_suppressed(module: Module, rule: Rule, remark: Remark) -> bool:
    line, _ = module.lines.place(remark.offset)
    match = _SUPPRESSION.search(module.lines.lines[line - 1].rstrip("\r\n"))
    if not match:
        return False
    codes = re.findall(r"KX\d+", match["codes"])
    return not codes or rule.code in codes


def _suppressed_lines(module: Module) -> frozenset[int]:
    if "keras-xent:" not in module.text:
        return frozenset()
    lines = enumerate(module.lines.lines, start=1)
    return frozenset(number for number, line in lines if _SUPPRESSION.search(line.rstrip("\r\n")))
