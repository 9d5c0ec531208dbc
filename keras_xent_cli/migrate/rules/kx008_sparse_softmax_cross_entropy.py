"""KX008: `tf.losses.sparse_softmax_cross_entropy` becomes the function in `keras_xent.v1`.

The signature is the same, so only the name changes. With `--to keras`, a call becomes the loss
object for class ids if that is provably the same.
"""

from __future__ import annotations

from typing import Iterable

from keras_xent_cli.migrate.finding import Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import port_references
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow.losses.sparse_softmax import SPARSE_LOSS


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port every reference."""
    return port_references(module, options, SPARSE_LOSS)


RULE = Rule("KX008", "tf.losses.sparse_softmax_cross_entropy", check)
