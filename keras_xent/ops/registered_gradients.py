"""The gradients of the native ops, registered with TensorFlow.

The functions of this package attach their own gradients. The gradients here are for graphs and
tapes that contain a native op directly.
"""

from __future__ import annotations

from typing import Any, List, Optional

import tensorflow as tf

from keras_xent.ops import gradients, portable, weighting
from keras_xent.ops.evaluation import gradients_of
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction

Gradients = List[Optional[tf.Tensor]]


def spec_of(op: LossOp, node: Any) -> Spec:
    """The spec of a native op.

    Raises:
        ValueError: its label smoothing is known only when the graph runs.
    """
    smoothing = tf.get_static_value(node.inputs[3])
    if smoothing is None:
        raise ValueError(
            f"label_smoothing of {node.name} is not a constant, so the op has no gradient, and "
            "tf.vectorized_map can't convert it: pass a number"
        )
    axis = int(node.get_attr("axis")) if op.has_class_axis else None
    reduced = node.type in (f"KerasXent>{op.name}", f"KerasXent>{op.name}WithBackprop")
    reduction = Reduction(node.get_attr("reduction").decode()) if reduced else Reduction.NONE
    return Spec(axis, float(smoothing), reduction)


def register(op: LossOp) -> None:
    """Registers the gradients of an op's native ops."""

    def of_loss(node: Any, grad: tf.Tensor) -> Gradients:
        return _first_order(op, node, grad)

    def of_both(node: Any, grad: tf.Tensor, backprop_grad: tf.Tensor) -> Gradients:
        # The second output is d value / d logits, which can be differentiated too.
        spec = spec_of(op, node)
        logits, labels, weights = list(node.inputs)[:3]
        value = _first_order(op, node, grad)
        one = tf.ones([], node.outputs[0].dtype)
        _, *backprop = gradients.second_derivatives(
            op, spec, backprop_grad, one, logits, labels, weights
        )
        return [_sum(a, b) for a, b in zip(value, [*backprop, None])]

    def of_grad(node: Any, v: tf.Tensor) -> Gradients:
        logits, labels, coefficients = list(node.inputs)[:3]
        to_logits, to_labels, to_coefficients = gradients.backprop_gradients(
            op, spec_of(op, node), v, logits, labels, coefficients
        )
        return [to_logits, to_labels, weighting.sum_like(to_coefficients, coefficients), None]

    for prefix in ("", "Unreduced"):
        tf.RegisterGradient(f"KerasXent>{prefix}{op.name}")(of_loss)
        tf.RegisterGradient(f"KerasXent>{prefix}{op.name}WithBackprop")(of_both)
    tf.RegisterGradient(f"KerasXent>{op.name}Grad")(of_grad)


def _first_order(op: LossOp, node: Any, grad: tf.Tensor) -> Gradients:
    spec = spec_of(op, node)
    return [*gradients_of(op, spec, grad, list(node.inputs)[:3], [True] * 3, None), None]


def _sum(one: tf.Tensor | None, other: tf.Tensor | None) -> tf.Tensor | None:
    return None if one is None or other is None else one + other


def scaling_spec_of(node: Any) -> Spec:
    """The spec of a node that multiplies a backprop by the upstream gradient.

    If the gradient has a number for each element of the backprop, the node's axis isn't used.
    """
    backprop, grad = node.inputs
    rank = grad.shape.rank
    each_element = rank != 0 and rank == backprop.shape.rank
    return Spec(None if each_element else int(node.get_attr("axis")), 0.0, Reduction.NONE)


def _scale_backprop(node: Any, v: tf.Tensor) -> Gradients:
    backprop, grad = node.inputs
    spec = scaling_spec_of(node)
    to_backprop = portable.scale_backprop(spec, v, grad)
    product = v * backprop
    if grad.shape.rank == 0:
        return [to_backprop, tf.reduce_sum(product)]
    return [to_backprop, product if spec.axis is None else tf.reduce_sum(product, spec.axis)]


try:
    tf.RegisterGradient("KerasXent>ScaleBackprop")(_scale_backprop)
except KeyError:
    raise ImportError(
        "keras_xent has already been loaded in this process and can't be loaded again, because "
        "TensorFlow keeps the gradients that keras_xent registered: start a new process (in a "
        "notebook, restart the kernel)"
    ) from None
