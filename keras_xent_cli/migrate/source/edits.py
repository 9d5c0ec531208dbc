"""Changes to parts of a text, nested ones included."""

from __future__ import annotations

import collections
import dataclasses
from typing import Callable, Deque, List, Sequence


@dataclasses.dataclass(frozen=True)
class Edit:
    """A change to one stretch of the text.

    Args:
        start: Where it begins.
        end: Where it ends; the same as `start` to insert.
        change: Makes the new text of the old. When edits nest, the inner ones come first; when
            several have the same stretch, the order is that in which they are given. What is
            inserted where a stretch begins or ends is outside of it.
    """

    start: int
    end: int
    change: Callable[[str], str]


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits applied.

    Raises:
        ValueError: two edits overlap without one being inside the other.
    """
    # An insertion before the stretches that begin where it is, a stretch before those inside.
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end > edit.start, -edit.end))
    # To beyond the end, so that what is inserted there comes before it.
    return _apply(text, 0, len(text) + 1, collections.deque(ordered))


def _apply(text: str, start: int, end: int, edits: Deque[Edit]) -> str:
    """The new text of a stretch; takes the edits in it from the front of `edits`."""
    parts: List[str] = []
    while edits and edits[0].start < end:
        first = edits[0]
        if first.end > end:
            raise ValueError(f"edits overlap at {first.start}:{first.end} and {start}:{end}")
        same: List[Edit] = []
        while edits and (edits[0].start, edits[0].end) == (first.start, first.end):
            same.append(edits.popleft())
        parts.append(text[start : first.start])
        part = "" if first.start == first.end else _apply(text, first.start, first.end, edits)
        for edit in same:
            part = edit.change(part)
        parts.append(part)
        start = first.end
    return "".join([*parts, text[start:end]])
