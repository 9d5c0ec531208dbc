"""Turns calls with KerasTensors into layers of a functional model, in Keras 2."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable, Iterable, TypeVar

import numpy as np
import tensorflow as tf

from keras_xent import _keras

_Callable = TypeVar("_Callable", bound=Callable[..., Any])


def takes_keras_tensors(function: _Callable) -> _Callable:
    """A function that becomes a layer if an argument is a KerasTensor of Keras 2.

    Keras 2 turns calls to TensorFlow's own functions into layers in the same way. Keras 3 doesn't,
    so the function raises an error.
    """
    if _keras.IS_KERAS_3:
        return function
    signature = inspect.signature(function)

    @functools.wraps(function)
    def with_layer(*args: Any, **kwargs: Any) -> Any:
        if not is_symbolic((*args, *kwargs.values())):
            return function(*args, **kwargs)
        return as_layer(with_layer, signature.bind(*args, **kwargs).arguments)

    return with_layer  # type: ignore[return-value]


def is_symbolic(arguments: Iterable[Any]) -> bool:
    """Whether a call with these arguments has to become a layer."""
    return not _keras.IS_KERAS_3 and any(map(_keras.is_placeholder, arguments))


def as_layer(callee: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """The output of a layer that calls `callee(**arguments)`, a KerasTensor."""
    inputs = {name: value for name, value in arguments.items() if _keras.is_placeholder(value)}
    constants = {name: value for name, value in arguments.items() if name not in inputs}
    return CrossEntropyCall(callee, list(inputs), constants)(list(inputs.values()))


@_keras.register_serializable
class CrossEntropyCall(tf.keras.layers.Layer):
    """A call to a function of `keras_xent.v1`, or of a loss, in a functional model.

    Args:
        callee: the function or the loss.
        inputs: the names of the arguments that are the layer's inputs, in order.
        constants: the other arguments.
        kwargs: the arguments of Keras's layers.
    """

    def __init__(
        self,
        callee: Callable[..., Any],
        inputs: list[str],
        constants: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        # The callee casts its arguments itself.
        super().__init__(autocast=False, **kwargs)
        self.supports_masking = True
        self._callee = callee
        self._inputs = list(inputs)
        self._constants = constants

    def call(self, inputs: Any) -> tf.Tensor:
        """Calls the callee."""
        named = dict(zip(self._inputs, tf.nest.flatten(inputs)))
        return self._callee(**named, **self._constants)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Returns None, because a loss has no mask."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, in a form that JSON supports."""
        return {
            **super().get_config(),
            "callee": _named(self._callee),
            "inputs": self._inputs,
            "constants": {name: _as_json(name, value) for name, value in self._constants.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> CrossEntropyCall:
        """Creates the layer from the result of `get_config`."""
        config = dict(config)
        callee = _of_name(config.pop("callee"))
        constants = {name: _from_json(value) for name, value in config.pop("constants").items()}
        return cls(callee, config.pop("inputs"), constants, **config)


def _named(callee: Any) -> dict[str, Any]:
    """A function's registered name, or a loss's registered name and arguments."""
    if inspect.isfunction(callee):
        return {"function": tf.keras.utils.get_registered_name(callee)}
    name = tf.keras.utils.get_registered_name(type(callee))
    return {"loss": name, "arguments": callee.get_config()}


def _of_name(description: dict[str, Any]) -> Any:
    name = description.get("function") or description["loss"]
    found = tf.keras.utils.get_registered_object(name)
    if found is None:
        raise ValueError(
            f"{name} is unknown, expected a loss class that is registered or in custom_objects: "
            "decorate the class with tf.keras.utils.register_keras_serializable()"
        )
    return found if "function" in description else found.from_config(description["arguments"])


def _as_json(name: str, value: Any) -> Any:
    if isinstance(value, tf.Variable):
        raise ValueError(
            f"{name} is the variable {value.name}, expected a constant or an input of the model: "
            "Keras can't save a model that passes a variable to a loss"
        )
    if tf.is_tensor(value) or isinstance(value, (np.ndarray, np.generic, list, tuple)):
        array = np.asarray(value)
        return {"dtype": tf.as_dtype(array.dtype).name, "value": array.tolist()}
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        return np.array(value["value"], tf.as_dtype(value["dtype"]).as_numpy_dtype)
    return value
