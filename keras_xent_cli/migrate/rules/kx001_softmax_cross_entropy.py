"""KX001: `tf.losses.softmax_cross_entropy` becomes `keras_xent.v1.softmax_cross_entropy`.

The signature is the same, so only the name changes, in calls and in other references. With
`--to keras`, a call becomes a loss object if that is provably the same.
"""

from __future__ import annotations

from typing import Iterable

from keras_xent_cli.migrate.finding import Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import port_references
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow.losses.softmax import LOSS


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port every reference."""
    return port_references(module, options, LOSS)


RULE = Rule("KX001", "tf.losses.softmax_cross_entropy", check)
