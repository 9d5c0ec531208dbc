"""What the user asked for."""

from __future__ import annotations

import dataclasses
import enum

from keras_xent_cli.migrate.keras_target.surroundings import Surroundings
from keras_xent_cli.migrate.tensorflow.loss_scopes import LossScopes


class Target(str, enum.Enum):
    """What calls become."""

    V1 = "v1"
    KERAS = "keras"


@dataclasses.dataclass(frozen=True)
class Options:
    """What rules need to know in addition to the source.

    Args:
        target: what calls become.
        surroundings: what the other files of the program do.
        loss_scopes: where the program may change the collection that contrib's losses join.
    """

    target: Target = Target.V1
    surroundings: Surroundings = dataclasses.field(default_factory=Surroundings)
    loss_scopes: LossScopes = dataclasses.field(default_factory=LossScopes)
