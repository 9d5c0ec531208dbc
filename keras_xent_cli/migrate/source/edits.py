"""Changes to parts of a text, including nested ones."""

from __future__ import annotations

import collections
import dataclasses
from typing import Callable, Sequence


@dataclasses.dataclass(frozen=True)
class Edit:
    """A change to one stretch of the text.

    Args:
        start: where it begins.
        end: where it ends; the same as `start` to insert.
        change: turns the old text into the new one. Inner edits run before outer ones, and edits of
            the same stretch in the given order. An insertion where a stretch begins or ends is
            outside of the stretch.
        wraps: whether the change puts something around the old text. It runs after those of the
            same stretch that change the text itself.
    """

    start: int
    end: int
    change: Callable[[str], str]
    wraps: bool = False


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits applied.

    Raises:
        ValueError: two edits overlap without one being inside the other.
    """
    # Insertions come before stretches that begin there, and outer stretches before inner ones.
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end > edit.start, -edit.end))
    # One past the end, for insertions at the end.
    return _apply(text, 0, len(text) + 1, collections.deque(ordered))


def _apply(text: str, start: int, end: int, edits: collections.deque[Edit]) -> str:
    """The new text of a stretch. It removes the edits in it from the front of `edits`."""
    parts: list[str] = []
    while edits and edits[0].start < end:
        first = edits[0]
        if first.end > end:
            raise ValueError(
                f"two edits of the codemod overlap at characters {first.start} to {first.end}, so "
                "the file stays unchanged. Please report this"
            )
        same: list[Edit] = []
        while edits and (edits[0].start, edits[0].end) == (first.start, first.end):
            same.append(edits.popleft())
        parts.append(text[start : first.start])
        part = "" if first.start == first.end else _apply(text, first.start, first.end, edits)
        for edit in sorted(same, key=lambda edit: edit.wraps):
            part = edit.change(part)
        parts.append(part)
        start = first.end
    return "".join([*parts, text[start:end]])
