"""KX010: `tf.losses.sigmoid_cross_entropy` becomes the function in `keras_xent.v1`.

The signature is the same, so only the name changes. Keras's loss object takes the mean over the
last axis before it weights and reduces. So with `--to keras`, a call becomes the loss object only
if all elements have the same weight and the reduction is a mean.
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
