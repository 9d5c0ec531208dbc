"""Finds the rules: every module in `rules/` defines one."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
from typing import Callable, Iterable, Iterator, Sequence

from keras_xent_cli.migrate.finding import Remark
from keras_xent_cli.migrate.leftovers import Leftovers
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule.

    Args:
        code: KX0.. for rules that port, KX1.. for rules that report problems.
        summary: one line.
        check: what it finds in a module.
        check_leftovers: what it finds in the module after the port.
        is_defect: whether it reports probable mistakes in the program.
    """

    code: str
    summary: str
    check: Callable[[Module, Options], Iterable[Remark]]
    check_leftovers: Callable[[Leftovers], Iterable[Remark]] | None = None
    is_defect: bool = False


@functools.lru_cache(maxsize=None)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    package = importlib.import_module("keras_xent_cli.migrate.rules")
    found = [
        importlib.import_module(f"{package.__name__}.{module.name}").RULE
        for module in pkgutil.iter_modules(package.__path__)
    ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def chosen_rules(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules that the user wants.

    Args:
        select: codes, or prefixes of codes; all rules if empty.
        ignore: codes, or prefixes of codes, to exclude.

    Raises:
        ValueError: a code isn't valid.
    """
    for code in [*select, *ignore]:
        if not any(rule.code.startswith(code) for rule in all_rules()):
            known = ", ".join(rule.code for rule in all_rules())
            raise ValueError(f"no rule begins with {code!r}: the rules are {known}")
    return tuple(_chosen(select or ("KX",), ignore))


def _chosen(select: Sequence[str], ignore: Sequence[str]) -> Iterator[Rule]:
    for rule in all_rules():
        if rule.code.startswith(tuple(select)) and not rule.code.startswith(tuple(ignore)):
            yield rule
