"""Where the self-test runs."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf
import tf1

import keras_xent
from keras_xent.ops.native import Native
from keras_xent.ops.portable import Portable
from keras_xent_cli.doctor import places
from keras_xent_cli.doctor.checks import Status
from keras_xent_cli.doctor.places import Place


class Device:
    """As TensorFlow lists them."""

    def __init__(self, name: str) -> None:
        self.name = f"/device:{name}"


def listed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    devices = [Device(name) for name in names]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda: devices)


def test_one_device_of_each_kind() -> None:
    names = ["CPU:0", "CPU:1", "XLA_CPU:0", "XLA_GPU:0", "GPU:0", "GPU:1", "TPU_SYSTEM:0", "TPU:0"]
    full = [f"/job:worker/replica:0/task:0/device:{name}" for name in [*names, "METEOR:3"]]
    assert places.one_of_each_kind(full) == ["CPU:0", "GPU:0", "TPU:0", "METEOR:3"]


def test_a_machine_with_a_cpu_alone() -> None:
    found, findings = places.find_places()
    assert [place.title for place in found] == ["CPU:0", "CPU:0, XLA"]
    (others,) = findings
    assert others.status is Status.OK
    assert others.found == "not tested: TensorFlow lists none"


def test_devices_of_which_xla_compiles_for_some(monkeypatch: pytest.MonkeyPatch) -> None:
    listed(monkeypatch, "CPU:0", "GPU:0", "GPU:1", "METEOR:0")
    problems = {"CPU:0": "", "GPU:0": "", "METEOR:0": "NotFoundError: no compiler"}
    monkeypatch.setattr(places, "xla_problem", problems.__getitem__)
    keras_xent.set_backend("portable")
    found, (finding,) = places.find_places()
    own_ops = "TensorFlow's own ops"
    assert found == [
        Place("CPU:0", own_ops),
        Place("CPU:0", "XLA", compiled=True),
        Place("GPU:0", own_ops),
        Place("GPU:0", "XLA", compiled=True),
        Place("METEOR:0", own_ops),
    ]
    assert finding.subject == "self-test, METEOR:0, XLA"
    assert finding.status is Status.NOTE
    assert finding.found.endswith("NotFoundError: no compiler")
    assert "METEOR:0" in finding.advice


def test_whether_xla_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.xla_problem("CPU:0") == ""

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(tf, "function", fail)
    assert places.xla_problem("CPU:0") == "RuntimeError: no compiler"


def test_devices_that_can_not_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("the driver is gone")

    monkeypatch.setattr(tf.config, "list_logical_devices", fail)
    found, (finding,) = places.find_places()
    assert [place.title for place in found] == ["CPU:0", "CPU:0, XLA"]
    assert finding.status is Status.PROBLEM
    assert "RuntimeError: the driver is gone" in finding.found


@pytest.mark.skipif(not tf1.has_native(), reason="needs the native library")
def test_the_native_backend_runs_on_the_cpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    listed(monkeypatch, "CPU:0", "GPU:0")
    keras_xent.set_backend("native")
    found, (finding,) = places.find_places()
    assert found == [Place("CPU:0", "native kernels")]
    assert finding.status is Status.NOTE
    assert finding.found.startswith("not tested: the native backend was requested")


def test_the_path_is_what_runs(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    for name, steps in (("native kernels", Native), ("TensorFlow's own ops", Portable)):
        monkeypatch.setattr(steps, "loss", recording(ran, name, steps.loss))
    keras_xent.v1.softmax_cross_entropy([[1.0, 0.0]], [[0.5, 0.0]])
    assert ran == [places.path("CPU:0")]


def recording(ran: list[str], name: str, loss: Any) -> Any:
    def recorded(*arguments: Any) -> Any:
        ran.append(name)
        return loss(*arguments)

    return recorded


def test_a_second_device_runs_the_self_test() -> None:
    printed = tf1.run_python(
        """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu[0], [tf.config.LogicalDeviceConfiguration()] * 2)
from keras_xent_cli.doctor import places, selftest
for place in (places.Place("CPU:1", places.path("CPU:1")), places.Place("CPU:1", "XLA", True)):
    for case in selftest.all_cases()[:2]:
        outcome = selftest.run_case(case, place)
        print(place.title, outcome.mode, outcome.status, outcome.error)
"""
    )
    assert printed.splitlines() == [
        "CPU:1 eager Status.OK ",
        "CPU:1 function Status.OK ",
        "CPU:1, XLA XLA Status.OK ",
        "CPU:1, XLA XLA Status.OK ",
    ]
