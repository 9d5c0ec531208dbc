"""Ragged tensors of four samples, as the losses' tests take them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

SPLITS = [0, 2, 2, 3, 6]  # four samples, the second one empty


def rows(values: Any, splits: Any = SPLITS) -> tf.RaggedTensor:
    return tf.RaggedTensor.from_row_splits(values, tf.constant(splits, tf.int64))


def in_graph(loss: Any, *inputs: Any, jit_compile: bool = False) -> Any:
    """The value in a function that knows no row, and of dense inputs only the rank."""
    signature = [
        tf.type_spec_from_value(x)
        if isinstance(x, tf.RaggedTensor)
        else tf.TensorSpec([None] * len(x.shape), x.dtype)
        for x in inputs
    ]
    run = tf.function(
        loss, input_signature=signature, jit_compile=jit_compile, autograph=False
    )
    return run(*inputs)
