"""What `keras_xent.v1` calls."""

from __future__ import annotations

from typing import Any, Callable, Sequence, Type

import tensorflow as tf

from keras_xent._verification import switch
from keras_xent._verification.oracles import Oracle
from keras_xent._verification.verification import verified


def computed(
    compute: Callable[..., tf.Tensor],
    inputs: Sequence[Any],
    oracle: Type[Oracle],
    **arguments: Any,
) -> tf.Tensor:
    """`compute(*inputs)`, and where the user asks for it, compared with TensorFlow's function.

    Args:
        compute: what to call.
        inputs: its arguments, tensors or what becomes one: TensorFlow's too.
        oracle: TensorFlow's function.
        arguments: of the call, the ones that are no tensors.
    """
    if not switch.wanted():
        return compute(*inputs)
    return verified(compute, inputs, oracle(**arguments))
