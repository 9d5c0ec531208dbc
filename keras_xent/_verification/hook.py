"""The hook that every call to `keras_xent.v1` passes through."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import tensorflow as tf

from keras_xent import _verifiable
from keras_xent._verification import switch
from keras_xent._verification.verification import verified
from keras_xent.comparing.oracles import ORACLES


def verify_where_wanted(
    compute: Callable[..., tf.Tensor],
    inputs: Sequence[Any],
    function: str,
    arguments: dict[str, Any],
) -> tf.Tensor:
    """Returns `compute(*inputs)`, compared with TensorFlow's function if verification is on.

    Args:
        compute: the computation.
        inputs: the arguments for it and for TensorFlow's function: tensors, or values that convert
            to tensors.
        function: the name of the function in `keras_xent.v1`.
        arguments: the function's arguments that aren't tensors.
    """
    if not switch.wanted():
        return compute(*inputs)
    return verified(compute, inputs, ORACLES[function](**arguments))


_verifiable.register(verify_where_wanted)
