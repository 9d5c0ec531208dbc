"""Programs that differentiate a loss, in every way and more than once."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import tensorflow as tf
import tf1

LOGITS, LABELS = tf1.logits_of([4, 3]), tf1.soft_labels_of([4, 3])
WEIGHTS = np.array([1, 0, 2, 0.5], np.float32)
TANGENT = tf1.logits_of([4, 3], seed=7)
INPUTS = (LOGITS, LABELS, WEIGHTS)

Loss = Callable[..., Any]


def functions(of: tf1.Functions) -> dict[str, Loss]:
    """The three functions, of logits, labels and weights."""
    return {
        "softmax_cross_entropy": lambda x, y, w: of.softmax_cross_entropy(y, x, w, 0.1),
        "softmax_cross_entropy_with_logits_v2": lambda x, y, w: (
            of.softmax_cross_entropy_with_logits_v2(y, x)
        ),
        # Of losses that have a second derivative.
        "compute_weighted_loss": lambda x, y, w: of.compute_weighted_loss(
            tf.reduce_sum(y * x * x * x, -1), w, reduction="weighted_mean"
        ),
    }


def first(loss: Loss, x: Any, y: Any, w: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x, y, w)
    return tape.gradient(value, x)


def tape_over_tape(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.GradientTape() as outer:
        outer.watch([x, w])
        gradient = first(loss, x, y, w)
        total = tf.reduce_sum(gradient * gradient)
    return [gradient, *outer.gradient(total, [x, w], unconnected_gradients="zero")]


def gradient_penalty(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    """What the loss sends and what its gradient sends arrive as one sum."""
    with tf.GradientTape() as outer:
        outer.watch([x, w])
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x, y, w)
        gradient = tape.gradient(value, x)
        total = tf.reduce_sum(value) + tf.reduce_sum(gradient * gradient)
    return [value, total, *outer.gradient(total, [x, w], unconnected_gradients="zero")]


def persistent_tapes(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.GradientTape(persistent=True) as outer, tf.GradientTape(persistent=True) as tape:
        outer.watch(x)
        tape.watch(x)
        value = loss(x, y, w)
        one = tape.gradient(value, x)
        three = tape.gradient(value, x, output_gradients=3 * tf.ones_like(value))
        of_one = outer.gradient(one, x, output_gradients=tf.constant(TANGENT))
    return [value, one, three, of_one, outer.gradient(value, x), outer.gradient(three, x)]


def third_order(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.GradientTape() as outer:
        outer.watch(x)
        second = tape_over_tape(loss, x, y, w)[1]
    return [second, outer.gradient(second, x)]


def tangent_in_a_tape(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        with tf.autodiff.ForwardAccumulator(x, tf.constant(TANGENT)) as forward:
            value = loss(x, y, w)
        tangent = forward.jvp(value)
    return [tangent, tape.gradient(tangent, x), tape.gradient(value, x)]


def tangent_and_value_in_a_tape(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.GradientTape() as tape:
        tape.watch(x)
        with tf.autodiff.ForwardAccumulator(x, tf.constant(TANGENT)) as forward:
            value = loss(x, y, w)
        total = tf.reduce_sum(value) + tf.reduce_sum(forward.jvp(value) ** 2)
    return [total, tape.gradient(total, x), first(loss, x, y, w)]


def tape_in_a_tangent(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    """Forward over reverse: a Hessian times a vector."""
    with tf.autodiff.ForwardAccumulator(x, tf.constant(TANGENT)) as forward:
        gradient = first(loss, x, y, w)
    return [gradient, forward.jvp(gradient)]


def tangent_in_a_tangent(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    one, other = tf.constant(TANGENT), tf.ones_like(x) * y
    with tf.autodiff.ForwardAccumulator(x, other) as outer, tf.autodiff.ForwardAccumulator(
        x, one
    ) as inner:
        value = loss(x, y, w)
    return [inner.jvp(value), outer.jvp(value), outer.jvp(inner.jvp(value)), first(loss, x, y, w)]


def gradients_along_both(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    """What `tangent_in_a_tangent` returns for a scalar loss. Tapes are much faster."""
    one, other = tf.constant(TANGENT), tf.ones_like(x) * y
    with tf.GradientTape() as tape:
        tape.watch(x)
        gradient = first(loss, x, y, w)
        inner = tf.reduce_sum(gradient * one)
    second = tape.gradient(inner, x)
    return [inner, *(tf.reduce_sum(each * other) for each in (gradient, second)), gradient]


def tangents_of_weights(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.autodiff.ForwardAccumulator([x, w], [tf.constant(TANGENT), w + 1]) as forward:
        gradient = first(loss, x, y, w)
        value = loss(x, y, w)
    return [forward.jvp(value), forward.jvp(gradient)]


def one_input_at_a_time(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    found = []
    for source in (x, y, w):
        with tf.GradientTape() as tape:
            tape.watch(source)
            value = loss(x, y, w)
        found.append(tape.gradient(value, source))
    return [each for each in found if each is not None]


def unconnected(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    other = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch([x, y, w, other])
        value = loss(x, y, w)
    return tape.gradient(value, [x, y, w, other], unconnected_gradients="zero")


def used_twice(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.GradientTape() as tape:
        tape.watch([x, w])
        value = loss(x, y, w)
        total = tf.reduce_sum(value * value) + 2 * tf.reduce_sum(value) + loss(2 * x, y, w)
    return tape.gradient(total, [x, w], unconnected_gradients="zero")


def gathered(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    """What comes to the value are slices."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.gather(tf.reshape(loss(x, y, w), [-1])[:1], [0, 0])
    return [tape.gradient(total, x)]


def recomputed(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    return [first(lambda x, *_: tf.recompute_grad(lambda x: loss(x, y, w))(x), x, y, w)]


def around(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    """A custom gradient around the loss."""

    @tf.custom_gradient
    def with_half_of_it(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x, y, w)
        return value, lambda grad: 0.5 * tape.gradient(value, x, output_gradients=grad)

    return [first(lambda x, *_: with_half_of_it(x), x, y, w)]


def stopped(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            value = loss(x, y, w)
        total = tf.reduce_sum(value) * tf.reduce_sum(x) + tf.reduce_sum(loss(x, y, w))
    return [tape.gradient(total, x)]


def looped(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    def loop(x: Any, y: Any, w: Any) -> Any:
        def step(i: Any, total: Any) -> Any:
            scaled = x * (tf.cast(i, tf.float32) + 1)
            return i + 1, total + tf.cond(
                i > 0, lambda: tf.reduce_sum(loss(scaled, y, w)), lambda: tf.reduce_sum(scaled)
            )

        return tf.while_loop(lambda i, _: i < 3, step, (0, 0.0))[1]

    return [first(loop, x, y, w)]


def function_in_a_tape(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    """The gradient is asked for outside of the traced function, and then again."""
    return tape_over_tape(tf.function(loss, autograph=False), x, y, w)


def function_in_a_tangent(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    return tape_in_a_tangent(tf.function(loss, autograph=False), x, y, w)


def jacobian(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.GradientTape() as tape:
        tape.watch(x)
        losses = tf.reshape(loss(x, y, w), [-1])
    return [tape.jacobian(losses, x)]


def hessian(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    with tf.GradientTape() as outer:
        outer.watch(x)
        gradient = first(loss, x, y, w)
    return [gradient, outer.batch_jacobian(gradient, x)]


PROGRAMS: dict[str, Callable[..., list[Any]]] = {
    program.__name__: program
    for program in (
        tape_over_tape,
        gradient_penalty,
        persistent_tapes,
        third_order,
        tangent_in_a_tape,
        tangent_and_value_in_a_tape,
        tape_in_a_tangent,
        tangent_in_a_tangent,
        gradients_along_both,
        tangents_of_weights,
        one_input_at_a_time,
        unconnected,
        used_twice,
        gathered,
        recomputed,
        around,
        stopped,
        looped,
        function_in_a_tape,
        function_in_a_tangent,
        jacobian,
        hessian,
    )
}


def along_the_tangent(loss: Loss, x: Any, y: Any, w: Any) -> tuple[Any, Any, Any]:
    """The gradient, and the derivatives along the tangent of a scalar loss and of its gradient."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        gradient = first(loss, x, y, w)
        inner = tf.reduce_sum(gradient * TANGENT)
    return gradient, inner, tape.gradient(inner, x)


def tangent_in_a_tape_by_tapes(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    gradient, inner, second = along_the_tangent(loss, x, y, w)
    return [inner, second, gradient]


def tangent_and_value_in_a_tape_by_tapes(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    gradient, inner, second = along_the_tangent(loss, x, y, w)
    return [loss(x, y, w) + inner * inner, gradient + 2 * inner * second, gradient]


def tape_in_a_tangent_by_tapes(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    gradient, _, second = along_the_tangent(loss, x, y, w)
    return [gradient, second]


# Programs -> those that return the same, of which tapes are much faster than tangents.
BY_TAPES: dict[str, Callable[..., list[Any]]] = {
    "tangent_in_a_tape": tangent_in_a_tape_by_tapes,
    "tangent_and_value_in_a_tape": tangent_and_value_in_a_tape_by_tapes,
    "tape_in_a_tangent": tape_in_a_tangent_by_tapes,
}


def graph_gradients_twice(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    value = loss(x, y, w)
    (gradient,) = tf.gradients(value, x)
    total = tf.reduce_sum(value) + tf.reduce_sum(gradient * gradient)
    return [gradient, *tf.gradients(total, [x, w], unconnected_gradients="zero")]


def graph_hessians(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    value = loss(x, y, w)
    return [*tf.gradients(value, x), *tf.hessians(value, x)]


def graph_loop(loss: Loss, x: Any, y: Any, w: Any) -> list[Any]:
    def step(i: Any, total: Any) -> Any:
        scaled = x * tf.cast(i, tf.float32)
        more = tf.cond(
            i > 0, lambda: tf.reduce_sum(loss(scaled, y, w)), lambda: tf.reduce_sum(scaled)
        )
        return i + 1, total + more

    total = tf.while_loop(lambda i, _: i < 3, step, (0, 0.0))[1]
    return tf.gradients(total, [x, w], unconnected_gradients="zero")


GRAPH_PROGRAMS: dict[str, Callable[..., list[Any]]] = {
    program.__name__: program
    for program in (
        graph_gradients_twice,
        graph_hessians,
        graph_loop,
    )
}
