"""Shared by TensorFlow's contenders: their tensors, and a loss with its gradient as one step."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

import tensorflow as tf

from benchmarks import devices
from benchmarks.setups import SOFTMAX, Setup

# Of labels, logits and weights, like the losses of TF1 and Keras.
Loss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Any]
# Of logits, labels and weights.
Step = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Any]

# Every setup has its own functions on purpose. Without this, TensorFlow warns about retracing.
tf.get_logger().setLevel("ERROR")


@dataclasses.dataclass(frozen=True)
class TensorFlowContender:
    """A loss in TensorFlow.

    Attributes:
        name: its name in the report.
        loss: returns the loss for a setup; a Keras loss, if it is a Keras contender.
        jit_compile: whether XLA compiles it.
    """

    name: str
    loss: Callable[[Setup], Loss]
    jit_compile: bool = False

    def inputs(self, setup: Setup) -> tuple[tf.Tensor, ...]:
        """Logits, labels and weights, on the setup's device."""
        with devices.scope(setup.device):
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

    def training(self, setup: Setup) -> Step:
        """Loss and gradient; runs eagerly."""
        loss = self.loss(setup)

        def step(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = loss(labels, logits, weights)
            return value, tape.gradient(value, logits)

        return step

    def evaluation(self, setup: Setup) -> Step:
        """Only the loss; runs eagerly."""
        loss = self.loss(setup)
        return lambda logits, labels, weights: loss(labels, logits, weights)

    def traced(self, step: Step, signature: list[tf.TensorSpec] | None = None) -> Step:
        """A step in a `tf.function`, as in `fit` and training loops."""
        return tf.function(step, input_signature=signature, jit_compile=self.jit_compile or None)
