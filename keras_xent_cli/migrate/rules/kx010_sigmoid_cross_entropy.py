"""KX010: `tf.losses.sigmoid_cross_entropy` becomes `keras_xent.v1`'s.

The signature is the same, so that the name is all that changes. Keras's loss object takes the mean
over the last axis before it weighs and reduces. So with `--to keras` a call becomes the loss object
only if all elements have one weight and their mean is taken.
"""

from __future__ import annotations

from typing import Iterable

from keras_xent_cli.migrate.finding import Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import port_references
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow.losses.sigmoid import SIGMOID_LOSS


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port every reference."""
    return port_references(module, options, SIGMOID_LOSS)


RULE = Rule("KX010", "tf.losses.sigmoid_cross_entropy", check)
