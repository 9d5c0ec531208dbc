"""The device to measure, from `--device`."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Callable, ContextManager

# TensorFlow's default: the CPU, because the command line hides the other devices.
DEFAULT = ""
_NAME = re.compile(r"^/?(?:device:)?([A-Za-z_]+):(\d+)$")


def canonical(name: str) -> str:
    """A device's name as TensorFlow lists it.

    Raises:
        ValueError: `name` isn't the name of a device.

    Examples:
        >>> canonical("/GPU:0"), canonical("cpu:1")
        ('/device:GPU:0', '/device:CPU:1')
    """
    match = _NAME.match(name)
    if match is None:
        raise ValueError(f"expected a device such as /GPU:0, got {name!r}")
    return f"/device:{match.group(1).upper()}:{match.group(2)}"


def is_cpu(device: str) -> bool:
    """Whether the device is a CPU."""
    return device == DEFAULT or canonical(device).startswith("/device:CPU:")


def check(device: str) -> None:
    """Checks that TensorFlow has the device.

    Raises:
        ValueError: it doesn't, or `device` isn't the name of a device.
    """
    import tensorflow as tf

    if device == DEFAULT:
        return
    names = [logical.name for logical in tf.config.list_logical_devices()]
    if canonical(device) not in names:
        raise ValueError(f"TensorFlow doesn't list {device}, only {', '.join(names)}")


def describe(device: str) -> str:
    """The device's name, with the GPU model if TensorFlow reports it."""
    import tensorflow as tf

    kind, number = canonical(device).split(":")[1:]
    physical = tf.config.list_physical_devices(kind)[int(number) :]
    # A CPU can be split into several devices, so there may be more logical than physical ones.
    details = tf.config.experimental.get_device_details(physical[0]) if physical else {}
    card = details.get("device_name")
    return f"{device}, {card}" if card else device


def scope(device: str) -> ContextManager[Any]:
    """A context in which TensorFlow creates tensors on the device."""
    import tensorflow as tf

    return tf.device(device) if device != DEFAULT else contextlib.nullcontext()


def on(device: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on the device, waiting until the device is done.

    A call on a GPU returns before the result is computed. Without a device, this returns the
    function itself.
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
