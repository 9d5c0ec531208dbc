"""One thing that the doctor looked at."""

from __future__ import annotations

import dataclasses
import enum


class Status(enum.Enum):
    """How a thing was found."""

    OK = "ok"
    # Works, but could be better.
    NOTE = "note"
    # Does not work, or gives wrong numbers: the doctor's exit code is 1.
    PROBLEM = "PROBLEM"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that the doctor looked at.

    Args:
        subject: What it is.
        found: What was found.
        status: What that means.
        advice: What to do; needed for everything that is not OK.

    Raises:
        ValueError: The advice is missing.
    """

    subject: str
    found: str
    status: Status = Status.OK
    advice: str = ""

    def __post_init__(self) -> None:
        if self.status is not Status.OK and not self.advice:
            raise ValueError(
                f"A finding that is not OK needs advice; {self.subject!r} ({self.found}) has none. "
                "Say what the user can do."
            )


def describe(error: BaseException) -> str:
    """An exception in one line, for what was found."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
