"""A call of one of TensorFlow's functions, and the expected precision of its results."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, Callable, Sequence, Type, TypeVar

import tensorflow as tf

from keras_xent.comparing.difference import Pieces
from keras_xent.reduction import V1_NAMES, Reduction

# The keys are the names of the functions in keras_xent.v1. Each oracle registers its class here.
ORACLES: dict[str, type[Oracle]] = {}

_Class = TypeVar("_Class", bound="Type[Oracle]")


def oracle_of(function: str) -> Callable[[_Class], _Class]:
    """Registers a class as the oracle of a function in `keras_xent.v1`."""

    def add(oracle: _Class) -> _Class:
        oracle.ours = f"keras_xent.v1.{function}"
        ORACLES[function] = oracle
        return oracle

    return add


class Oracle(abc.ABC):
    """A call of a function. Subclasses are dataclasses of its arguments that aren't tensors.

    Attributes:
        ours: the function's name in keras_xent.
        theirs: its name in TensorFlow.
        inputs: the names of its tensor arguments.
    """

    ours: str
    theirs: str
    inputs: tuple[str, ...]

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that aren't tensors, for messages. Reductions have TF1's names."""
        return {
            name: V1_NAMES[value] if isinstance(value, Reduction) else value
            for name, value in dataclasses.asdict(self).items()  # type: ignore[call-overload]
        }

    @abc.abstractmethod
    def value(self, *inputs: tf.Tensor) -> tf.Tensor:
        """Calls TensorFlow's function."""

    @abc.abstractmethod
    def value_tolerance(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The allowed difference from TensorFlow's value, in its shape."""

    @abc.abstractmethod
    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> list[Any]:
        """The allowed differences from TensorFlow's gradients, in the inputs' shapes.

        None if an input has no gradient.
        """

    def gradients(
        self, upstream: tf.Tensor, inputs: Sequence[tf.Tensor]
    ) -> list[tf.Tensor | None]:
        """TensorFlow's gradients with respect to the inputs, or None for inputs without one."""
        return gradients_of(self.value, upstream, inputs)

    def known_differences(self, *inputs: tf.Tensor) -> Pieces:
        """Known differences, for messages: intended ones, and those from TensorFlow's rounding."""
        return []


def gradients_of(
    function: Callable[..., Any], upstream: Any, inputs: Sequence[tf.Tensor]
) -> list[tf.Tensor | None]:
    """TensorFlow's gradients with respect to the function's inputs."""
    floating = [tensor for tensor in inputs if tensor.dtype.is_floating]
    if tf.executing_eagerly():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(floating)
            value = function(*inputs)
        each = tape.gradient(value, floating, output_gradients=upstream)
    else:
        # Tapes can't record here while the tangent of a traced function is traced.
        each = tf.gradients(function(*inputs), floating, upstream)
    found = iter(each)
    return [next(found) if tensor.dtype.is_floating else None for tensor in inputs]
