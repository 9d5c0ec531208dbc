"""Edits of a text, beside a reference that is too simple to be wrong."""

from __future__ import annotations

import dataclasses
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_xent_cli.migrate.source.edits import Edit, apply


def replace(start: int, end: int, new: str) -> Edit:
    return Edit(start, end, lambda old: new)


def wrap(start: int, end: int, left: str, right: str) -> Edit:
    return Edit(start, end, lambda old: f"{left}{old}{right}")


@dataclasses.dataclass(frozen=True)
class Wrap:
    """An edit that keeps what it has, so that the order of edits shows in the result."""

    start: int
    end: int
    name: str

    @property
    def edit(self) -> Edit:
        return wrap(self.start, self.end, f"<{self.name}", f"{self.name}>")


@st.composite
def nested(draw: st.DrawFn) -> tuple[str, list[Wrap]]:
    """A text and stretches of it, none of which overlaps another without being inside of it."""
    text = draw(st.text(st.sampled_from("abcdef"), max_size=12))
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    chosen: list[Wrap] = []
    for number, place in enumerate(draw(st.lists(places, max_size=6))):
        start, end = sorted(place)
        if all(
            end <= other.start
            or start >= other.end
            or (other.start <= start and end <= other.end)
            or (start <= other.start and other.end <= end)
            for other in chosen
        ):
            chosen.append(Wrap(start, end, str(number)))
    return text, chosen


def reference(text: str, wraps: list[Wrap]) -> str:
    """Brackets set between characters, each sorted by hand into what opens and what closes."""
    order = {each: position for position, each in enumerate(wraps)}
    closing: dict[int, list[Wrap]] = {}
    empty: dict[int, list[Wrap]] = {}
    opening: dict[int, list[Wrap]] = {}
    for each in wraps:
        if each.start == each.end:
            empty.setdefault(each.start, []).append(each)
        else:
            opening.setdefault(each.start, []).append(each)
            closing.setdefault(each.end, []).append(each)
    result = ""
    for place in range(len(text) + 1):
        # The innermost, which begins last, closes first; of equal ones the first given is inside.
        for each in sorted(closing.get(place, []), key=lambda it: (-it.start, order[it])):
            result += f"{each.name}>"
        inserted = ""
        for each in empty.get(place, []):
            inserted = f"<{each.name}{inserted}{each.name}>"
        result += inserted
        for each in sorted(opening.get(place, []), key=lambda it: (-it.end, -order[it])):
            result += f"<{each.name}"
        result += text[place : place + 1]
    return result


@given(nested(), st.randoms(use_true_random=False))
def test_edits_are_the_references(case: tuple[str, list[Wrap]], random: Callable) -> None:
    text, wraps = case
    random.shuffle(wraps)  # type: ignore[attr-defined]
    assert apply(text, [each.edit for each in wraps]) == reference(text, wraps)


def test_no_edits() -> None:
    assert apply("abc", []) == "abc"


def test_the_inner_edit_comes_first() -> None:
    outer = Edit(0, 6, lambda old: old.upper())
    assert apply("f(abc)", [outer, replace(2, 5, "x")]) == "F(X)"


def test_edits_of_one_stretch_come_in_their_order() -> None:
    edits = [wrap(0, 1, "(", ")"), wrap(0, 1, "[", "]")]
    assert apply("a", edits) == "[(a)]"


def test_what_wraps_a_stretch_comes_after_what_changes_it() -> None:
    wrapping = dataclasses.replace(wrap(0, 1, "(", ")"), wraps=True)
    assert apply("a", [wrapping, replace(0, 1, "b")]) == "(b)"


@pytest.mark.parametrize("place", [0, 3])
def test_what_is_inserted_beside_a_stretch_is_not_lost_with_it(place: int) -> None:
    # An import may belong at the very place where a call that is replaced begins.
    edits = [replace(0, 3, "new"), wrap(place, place, "+", "")]
    assert apply("old", edits) == ("+new" if place == 0 else "new+")


def test_what_is_inserted_inside_a_stretch_is_given_to_its_edit() -> None:
    assert apply("old", [wrap(0, 3, "<", ">"), wrap(1, 1, "+", "")]) == "<o+ld>"


def test_an_insertion_between_two_stretches() -> None:
    assert apply("ab", [replace(0, 1, "x"), wrap(1, 1, "+", ""), replace(1, 2, "y")]) == "x+y"


def test_overlapping_edits_raise_an_error() -> None:
    with pytest.raises(ValueError, match=r"overlap at characters 1 to 3.*Please report"):
        apply("abc", [replace(0, 2, "x"), replace(1, 3, "y")])
