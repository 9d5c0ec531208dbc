"""Observes the value and the gradient of a call.

Here, one function computes the gradients with respect to all inputs of a call, so the observer gets
them together with the upstream gradient. Second derivatives and the tangents of forward
accumulators aren't observed. They are computed as usual.
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
    """Returns `compute(*inputs)`, and shows its value and gradients to two observers.

    Args:
        compute: the computation. It may be called again, if a gradient is added to the graph
            later.
        inputs: its arguments.
        see_value: receives the value and returns it.
        see_gradients: receives the upstream gradient, the indices of the inputs whose gradients are
            computed, and these gradients (None for an input without one). Returns the gradients.
    """
    sources = [index for index, each in enumerate(inputs) if _has_gradient(each)]
    watched = [each for each in sources if _tensorflow.should_record_backprop([inputs[each]])]
    tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
    # Record only if another tape is watching. Otherwise `compute` runs as usual.
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
        # The gradient may be in another graph, such as a branch, a loop or a function.
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
    value: tf.Tensor, sources: list[tf.Tensor], backward: Callable[[Any], Gradients]
) -> tf.Tensor:
    """The value, with a gradient that depends only on the sources."""

    @tf.custom_gradient
    def passed(value: tf.Tensor, *_: tf.Tensor) -> Any:
        return tf.identity(value), lambda upstream: [None, *backward(upstream)]

    return passed(value, *sources)
