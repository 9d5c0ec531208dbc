"""A value with a gradient of our own, for everything that can ask for one."""

from __future__ import annotations

from typing import Any, Callable, List, Sequence

import tensorflow as tf

from keras_xent import _tensorflow

Backward = Callable[[tf.Tensor], Sequence[Any]]


def in_graph(
    name: str,
    value_of: Callable[..., tf.Tensor],
    backward: Backward,
    inputs: List[tf.Tensor],
) -> tf.Tensor:
    """`value_of(*inputs)` in a graph, whose gradients to the inputs `backward` gives.

    `tf.custom_gradient` serves whoever walks the graph later: `tf.gradients`, a tape outside a
    traced function. Tapes and forward accumulators that watch now are told directly: of
    `tf.custom_gradient` in a graph, accumulators make a derivative of 0.
    """

    @tf.custom_gradient
    def with_gradient(*inputs: tf.Tensor) -> Any:
        return value_of(*inputs), backward

    with _tensorflow.stop_recording():
        value = with_gradient(*inputs)
    _tensorflow.record_operation(name, [value], inputs, backward)
    return value
