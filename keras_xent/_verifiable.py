"""The calls that can be verified, and who verifies them.

`keras_xent.v1` says here what it computes and knows of no comparison. `keras_xent._verification`
registers itself.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Sequence

import tensorflow as tf

Compute = Callable[..., tf.Tensor]

# Takes what `computed` takes, the arguments as a dictionary.
Verifier = Callable[[Compute, Sequence[Any], str, Dict[str, Any]], tf.Tensor]

_verifier: Optional[Verifier] = None


def register(verifier: Verifier) -> None:
    """Makes all calls pass through `verifier`."""
    global _verifier
    _verifier = verifier


def computed(
    compute: Compute, inputs: Sequence[Any], function: str, **arguments: Any
) -> tf.Tensor:
    """`compute(*inputs)`, as the call of a function of `keras_xent.v1`.

    Args:
        compute: what to call.
        inputs: its arguments: tensors, or what becomes one.
        function: the name of the function in `keras_xent.v1`.
        arguments: of the function, the ones that are no tensors, by the function's names for them.
    """
    if _verifier is None:
        return compute(*inputs)
    return _verifier(compute, inputs, function, arguments)
