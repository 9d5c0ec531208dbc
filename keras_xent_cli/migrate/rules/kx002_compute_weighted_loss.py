"""KX002: `tf.losses.compute_weighted_loss` becomes `keras_xent.v1.compute_weighted_loss`.

The signature is the same. There is no loss object for it, so `--to keras` changes nothing.
"""

from __future__ import annotations

from typing import Iterable

from keras_xent_cli.migrate.finding import Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import port_references
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow.losses.weighted import WEIGHTED


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port every reference."""
    return port_references(module, options, WEIGHTED)


RULE = Rule("KX002", "tf.losses.compute_weighted_loss", check)
