"""KX009: `tf.nn.sparse_softmax_cross_entropy_with_logits` becomes the function in `keras_xent.v1`.

The function is the same in TF1 and TF2, but TF1 raises an error for positional arguments. With
`--to keras`, a call becomes the loss object for class ids without a reduction.
"""

from __future__ import annotations

from typing import Iterable

from keras_xent_cli.migrate.finding import Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.source.positional import port_keyword_function
from keras_xent_cli.migrate.tensorflow.losses.sparse_softmax import SPARSE_LOGITS


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port every reference that is called with keywords."""
    return port_keyword_function(module, options, SPARSE_LOGITS)


RULE = Rule("KX009", "tf.nn.sparse_softmax_cross_entropy_with_logits", check)
