"""What TensorFlow's contenders share: their tensors, and a loss with its gradient as one step."""

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

# Every setup has functions of its own, by intention: TensorFlow would warn of retracing.
tf.get_logger().setLevel("ERROR")


@dataclasses.dataclass(frozen=True)
class TensorFlowContender:
    """A loss in TensorFlow.

    Attributes:
        name: what the report calls it.
        loss: makes the loss for a setup.
        jit_compile: whether XLA compiles it.
        keras_loss: makes what `compile` takes, where the loss is one of Keras.
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
        """The loss alone; runs eagerly."""
        return self.loss(setup)

    def traced(self, step: Step, signature: list[tf.TensorSpec] | None = None) -> Step:
        """A step in a `tf.function`, as `fit` and training loops have it."""
        return tf.function(step, input_signature=signature, jit_compile=self.jit_compile or None)


def by_loss(losses: Mapping[str, Callable[[Setup], Step]]) -> Callable[[Setup], Step]:
    """Makes the loss that a setup asks for.

    Args:
        losses: what makes each, by `Setup.loss`.
    """

    def loss(setup: Setup) -> Step:
        if setup.loss not in losses:
            raise NoSuchLoss(f"there is no {setup.loss} here, only {', '.join(losses)}")
        return losses[setup.loss](setup)

    return loss


def calling_keras_loss(keras_loss: Callable[[Setup], Any]) -> Callable[[Setup], Step]:
    """Makes the loss that calls an instance of a Keras loss."""

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
        # Not from numpy's: the largest setups have no room for two more copies.
        labels = tf.one_hot(
            setup.true_classes(), setup.num_classes, axis=setup.axis, dtype=setup.dtype
        )
    else:
        labels = tf.constant(setup.labels())
    weights = tf.constant(setup.weights())
    # TensorFlow lets go of numpy's arrays when it runs the next op: now, not in a measured call.
    tf.identity(weights + 1)
    return logits, labels, weights
