"""Connects the functions of `keras_xent.v1` with their verification.

`keras_xent.v1` passes its computations to this module and doesn't depend on the verification.
`keras_xent._verification` registers itself here.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Sequence

import tensorflow as tf

Compute = Callable[..., tf.Tensor]

# A function with the parameters of `computed`, except that the arguments are a dictionary.
Verifier = Callable[[Compute, Sequence[Any], str, Dict[str, Any]], tf.Tensor]

_verifier: Verifier | None = None


def register(verifier: Verifier) -> None:
    """Registers the function that all calls are passed to."""
    global _verifier
    _verifier = verifier


def computed(
    compute: Compute, inputs: Sequence[Any], function: str, **arguments: Any
) -> tf.Tensor:
    """Returns `compute(*inputs)`, a call to `keras_xent.v1`, verified if verification is on.

    Args:
        compute: the computation.
        inputs: its arguments: tensors, or values that convert to tensors.
        function: the name of the function in `keras_xent.v1`.
        arguments: the function's arguments that aren't tensors, by name.
    """
    if _verifier is None:
        return compute(*inputs)
    return _verifier(compute, inputs, function, arguments)
