"""The message for two losses that differ."""

from __future__ import annotations

import collections
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from keras_xent.testing.calling import Loss
from keras_xent.testing.comparison import Comparison
from keras_xent.testing.evidence import Evidence
from keras_xent.testing.silent_changes import Diagnosis, diagnose


def of(old: Loss, new: Loss, differing: Sequence[Comparison], compared: int, refused: int) -> str:
    """The message.

    Args:
        old: the old loss.
        new: the new loss.
        differing: the cases that differ.
        compared: the number of cases that were compared.
        refused: the number of cases that were skipped because the old loss raises an error.
    """
    groups = _groups(old, new, differing)
    lines = [f"the new loss differs from the old one in {len(differing)} of {compared} cases."]
    if refused:
        lines.append(f"({refused} more cases were skipped: the old loss raises an error for them.)")
    for diagnosis, members in groups:
        lines += ["", *_group(diagnosis, members)]
    if all(found.case.kinds for found in differing):
        kinds = dict.fromkeys(found.case.kinds[0] for found in differing)
        lines += [
            "",
            "If your program never has any of these inputs, you can skip all of them: pass "
            f"skip={list(kinds)}.",
        ]
    return "\n".join(lines)


Group = Tuple[Optional[Diagnosis], List[Comparison]]


def _groups(old: Loss, new: Loss, differing: Sequence[Comparison]) -> list[Group]:
    """The differences, grouped by silent change. The most important group is first."""
    by_name: dict[Any, Group] = {}
    known: dict[Any, Any] = {}
    for found in differing:
        diagnosis = diagnose(Evidence(old, new, found, known))
        change = None if diagnosis is None else diagnosis.change
        # Two silent changes can have the same number.
        name = change and (change.number or change.name)
        by_name.setdefault(name, (diagnosis, []))[1].append(found)
    # Wrong numbers come before wrong dtypes. Within each, known silent changes come before other
    # differences, and larger groups before smaller ones.
    return sorted(
        by_name.values(),
        key=lambda group: (
            not any(found.refused or found.values_differ for found in group[1]),
            group[0] is None,
            -len(group[1]),
        ),
    )


def _group(diagnosis: Diagnosis | None, members: list[Comparison]) -> list[str]:
    first = members[0]
    if diagnosis is None:
        lines = ["Not a known silent change (if known ones are listed, fix them first):"]
    elif diagnosis.change.number is None:
        lines = [f"{diagnosis.change.name.capitalize()}:"]
    else:
        lines = [f"Silent change {diagnosis.change.number}, {diagnosis.change.name}:"]
    lines += [f"  {line}" for line in _difference(first)]
    if diagnosis is not None:
        lines.append(f"  {diagnosis.advice}")
    elif first.case.silent_changes:
        lines.append(f"  This case checks for silent changes {list(first.case.silent_changes)}.")
    cases = collections.OrderedDict((_title(found), None) for found in members[1:])
    if cases:
        lines.append(f"  Also in: {'; '.join(cases)}.")
    return lines


def _title(found: Comparison) -> str:
    # The kinds are the case's names in `skip`.
    kinds = "".join(f'; "{kind}"' for kind in found.case.kinds)
    return f"{found.case.name} ({found.dtype}{kinds})"


def _difference(found: Comparison) -> list[str]:
    inputs = found.inputs
    shapes = f"labels {list(inputs.labels.shape)}, logits {list(inputs.logits.shape)}"
    if inputs.weights is not None:
        shapes += f", weights {list(inputs.weights.shape)}"
    lines = [f"{_title(found)}: {shapes}"]
    if found.refused:
        text = str(found.new).strip().splitlines() or [""]
        return [*lines, f"the new loss raises {type(found.new).__name__}: {text[0]}"]
    old, new = found.old, found.new
    lines += [
        f"value: old {_numbers(old.value)} ({old.dtype or 'number'} {list(old.value.shape)}), "
        f"new {_numbers(new.value)} ({new.dtype or 'number'} {list(new.value.shape)})"
    ]
    for name in old.gradients:
        if found.gradient_differs(name):
            one, other = old.gradients[name], new.gradients[name]
            lines.append(f"gradient with respect to {name}{_gradients(one, other)}")
    return lines


def _gradients(old: np.ndarray | None, new: np.ndarray | None) -> str:
    if old is None or new is None or old.ndim == 0:
        old_text, new_text = ("none" if each is None else _numbers(each) for each in (old, new))
        return f": old {old_text}, new {new_text}"
    difference = np.nan_to_num(np.abs(new - old), nan=np.inf)
    worst = np.unravel_index(int(np.argmax(difference)), old.shape)
    place = [int(index) for index in worst]
    return f", at {place}, where it differs most: old {old[worst]:.6g}, new {new[worst]:.6g}"


def _numbers(array: np.ndarray) -> str:
    if array.ndim == 0:
        return f"{array.item():.6g}"
    some = ", ".join(f"{number:.6g}" for number in array.reshape(-1)[:3])
    return f"[{some}{', ...' if array.size > 3 else ''}]"
