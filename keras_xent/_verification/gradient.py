"""A call whose value and gradient an onlooker sees.

The gradient of a call is one function here, from what comes to the value to what goes to all
inputs: the onlooker gets both at once. Second derivatives and the tangents of forward
accumulators do not pass here: they take the ways that they take without an onlooker.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable, List, Optional, Sequence

import tensorflow as tf

from keras_xent import _tensorflow

Gradients = List[Optional[tf.Tensor]]
SeeValue = Callable[[tf.Tensor], tf.Tensor]
SeeGradients = Callable[[tf.Tensor, Sequence[int], Gradients], Gradients]


def observed(
    compute: Callable[..., tf.Tensor],
    inputs: Sequence[tf.Tensor],
    see_value: SeeValue,
    see_gradients: SeeGradients,
) -> tf.Tensor:
    """`compute(*inputs)`.

    Args:
        compute: what to call. It may be called again, where a graph's gradient is asked for
            after it was built.
        inputs: its arguments.
        see_value: gets the value and hands it on.
        see_gradients: gets what came to the value, the indices of inputs that gradients are
            asked for, and what goes to each of them, None where nothing does. Hands it on.
    """
    sources = [index for index, each in enumerate(inputs) if _has_gradient(each)]
    watched = [each for each in sources if _tensorflow.should_record_backprop([inputs[each]])]
    tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
    # Only where somebody else's tape watches: `compute` then does what it always does.
    with tape if watched else contextlib.nullcontext():
        tape.watch([inputs[index] for index in watched])
        computed = compute(*inputs)
    value = see_value(computed)
    if not sources or not _has_gradient(value):
        return value

    def of_a_tape(upstream: Any) -> Gradients:
        upstream = tf.convert_to_tensor(upstream)
        found = tape.gradient(computed, [inputs[index] for index in watched], upstream)
        seen = dict(zip(watched, see_gradients(upstream, watched, found)))
        return [seen.get(index) for index in sources]

    def of_a_graph(upstream: Any) -> Gradients:
        upstream = tf.convert_to_tensor(upstream)
        # It may be asked for in another graph: a branch's, a loop's, a function's gradient.
        again = [tf.identity(each) for each in inputs]
        found = tf.gradients(compute(*again), [again[index] for index in sources], upstream)
        return see_gradients(upstream, sources, found)

    with _tensorflow.stop_recording():
        if tf.executing_eagerly():
            result = tf.identity(value)
        else:
            result = _with_gradient(value, [inputs[index] for index in sources], of_a_graph)
    _tensorflow.record_gradient(
        "KerasXentVerification", [result], [inputs[index] for index in sources], of_a_tape
    )
    _tensorflow.record_tangent("KerasXentVerification", [result], [value], lambda grad: [grad])
    return result


def _has_gradient(tensor: tf.Tensor) -> bool:
    return bool(tensor.dtype.is_floating or tensor.dtype.is_complex)


def _with_gradient(
    value: tf.Tensor, sources: List[tf.Tensor], backward: Callable[[Any], Gradients]
) -> tf.Tensor:
    """The value, which to whoever walks the graph came from the sources alone."""

    @tf.custom_gradient
    def passed(value: tf.Tensor, *_: tf.Tensor) -> Any:
        return tf.identity(value), lambda upstream: [None, *backward(upstream)]

    return passed(value, *sources)
