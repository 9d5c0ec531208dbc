"""What a rule reports about a place in the source."""

from __future__ import annotations

import dataclasses
import enum

from keras_xent_cli.migrate.source.edits import Edit


class Action(str, enum.Enum):
    """What happened to the place. `NOTED` means that the user doesn't have to do anything."""

    PORTED = "ported"
    FLAGGED = "flagged"
    NOTED = "noted"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One place in the source.

    Args:
        line: from 1; in a notebook, within the cell.
        column: from 1, in characters.
        rule: the rule's code.
        action: ported, left to the user, or only noted.
        message: what was found and, if flagged, what to do.
        note: what to report about a port that the diff doesn't show.
    """

    line: int
    column: int
    rule: str
    action: Action
    message: str
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Remark:
    """What a rule found, before its line in the file is known.

    Args:
        offset: the place, in the text that the rule saw.
        action: see `Finding`.
        message: see `Finding`.
        edits: what to change in the text.
        needs_import: whether the new text uses the package.
        part_of: the offset of the port that it belongs to, if it is wrong without that port.
        note: see `Finding`.
        once: whether it is reported only once per file, at the first place.
    """

    offset: int
    action: Action
    message: str
    edits: tuple[Edit, ...] = ()
    needs_import: bool = False
    part_of: int | None = None
    note: str = ""
    once: bool = False
