"""What the user asked for."""

from __future__ import annotations

import dataclasses
import enum

from keras_xent_cli.migrate.loss_scopes import LossScopes
from keras_xent_cli.migrate.surroundings import Surroundings


class Target(str, enum.Enum):
    """What calls become."""

    V1 = "v1"
    KERAS = "keras"


@dataclasses.dataclass(frozen=True)
class Options:
    """What rules need to know beside the source.

    Args:
        target: What calls become.
        surroundings: What the other files of the program do.
        loss_scopes: Where the program may change the collection that contrib's losses join.
    """

    target: Target = Target.V1
    surroundings: Surroundings = dataclasses.field(default_factory=Surroundings)
    loss_scopes: LossScopes = dataclasses.field(default_factory=LossScopes)
