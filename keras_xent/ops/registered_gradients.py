"""The gradients that TensorFlow finds under the native ops' names.

The functions of this package carry their gradient themselves. These serve a graph or a
tape that holds a native op directly.
"""

from __future__ import annotations

from typing import Any, List, Optional

import tensorflow as tf

from keras_xent.ops import dispatch, gradients, weighting
from keras_xent.ops.cross_entropy import gradients_of
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction

Gradients = List[Optional[tf.Tensor]]


def spec_of(op: Any, reduction: Reduction) -> Spec:
    """What a native op computes.

    Raises:
        ValueError: its label smoothing is known only when the graph runs.
    """
    smoothing = tf.get_static_value(op.inputs[3])
    if smoothing is None:
        raise ValueError(
            f"{op.name}: the input label_smoothing is not a constant, and only with a constant can "
            "the op be differentiated, or mapped by tf.vectorized_map"
        )
    return Spec(int(op.get_attr("axis")), float(smoothing), reduction)


def reduction_of(op: Any) -> Reduction:
    """The reduction of a native op that has one."""
    return Reduction(op.get_attr("reduction").decode())


def _first_order(
    spec: Spec, op: Any, grad: tf.Tensor, backprop: Optional[tf.Tensor] = None
) -> Gradients:
    found = gradients_of(spec, grad, list(op.inputs)[:3], [True] * 3, backprop)
    return [*found, None]


def _with_backprop(spec: Spec, op: Any, grad: tf.Tensor, backprop_grad: tf.Tensor) -> Gradients:
    """Both outputs have a gradient: the second is d value / d logits, and has its own."""
    logits, labels, weights = list(op.inputs)[:3]
    value = _first_order(spec, op, grad)
    one = tf.ones([], op.outputs[0].dtype)
    _, *backprop = gradients.second_derivatives(spec, backprop_grad, one, logits, labels, weights)
    return [a + b for a, b in zip(value, backprop)] + [None]


@tf.RegisterGradient("KerasXent>SoftmaxCrossEntropy")
def _loss(op: Any, grad: tf.Tensor) -> Gradients:
    return _first_order(spec_of(op, reduction_of(op)), op, grad)


@tf.RegisterGradient("KerasXent>UnreducedSoftmaxCrossEntropy")
def _unreduced(op: Any, grad: tf.Tensor) -> Gradients:
    return _first_order(spec_of(op, Reduction.NONE), op, grad)


@tf.RegisterGradient("KerasXent>SoftmaxCrossEntropyWithBackprop")
def _loss_with_backprop(op: Any, grad: tf.Tensor, backprop_grad: tf.Tensor) -> Gradients:
    return _with_backprop(spec_of(op, reduction_of(op)), op, grad, backprop_grad)


@tf.RegisterGradient("KerasXent>UnreducedSoftmaxCrossEntropyWithBackprop")
def _unreduced_with_backprop(op: Any, grad: tf.Tensor, backprop_grad: tf.Tensor) -> Gradients:
    return _with_backprop(spec_of(op, Reduction.NONE), op, grad, backprop_grad)


@tf.RegisterGradient("KerasXent>SoftmaxCrossEntropyGrad")
def _grad(op: Any, v: tf.Tensor) -> Gradients:
    logits, labels, coefficients = list(op.inputs)[:3]
    to_logits, to_labels, to_coefficients = gradients.backprop_gradients(
        spec_of(op, Reduction.NONE), v, logits, labels, coefficients
    )
    return [to_logits, to_labels, weighting.sum_like(to_coefficients, coefficients), None]


@tf.RegisterGradient("KerasXent>ScaleBackprop")
def _scale_backprop(op: Any, v: tf.Tensor) -> Gradients:
    backprop, grad = op.inputs
    axis = int(op.get_attr("axis"))
    spec = Spec(axis, 0.0, Reduction.NONE)
    to_backprop = dispatch.run("scale_backprop", spec, v, grad)
    product = v * backprop
    to_grad = tf.reduce_sum(product, axis if grad.shape.rank else None)
    return [to_backprop, to_grad]
