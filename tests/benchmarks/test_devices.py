"""Devices that are there, that are not, and a second one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Callable

import pytest
import tensorflow as tf

from benchmarks import devices


@pytest.mark.parametrize("device", [devices.DEFAULT, "/CPU:0", "cpu:0", "/device:CPU:0"])
def test_a_cpu_is_there(device: str) -> None:
    devices.check(device)
    assert devices.is_cpu(device)


@pytest.mark.parametrize("device", ["/GPU:9", "TPU:0", "/CPU:9"])
def test_what_is_not_there_is_an_error_that_lists_what_is(device: str) -> None:
    with pytest.raises(ValueError, match=f"doesn't list {device}, only /device:CPU:0"):
        devices.check(device)


@pytest.mark.parametrize("device", ["GPU", "/GPU:", "the card", "/GPU:0:1", "/job:a/GPU:0"])
def test_what_is_no_name_is_an_error(device: str) -> None:
    with pytest.raises(ValueError, match="expected a device such as /GPU:0"):
        devices.check(device)


def test_other_devices_are_no_cpus() -> None:
    assert not devices.is_cpu("/GPU:0")
    assert not devices.is_cpu("TPU:0")


def test_a_card_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [SimpleNamespace(name="/physical_device:GPU:0"), SimpleNamespace(name="other")]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: cards)
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda one: {"device_name": one.name}
    )
    assert devices.describe("/GPU:1") == "/GPU:1, other"
    assert devices.describe("/GPU:2") == "/GPU:2"
    monkeypatch.undo()
    assert devices.describe("/CPU:0") == "/CPU:0"


def test_a_call_returns_when_the_device_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    synchronize = tf.test.experimental.sync_devices
    monkeypatch.setattr(
        tf.test.experimental, "sync_devices", lambda: events.append("done") or synchronize()
    )

    def function(x: int) -> int:
        events.append("called")
        return x + 1

    assert devices.on("/CPU:0", function)(1) == 2
    assert events == ["called", "done"]
    # Where nobody has named one, nothing comes between the clock and the call.
    assert devices.on(devices.DEFAULT, function) is function


SECOND = """
import tensorflow as tf

cpu, = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

from benchmarks import contenders, devices
from benchmarks.setups import Setup

setup = Setup((4, 3), device="/CPU:1")
devices.check(setup.device)
assert devices.describe(setup.device) == "/CPU:1"
for module in ("ours", "ours_xla", "v1", "empty"):
    contender = contenders.load(module)
    inputs = contender.inputs(setup)
    step = contender.training(setup)
    for function in (step, contender.traced(step)):
        found = tf.nest.flatten(devices.on(setup.device, function)(*inputs))
        for tensor in (*inputs, *found):
            assert tensor.device.endswith("CPU:1"), (module, tensor.device)
print("ok")
"""


def test_inputs_and_calls_are_on_the_device(run_python: Callable[[str], str]) -> None:
    assert run_python(SECOND) == "ok\n"
