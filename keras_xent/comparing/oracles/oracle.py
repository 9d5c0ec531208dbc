"""One call of one of TensorFlow's functions, and how exact its results can be expected to be."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Type, TypeVar

import tensorflow as tf

from keras_xent.comparing.difference import Pieces
from keras_xent.reduction import V1_NAMES, Reduction

# By the names of the functions in keras_xent.v1. Each oracle's file adds its own.
ORACLES: Dict[str, Type[Oracle]] = {}

_Class = TypeVar("_Class", bound="Type[Oracle]")


def oracle_of(function: str) -> Callable[[_Class], _Class]:
    """Makes a class the oracle of the function of this name in `keras_xent.v1`."""

    def add(oracle: _Class) -> _Class:
        oracle.ours = f"keras_xent.v1.{function}"
        ORACLES[function] = oracle
        return oracle

    return add


class Oracle(abc.ABC):
    """One call of one function: a dataclass of its arguments that are no tensors.

    Attributes:
        ours: the function's name in keras_xent.
        theirs: its name in TensorFlow.
        inputs: the names of its tensors.
    """

    ours: str
    theirs: str
    inputs: Tuple[str, ...]

    @property
    def arguments(self) -> Dict[str, Any]:
        """The arguments that are no tensors, for messages: reductions by TF1's names."""
        return {
            name: V1_NAMES[value] if isinstance(value, Reduction) else value
            for name, value in dataclasses.asdict(self).items()  # type: ignore[call-overload]
        }

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
        return gradients_of(self.value, upstream, inputs)

    def known_differences(self, *inputs: tf.Tensor) -> Pieces:
        """Where the two differ on purpose, or by TensorFlow's rounding: for messages."""
        return []


def gradients_of(
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
