"""Softmax cross entropy between logits and class ids."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent._autograph import do_not_convert
from keras_xent.ops import (
    arguments,
    class_axis,
    conversion,
    evaluation,
    ignoring,
    operands,
    registry,
)
from keras_xent.ops import softmax_derivatives as derivatives
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.log_sum_exp import LogSumExp, Softmax, sum_over_classes
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.replicas import Normalization
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction

_ID_DTYPES = (tf.int32, tf.int64)


class SparseSoftmaxCrossEntropy(LossOp):
    """Softmax cross entropy for the labels one_hot(ids), which are never stored.

    With p = softmax(logits), the class k and the smoothing s, a loss is

        -(1 - s) * log p_k - s / C * sum(log p),

    and its derivatives with respect to the logits are p - (1 - s) * one_hot(k) - s / C.
    """

    name = "SparseSoftmaxCrossEntropy"
    labels_rule = (
        "labels are class ids and must have the logits' shape without the class axis: the "
        "expected and actual shapes are"
    )
    labels_have_gradient = False

    def known_losses_shape(
        self, spec: Spec, logits_shape: tf.TensorShape, labels_shape: tf.TensorShape
    ) -> tf.TensorShape:
        return spec_lib.static_losses_shape(logits_shape, spec.axis).merge_with(labels_shape)

    def labels_shape(self, spec: Spec, logits: tf.Tensor) -> tf.Tensor:
        return spec_lib.losses_shape(logits, spec.axis)

    def known_labels_shape(self, spec: Spec, logits_shape: tf.TensorShape) -> tf.TensorShape:
        return spec_lib.static_losses_shape(logits_shape, spec.axis)

    def real_labels(self, labels: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        return labels

    def losses_and_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        logits = class_axis.moved_last(logits, spec.axis)
        matrix = class_axis.as_matrix(logits)
        ids = tf.reshape(labels, [-1])
        losses, backprop = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(
            features=matrix, labels=ids
        )
        if spec.label_smoothing:
            losses, backprop = _smoothed(spec.label_smoothing, matrix, ids, losses, backprop)
        return class_axis.from_matrix(losses, backprop, logits)

    def losses_under_xla(self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        return _losses(spec, logits, labels, LogSumExp.of(logits, spec.class_axis))

    def losses_and_backprop_under_xla(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        axis, s = spec.class_axis, spec.label_smoothing
        softmax = Softmax.of(logits, axis)
        losses = _losses(spec, logits, labels, softmax.log_sum_exp)
        nan = tf.constant(float("nan"), logits.dtype)
        is_class = tf.expand_dims(_is_class(spec, logits, labels), axis)
        backprop = softmax.exp * tf.where(is_class, softmax.inverse, nan)
        backprop -= tf.where(_is_labelled(spec, logits, labels), _number(1 - s, logits), 0)
        if s:
            backprop -= s / _classes(spec, logits)
        return losses, backprop

    def labels_gradient(self, spec: Spec, coefficients: tf.Tensor, logits: tf.Tensor) -> None:
        return None

    def backprop_gradients(
        self,
        spec: Spec,
        v: tf.Tensor,
        logits: tf.Tensor,
        labels: tf.Tensor,
        coefficients: tf.Tensor,
    ) -> tuple[tf.Tensor, None, tf.Tensor]:
        axis, s = spec.class_axis, spec.label_smoothing
        if spec.ignore_class is not None:
            kept = ignoring.is_kept(labels, spec.ignore_class)
            coefficients = ignoring.numbers_of_kept(coefficients, kept)
            logits = ignoring.logits_of_kept(logits, kept, axis)
            labels = ignoring.ids_of_kept(labels, kept)
        # NaN, like the first derivatives on devices that don't raise an error.
        is_class = _is_class(spec, logits, labels)
        coefficients = _or_nan(coefficients, is_class)
        p, to_logits = derivatives.product_with_jacobian(v, logits, coefficients, axis)
        # The sum of v * b, computed in parts to avoid a tensor of the one-hot labels.
        labelled = _gathered(class_axis.moved_last(v, axis), labels)
        to_coefficients = tf.reduce_sum(v * p, axis) - (1 - s) * labelled
        if s:
            to_coefficients -= s * tf.reduce_mean(v, axis)
        to_coefficients = _or_nan(to_coefficients, is_class)
        if spec.ignore_class is not None:
            to_coefficients = ignoring.numbers_of_kept(to_coefficients, kept)
        return to_logits, None, to_coefficients


def _smoothed(
    s: float, logits: tf.Tensor, ids: tf.Tensor, losses: tf.Tensor, backprop: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The losses of a matrix of logits and their derivatives, with label smoothing s.

    The loss is the one without smoothing, plus s * mean(x_k - x).
    """
    # The losses must be computed first, because their op raises the error for ids out of range.
    with tf.control_dependencies([losses]):
        ids = tf.identity(ids)
    labelled = _gathered(logits, ids)
    losses -= s * tf.reduce_mean(logits - labelled[:, None], 1)
    # The uniform part of the labels has the derivatives p - 1 / C.
    classes = tf.cast(tf.shape(logits)[1], logits.dtype)
    return losses, (1 - s) * backprop + s * (tf.nn.softmax(logits) - 1 / classes)


def _losses(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, log_sum_exp: LogSumExp
) -> tf.Tensor:
    axis, s = spec.class_axis, spec.label_smoothing
    largest, log_total = (tf.squeeze(each, axis) for each in log_sum_exp)
    labelled = _labelled(spec, logits, labels)
    losses = log_total - (labelled - largest)
    if s:
        below = sum_over_classes(lambda x: x - log_sum_exp.largest, [logits], axis)
        mean = tf.squeeze(below, axis) / _classes(spec, logits)
        losses = (1 - s) * losses + s * (log_total - mean)
    return _or_nan(losses, _is_class(spec, logits, labels))


def _labelled(spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """The logits of the labels' classes."""
    axis = spec.class_axis
    if axis == -1 or axis + 1 == logits.shape.rank:
        return _gathered(logits, labels)
    # A sum of one logit and zeros, because a transpose would take longer.
    is_labelled = _is_labelled(spec, logits, labels)
    terms = sum_over_classes(
        lambda x, is_labelled: tf.where(is_labelled, x, 0), [logits, is_labelled], axis
    )
    return tf.squeeze(terms, axis)


def _gathered(x: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """The elements of x at the ids, along its last axis."""
    rows = tf.gather(class_axis.as_matrix(x), tf.reshape(ids, [-1, 1]), batch_dims=1)
    return tf.reshape(rows, tf.shape(ids))


def _is_labelled(spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Which logits belong to the labels' classes. XLA doesn't store this tensor."""
    ids = tf.range(tf.cast(tf.shape(logits)[spec.class_axis], labels.dtype), dtype=labels.dtype)
    return tf.equal(tf.expand_dims(labels, spec.class_axis), _along(spec, logits, ids))


def _along(spec: Spec, logits: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """The ids as a tensor along the class axis."""
    axis, rank = spec.class_axis, logits.shape.rank
    if rank is None:
        rank = tf.rank(logits)
        behind = -axis - 1 if axis < 0 else rank - axis - 1
        return tf.reshape(ids, tf.concat([[-1], tf.ones([behind], tf.int32)], 0))
    return tf.reshape(ids, [-1] + [1] * (-axis - 1 if axis < 0 else rank - axis - 1))


def _or_nan(numbers: tf.Tensor, is_class: tf.Tensor) -> tf.Tensor:
    """A scalar or a number for each example, with NaN for ids out of range."""
    return tf.where(is_class, numbers, _number(float("nan"), numbers))


def _is_class(spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    classes = tf.cast(tf.shape(logits)[spec.class_axis], labels.dtype)
    return (labels >= 0) & (labels < classes)


def _classes(spec: Spec, logits: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.shape(logits)[spec.class_axis], logits.dtype)


def _number(value: float, like: tf.Tensor) -> tf.Tensor:
    return tf.constant(value, like.dtype)


OP = registry.registered(SparseSoftmaxCrossEntropy())


@do_not_convert
def sparse_softmax_cross_entropy(
    logits: Any,
    labels: Any,
    weights: Any = 1.0,
    *,
    label_smoothing: float = 0.0,
    axis: int = -1,
    reduction: Reduction | str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    ignore_class: int | None = None,
    normalization: Normalization = "replica",
) -> tf.Tensor:
    """`keras_xent.sparse_softmax_cross_entropy` with positional arguments. The logits come first.

    >>> from keras_xent.ops import sparse_softmax_cross_entropy
    >>> value = sparse_softmax_cross_entropy([[0.05, 0.95, 0.0]], [1], label_smoothing=0.2)
    >>> print(f"{float(value):.5f}")
    0.70740
    """
    logits = arguments.logits_of(logits)
    labels = conversion.to_tensor(labels, "labels")
    if labels.dtype not in _ID_DTYPES:
        raise TypeError(
            f"labels have dtype {labels.dtype.name}, expected class ids of dtype int32 or int64: "
            "cast them, or use softmax_cross_entropy if they aren't class ids"
        )
    weights = arguments.weights_of(weights, logits)
    spec = Spec(
        arguments.class_axis_of(axis, logits.shape),
        arguments.smoothing_of(label_smoothing),
        Reduction(reduction),
        ignoring.class_among(arguments.ignored_class_of(ignore_class), labels.dtype),
    )
    wanted = OP.known_labels_shape(spec, logits.shape)
    if not wanted.is_compatible_with(labels.shape):
        raise ValueError(
            "labels are class ids and must have the logits' shape without the class axis: the "
            f"labels have shape {labels.shape}, the logits have shape {logits.shape}, and the "
            f"class axis is {spec.axis}"
        )
    arguments.check_weights(weights, spec, logits.shape)
    if spec.ignore_class is not None:
        # Check the shapes first, because broadcasting could turn a wrong shape into a right one.
        weights = operands.checked_weights(spec, logits, weights)
        kept = ignoring.is_kept(labels, spec.ignore_class)
        weights = ignoring.numbers_of_kept(weights, kept)
    return evaluation.normalized(OP, spec, logits, labels, weights, normalization)
