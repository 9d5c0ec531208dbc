"""The device that is measured, where somebody has named one by `--device`."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Callable, ContextManager

# Wherever TensorFlow puts what nobody places: the CPU, as the command line hides the others.
DEFAULT = ""
_NAME = re.compile(r"^/?(?:device:)?([A-Za-z_]+):(\d+)$")


def canonical(name: str) -> str:
    """A device's name as TensorFlow lists it.

    Raises:
        ValueError: `name` is no name of a device.

    Example:
        >>> canonical("/GPU:0"), canonical("cpu:1")
        ('/device:GPU:0', '/device:CPU:1')
    """
    match = _NAME.match(name)
    if match is None:
        raise ValueError(f"expected a device such as /GPU:0, got {name!r}")
    return f"/device:{match.group(1).upper()}:{match.group(2)}"


def is_cpu(device: str) -> bool:
    """Whether it is a CPU."""
    return device == DEFAULT or canonical(device).startswith("/device:CPU:")


def check(device: str) -> None:
    """Finds out whether TensorFlow has the device.

    Raises:
        ValueError: it has not; or `device` is no name of a device.
    """
    import tensorflow as tf

    if device == DEFAULT:
        return
    names = [logical.name for logical in tf.config.list_logical_devices()]
    if canonical(device) not in names:
        raise ValueError(f"TensorFlow has no device {device}, only {', '.join(names)}")


def describe(device: str) -> str:
    """Its name, and the card's where TensorFlow knows it."""
    import tensorflow as tf

    kind, number = canonical(device).split(":")[1:]
    physical = tf.config.list_physical_devices(kind)[int(number) :]
    # A CPU can be cut into several devices: there may be more of them than cards.
    details = tf.config.experimental.get_device_details(physical[0]) if physical else {}
    card = details.get("device_name")
    return f"{device}, {card}" if card else device


def scope(device: str) -> ContextManager[Any]:
    """Puts what is made inside on the device."""
    import tensorflow as tf

    return tf.device(device) if device != DEFAULT else contextlib.nullcontext()


def on(device: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on the device, which returns when the device is done.

    A call on a GPU returns before it has computed. Where no device is named, the function is
    returned as it is.
    """
    if device == DEFAULT:
        return function
    import tensorflow as tf

    def call(*arguments: Any) -> Any:
        with tf.device(device):
            result = function(*arguments)
        tf.test.experimental.sync_devices()
        return result

    return call
