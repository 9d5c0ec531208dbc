"""KX003: `tf.nn.softmax_cross_entropy_with_logits_v2` becomes the function in `keras_xent.v1`.

The signature is the same, and so is the gradient with respect to the labels. With `--to keras`, a
call becomes the loss object without a reduction.
"""

from __future__ import annotations

from typing import Iterable

from keras_xent_cli.migrate.finding import Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import port_references
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow.losses.softmax import LOGITS_V2


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port every reference."""
    return port_references(module, options, LOGITS_V2)


RULE = Rule("KX003", "tf.nn.softmax_cross_entropy_with_logits_v2", check)
