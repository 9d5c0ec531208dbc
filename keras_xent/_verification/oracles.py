"""TensorFlow's own functions, and how exact their results can be expected to be."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Type

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent._verification import exactness
from keras_xent.ops import broadcasting
from keras_xent.reduction import V1_NAMES, Reduction


class Oracle(abc.ABC):
    """One call of one function.

    Attributes:
        ours: the function's name in keras_xent.
        theirs: its name in TensorFlow.
        inputs: the names of its tensors.
    """

    ours: str
    theirs: str
    inputs: Tuple[str, ...]

    @property
    @abc.abstractmethod
    def arguments(self) -> Dict[str, Any]:
        """The arguments that are no tensors, for messages."""

    @abc.abstractmethod
    def value(self, *inputs: tf.Tensor) -> tf.Tensor:
        """Calls TensorFlow's function."""

    @abc.abstractmethod
    def value_tolerance(self, *inputs: tf.Tensor) -> tf.Tensor:
        """How far from it a right result may be: of the value's shape."""

    @abc.abstractmethod
    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> List[Any]:
        """How far a right gradient may be from TensorFlow's: tensors of the inputs' shapes.

        None where there is no gradient.
        """

    def gradients(
        self, upstream: tf.Tensor, inputs: Sequence[tf.Tensor]
    ) -> List[Optional[tf.Tensor]]:
        """What TensorFlow sends to the inputs, None where it sends nothing."""
        return _gradients(self.value, upstream, inputs)


def _gradients(
    function: Callable[..., Any], upstream: Any, inputs: Sequence[tf.Tensor]
) -> List[Optional[tf.Tensor]]:
    """What TensorFlow sends to the function's inputs."""
    floating = [tensor for tensor in inputs if tensor.dtype.is_floating]
    if tf.executing_eagerly():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(floating)
            value = function(*inputs)
        each = tape.gradient(value, floating, output_gradients=upstream)
    else:
        # A tangent of a traced function is traced where no tape may record.
        each = tf.gradients(function(*inputs), floating, upstream)
    found = iter(each)
    return [next(found) if tensor.dtype.is_floating else None for tensor in inputs]


@dataclasses.dataclass(frozen=True)
class SoftmaxCrossEntropy(Oracle):
    """`tf.compat.v1.losses.softmax_cross_entropy`."""

    label_smoothing: float
    reduction: Reduction

    ours = "keras_xent.v1.softmax_cross_entropy"
    theirs = "tf.compat.v1.losses.softmax_cross_entropy"
    inputs = ("onehot_labels", "logits", "weights")

    @property
    def arguments(self) -> Dict[str, Any]:
        return {"label_smoothing": self.label_smoothing, "reduction": V1_NAMES[self.reduction]}

    def value(self, *inputs: tf.Tensor) -> tf.Tensor:
        labels, logits, weights = inputs
        # Computed in a backward pass too, when other losses may have come after this one.
        with _tensorflow.last_loss_reduction_kept():
            return tf.compat.v1.losses.softmax_cross_entropy(
                labels,
                logits,
                weights,
                label_smoothing=self.label_smoothing,
                loss_collection=None,
                reduction=V1_NAMES[self.reduction],
            )

    def value_tolerance(self, *inputs: tf.Tensor) -> tf.Tensor:
        elements, weighted = self._elements(*inputs)
        logits = inputs[1]
        return elements.epsilon * weighted.of_value(elements.losses) + exactness.tiny(logits)

    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> List[Any]:
        elements, weighted = self._elements(*inputs)
        upstream = tf.cast(tf.abs(upstream), elements.losses.dtype)
        to_losses = upstream * weighted.of_losses_gradient()
        return [
            None,
            elements.epsilon * to_losses[..., None] * elements.logits_gradient
            + exactness.tiny(inputs[1]),
            elements.epsilon * weighted.of_weights_gradient(upstream, elements.losses)
            + exactness.tiny(inputs[1]),
        ]

    def _elements(
        self, labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor
    ) -> Tuple[exactness.Elements, exactness.Weighting]:
        elements = exactness.Elements.of(labels, logits, -1, self.label_smoothing, weighted=True)
        return elements, exactness.Weighting(elements.losses, weights, self.reduction)


@dataclasses.dataclass(frozen=True)
class SoftmaxCrossEntropyWithLogits(Oracle):
    """`tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2`."""

    axis: int

    ours = "keras_xent.v1.softmax_cross_entropy_with_logits_v2"
    theirs = "tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2"
    inputs = ("labels", "logits")

    @property
    def arguments(self) -> Dict[str, Any]:
        return {"axis": self.axis}

    def value(self, *inputs: tf.Tensor) -> tf.Tensor:
        labels, logits = self._of_one_shape(*inputs)
        axis = self.axis
        if axis < -1 and logits.shape.rank is not None:
            # TensorFlow knows no negative one but -1.
            axis += logits.shape.rank
        return tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2(labels, logits, axis=axis)

    def value_tolerance(self, *inputs: tf.Tensor) -> tf.Tensor:
        elements = self._elements(*inputs)
        return elements.epsilon * elements.losses + exactness.tiny(inputs[1])

    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> List[Any]:
        elements = self._elements(*inputs)
        upstream = tf.expand_dims(tf.cast(tf.abs(upstream), elements.losses.dtype), self.axis)
        magnitudes = elements.labels_gradient, elements.logits_gradient
        # Summed over what is broadcast, as the gradients are.
        real = [tf.cast(each, upstream.dtype) for each in inputs]
        summed = _gradients(self._of_one_shape, [upstream * each for each in magnitudes], real)
        return [elements.epsilon * each + exactness.tiny(inputs[1]) for each in summed]

    def _of_one_shape(
        self, labels: tf.Tensor, logits: tf.Tensor
    ) -> Tuple[tf.Tensor, tf.Tensor]:
        # Of what its own kernel broadcasts TensorFlow computes no gradient.
        labels = tf.cast(labels, logits.dtype)
        logits, labels = broadcasting.to_one_shape(logits, labels, self.axis)
        return labels, logits

    def _elements(self, labels: tf.Tensor, logits: tf.Tensor) -> exactness.Elements:
        labels, logits = self._of_one_shape(labels, logits)
        return exactness.Elements.of(labels, logits, self.axis, 0.0, weighted=False)


@dataclasses.dataclass(frozen=True)
class WeightedLoss(Oracle):
    """`tf.compat.v1.losses.compute_weighted_loss`."""

    reduction: Reduction

    ours = "keras_xent.v1.compute_weighted_loss"
    theirs = "tf.compat.v1.losses.compute_weighted_loss"
    inputs = ("losses", "weights")

    @property
    def arguments(self) -> Dict[str, Any]:
        return {"reduction": V1_NAMES[self.reduction]}

    def value(self, *inputs: tf.Tensor) -> tf.Tensor:
        losses, weights = inputs
        with _tensorflow.last_loss_reduction_kept():
            return tf.compat.v1.losses.compute_weighted_loss(
                losses, weights, loss_collection=None, reduction=V1_NAMES[self.reduction]
            )

    def value_tolerance(self, *inputs: tf.Tensor) -> tf.Tensor:
        magnitudes, weighted = self._magnitudes(*inputs)
        losses = inputs[0]
        # An integer result is cut off: a hair below 3 it is 2.
        floor = exactness.tiny(losses) if losses.dtype.is_floating else 1.0
        return exactness.epsilon(losses, 1, weighted=True) * weighted.of_value(magnitudes) + floor

    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> List[Any]:
        magnitudes, weighted = self._magnitudes(*inputs)
        losses = inputs[0]
        upstream = tf.cast(tf.abs(upstream), magnitudes.dtype)
        epsilon = exactness.epsilon(losses, 1, weighted=True)
        to_losses = upstream * weighted.of_losses_gradient()
        to_weights = weighted.of_weights_gradient(upstream, magnitudes)
        return [
            epsilon * to_losses + exactness.tiny(losses),
            epsilon * to_weights + exactness.tiny(losses),
        ]

    def _magnitudes(
        self, losses: tf.Tensor, weights: tf.Tensor
    ) -> Tuple[tf.Tensor, exactness.Weighting]:
        magnitudes = tf.abs(tf.cast(losses, tf.float64))
        return magnitudes, exactness.Weighting(magnitudes, weights, self.reduction)


# By the names of the functions in keras_xent.v1.
ORACLES: Dict[str, Type[Oracle]] = {
    each.ours.split(".")[-1]: each
    for each in (SoftmaxCrossEntropy, SoftmaxCrossEntropyWithLogits, WeightedLoss)
}
