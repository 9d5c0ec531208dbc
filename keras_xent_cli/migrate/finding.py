"""What a rule says of a place in the source."""

from __future__ import annotations

import dataclasses
import enum
from typing import Optional, Tuple

from keras_xent_cli.migrate.source.edits import Edit


class Action(str, enum.Enum):
    """What became of the place: noted is what is good to know where nothing has to be done."""

    PORTED = "ported"
    FLAGGED = "flagged"
    NOTED = "noted"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One place in the source.

    Args:
        line: From 1; in a notebook, within the cell.
        column: From 1, in characters.
        rule: The rule's code.
        action: Ported, left to a person, or only noted.
        message: What was found and, if flagged, what to do.
        note: The part of the message that the diff of a port doesn't show.
    """

    line: int
    column: int
    rule: str
    action: Action
    message: str
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Remark:
    """What a rule found, before it is known where that is in a file.

    Args:
        offset: The place, in the text that the rule saw.
        action: See `Finding`.
        message: See `Finding`.
        edits: What to change in the text.
        needs_import: Whether the new text names the package.
        part_of: The place whose port it belongs to, for it is wrong without that; None if it is
            right by itself.
        note: See `Finding`.
        once: Whether it is said once a file, at the first place of which it is true.
    """

    offset: int
    action: Action
    message: str
    edits: Tuple[Edit, ...] = ()
    needs_import: bool = False
    part_of: Optional[int] = None
    note: str = ""
    once: bool = False
