"""Shared by TensorFlow's contenders: their tensors, and a loss with its gradient as one step."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Mapping, Tuple

import tensorflow as tf

from benchmarks import devices
from benchmarks.contenders import NoSuchLoss
from benchmarks.setups import SOFTMAX, Setup

# Of logits, labels and weights.
Step = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Any]
Tensors = Tuple[tf.Tensor, tf.Tensor, tf.Tensor]

# Every setup has its own functions on purpose. Without this, TensorFlow warns about retracing.
tf.get_logger().setLevel("ERROR")


@dataclasses.dataclass(frozen=True)
class TensorFlowContender:
    """A loss in TensorFlow.

    Attributes:
        name: its name in the report.
        loss: returns the loss for a setup.
        jit_compile: whether XLA compiles it.
        keras_loss: returns the loss for `compile`, if it is a Keras loss.
    """

    name: str
    loss: Callable[[Setup], Step]
    jit_compile: bool = False
    keras_loss: Callable[[Setup], Any] | None = None

    def inputs(self, setup: Setup) -> Tensors:
        """See `tensors`."""
        return tensors(setup)

    def training(self, setup: Setup) -> Step:
        """Loss and gradient; runs eagerly."""
        loss = self.loss(setup)

        def step(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = loss(logits, labels, weights)
            return value, tape.gradient(value, logits)

        return step

    def evaluation(self, setup: Setup) -> Step:
        """Only the loss; runs eagerly."""
        return self.loss(setup)

    def traced(self, step: Step, signature: list[tf.TensorSpec] | None = None) -> Step:
        """A step in a `tf.function`, as in `fit` and training loops."""
        return tf.function(step, input_signature=signature, jit_compile=self.jit_compile or None)


def by_loss(losses: Mapping[str, Callable[[Setup], Step]]) -> Callable[[Setup], Step]:
    """Returns a function that returns the loss of a setup.

    Args:
        losses: functions that return each loss, by `Setup.loss`.
    """

    def loss(setup: Setup) -> Step:
        if setup.loss not in losses:
            raise NoSuchLoss(f"no {setup.loss} loss, only {', '.join(losses)}")
        return losses[setup.loss](setup)

    return loss


def calling_keras_loss(keras_loss: Callable[[Setup], Any]) -> Callable[[Setup], Step]:
    """Returns a function that returns the loss of a Keras loss object."""

    def loss(setup: Setup) -> Step:
        instance = keras_loss(setup)
        return lambda logits, labels, weights: instance(labels, logits, weights)

    return loss


def tensors(setup: Setup) -> Tensors:
    """Logits, labels and weights, on the setup's device."""
    with devices.scope(setup.device):
        return _tensors(setup)


def _tensors(setup: Setup) -> Tensors:
    logits = tf.constant(setup.logits())
    if setup.loss == SOFTMAX and not setup.soft_labels:
        # Not from NumPy's arrays: the largest setups leave no memory for two more copies.
        labels = tf.one_hot(
            setup.true_classes(), setup.num_classes, axis=setup.axis, dtype=setup.dtype
        )
    else:
        labels = tf.constant(setup.labels())
    weights = tf.constant(setup.weights())
    # TensorFlow frees NumPy's arrays when it runs the next op: now, not in a measured call.
    tf.identity(weights + 1)
    return logits, labels, weights
