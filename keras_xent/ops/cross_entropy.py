"""Softmax cross entropy with weights and a reduction: one op, one explicit gradient."""

from __future__ import annotations

import operator
from typing import Any, List, Optional, Sequence, Tuple, Union

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops import conversion, dispatch, explicit, gradients, weighting
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction

_NAME = "KerasXentSoftmaxCrossEntropy"
_DTYPES = (tf.float16, tf.bfloat16, tf.float32, tf.float64)


@tf.autograph.experimental.do_not_convert
def softmax_cross_entropy(
    logits: Any,
    labels: Any,
    weights: Any = 1.0,
    *,
    label_smoothing: float = 0.0,
    axis: int = -1,
    reduction: Union[Reduction, str] = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> tf.Tensor:
    r"""Softmax cross entropy of logits and labels, weighted and reduced.

    With smoothed labels :math:`y'_c = (1 - s)\, y_c + s / C`, the loss of one element is

    .. math:: \ell = \sum_c y'_c \left(\log \sum_k e^{x_k} - x_c\right),

    where a class with :math:`y'_c = 0` adds nothing, even if its logit is
    :math:`-\infty` (TensorFlow's op, which serves other devices than CPUs, makes NaN of that).
    `reduction` tells what becomes of the losses and their weights.

    The gradient with respect to the logits is TensorFlow's, weight :math:`\cdot\,
    (\mathrm{softmax}(x) - y')`, which is the loss's where labels sum to one. Gradients
    with respect to labels and weights are exact. All can be differentiated again.

    Args:
        logits: unscaled log-probabilities; float16, bfloat16, float32 or float64; rank 1
            or more.
        labels: the same shape; cast to the logits' dtype. Each slice along `axis` is
            usually a probability distribution.
        weights: a scalar, or a tensor with the losses' rank in which every dimension is 1
            or the losses'. Cast to float32, or to float64 beside float64 logits.
        label_smoothing: a number in [0, 1].
        axis: the class axis.
        reduction: a `keras_xent.Reduction`, or a name of one.

    Returns:
        A tensor of the logits' dtype: a scalar, or for `Reduction.NONE` the weighted
        losses in the logits' shape without `axis`.

    Raises:
        TypeError: the logits are no floating point tensor.
        ValueError: shapes that don't fit, an axis or a smoothing out of range.
        tf.errors.InvalidArgumentError: the same of shapes known only when a graph runs.

    Example:

    >>> from keras_xent.ops import softmax_cross_entropy
    >>> value = softmax_cross_entropy(
    ...     logits=[[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]],
    ...     labels=[[0, 1, 0], [0, 0, 1]],
    ...     weights=[0.3, 0.7],
    ...     label_smoothing=0.2,
    ... )
    >>> print(f"{float(value):.5f}")
    0.57618
    """
    logits = conversion.to_tensor(logits, "logits")
    if logits.dtype not in _DTYPES:
        raise TypeError(
            f"logits have dtype {logits.dtype.name}, expected one of "
            f"{[dtype.name for dtype in _DTYPES]}: cast them"
        )
    labels = _converted(labels, "labels", logits.dtype)
    weights = _converted(weights, "weights", spec_lib.real_dtype(logits.dtype))
    known = _known_shape(logits, labels)
    spec = Spec(
        _checked_axis(axis, known), checked_smoothing(label_smoothing), Reduction(reduction)
    )
    weights_shape = weights.shape
    if weights_shape.rank != 0:
        weighting.check_weights(weights_shape, spec_lib.static_losses_shape(known, spec.axis))
    if tf.executing_eagerly():
        return _eager(spec, logits, labels, weights)
    return _in_graph(spec, logits, labels, weights)


def _converted(value: Any, name: str, dtype: tf.DType) -> tf.Tensor:
    if isinstance(value, tf.Tensor) and value.dtype is dtype:
        return value
    # tf.cast alone would return a variable of that dtype as it is, and take Python's numbers
    # through float32.
    return tf.cast(conversion.to_tensor(value, name, dtype), dtype)


def checked_smoothing(label_smoothing: Any) -> float:
    """The smoothing as a float.

    Raises:
        TypeError: it is no number.
        ValueError: it is not in [0, 1].
    """
    smoothing = conversion.to_float(label_smoothing, "label_smoothing")
    if not 0 <= smoothing <= 1:
        raise ValueError(f"label_smoothing is {smoothing}, expected a number in [0, 1]")
    return smoothing


def _known_shape(logits: tf.Tensor, labels: tf.Tensor) -> tf.TensorShape:
    shape, labels_shape = logits.shape, labels.shape
    if tf.executing_eagerly() and shape == labels_shape:
        return shape
    if not shape.is_compatible_with(labels_shape):
        raise ValueError(
            f"logits and labels must have the same shape: the logits have shape {shape}, "
            f"the labels {labels_shape}. Labels are one-hot or soft (tf.one_hot makes them so)."
        )
    return shape.merge_with(labels_shape)


def _checked_axis(axis: Any, shape: tf.TensorShape) -> int:
    axis = operator.index(axis)
    rank = shape.rank
    if rank == 0:
        raise ValueError("logits are a scalar, expected rank 1 or more: a class axis")
    if rank is not None and not -rank <= axis < rank:
        raise ValueError(
            f"axis is {axis}, expected one in [{-rank}, {rank}) for logits of shape {shape}"
        )
    return axis


def _eager(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    inputs = [logits, labels, weights]
    watched = [_tensorflow.should_record_backprop([tensor]) for tensor in inputs]
    kept = None
    if watched[0]:
        value, kept = dispatch.run("loss_with_kept", spec, *inputs)
    else:
        value = dispatch.run("loss", spec, *inputs)

    # Forward accumulators ask at once, and any input may have a tangent; tapes ask later.
    wanted = [True] * 3

    def backward(grad: tf.Tensor) -> List[Optional[tf.Tensor]]:
        return gradients_of(spec, grad, inputs, wanted, kept)

    # What is kept is no output here: a tape would make zeros of its size for the
    # gradient that never arrives for it.
    _tensorflow.record_operation(_NAME, [value], inputs, backward)
    wanted = watched
    return value


def _in_graph(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    # Watched by a tape now: the gradient will be wanted, so keep it. A gradient that is
    # wanted only later (tf.gradients, a tape outside this function) is computed then.
    keep = _tensorflow.should_record_backprop([logits])
    # The gradient of a tf.cond inside a tf.while_loop finds only tensors of the graph here.
    inputs = [tf.identity(tensor) for tensor in (logits, labels, weights)]

    def forward(*inputs: tf.Tensor) -> Tuple[tf.Tensor, List[tf.Tensor]]:
        if not keep:
            return dispatch.run("loss", spec, *inputs), []
        return _with_kept(spec, inputs)

    return _shaped(spec, explicit.in_graph(GRADIENT, spec, forward, inputs), logits, labels)


def with_backprop_in_graph(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor]:
    """The value, and its derivative with respect to the logits; both have gradients.

    Not for float16 logits, whose derivative may be too small for it.
    """
    inputs = [tf.identity(tensor) for tensor in (logits, labels, weights)]
    local_logits, local_labels, local_weights = inputs
    with _tensorflow.stop_recording():
        value, kept = _with_kept(spec, inputs)
    value = explicit.in_graph(GRADIENT, spec, lambda *_: (value, kept), inputs)
    # The sum's, for losses that aren't reduced.
    summed = spec._replace(reduction=Reduction.SUM) if spec.reduction is Reduction.NONE else spec
    one = tf.ones([], logits.dtype)
    backprop = gradients.logits_gradient(
        summed, one, local_logits, local_labels, local_weights, kept[0]
    )
    return _shaped(spec, value, logits, labels), backprop


def _with_kept(
    spec: Spec, inputs: Sequence[tf.Tensor]
) -> Tuple[tf.Tensor, List[tf.Tensor]]:
    value, kept = dispatch.run("loss_with_kept", spec, *inputs)
    if kept is None:
        return value, []
    kept.set_shape(inputs[0].shape)
    return value, [kept]


def _shaped(
    spec: Spec, value: tf.Tensor, logits: tf.Tensor, labels: tf.Tensor
) -> tf.Tensor:
    if spec.reduction is Reduction.NONE:
        known = logits.shape.merge_with(labels.shape)
        value.set_shape(spec_lib.static_losses_shape(known, spec.axis))
    else:
        value.set_shape([])
    return value


def gradients_of(
    spec: Spec,
    grad: tf.Tensor,
    inputs: List[tf.Tensor],
    wanted: List[bool],
    kept: Optional[tf.Tensor],
) -> List[Optional[tf.Tensor]]:
    """The gradients to logits, labels and weights, None where not wanted."""
    if not tf.executing_eagerly():
        # A traced function's gradient is a graph of its own, where these are tensors of the
        # function's graph. A second derivative reaches only tensors of the gradient's.
        inputs = [tf.identity(tensor) for tensor in inputs]
    logits, labels, weights = inputs
    to_logits = to_labels = to_weights = None
    if wanted[0]:
        to_logits = gradients.logits_gradient(spec, grad, logits, labels, weights, kept)
    if wanted[1]:
        to_labels = gradients.labels_gradient(spec, grad, logits, weights)
    if wanted[2]:
        one = tf.ones([], weights.dtype)
        losses = softmax_cross_entropy(
            logits,
            labels,
            one,
            label_smoothing=spec.label_smoothing,
            axis=spec.axis,
            reduction=Reduction.NONE,
        )
        to_weights = gradients.weights_gradient(spec, grad, logits, losses, weights)
    return [to_logits, to_labels, to_weights]


def _gradients_in_graph(
    spec: Spec,
    grad: tf.Tensor,
    inputs: List[tf.Tensor],
    kept: List[tf.Tensor],
    wanted: List[bool],
) -> Sequence[Optional[tf.Tensor]]:
    return gradients_of(spec, grad, inputs, wanted, kept[0] if kept else None)


GRADIENT = explicit.registered(_NAME, 3, _gradients_in_graph)
