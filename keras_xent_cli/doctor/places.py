"""Where the self-test runs: one device of each kind, without XLA and with it."""

from __future__ import annotations

from typing import Iterable, NamedTuple

import tensorflow as tf

import keras_xent
from keras_xent_cli.doctor.checks import Finding, Status, describe

# TensorFlow lists these too, but nobody computes a loss on them.
_OTHER_KINDS = ("XLA_CPU", "XLA_GPU", "TPU_SYSTEM", "COMPOSITE")


class Place(NamedTuple):
    """Where the self-test runs.

    Attributes:
        device: the device, `"GPU:0"`.
        path: what computes the loss there.
        compiled: whether XLA compiles the functions.
    """

    device: str
    path: str
    compiled: bool = False

    @property
    def title(self) -> str:
        """The device, with "XLA" if it compiles the functions."""
        return f"{self.device}, XLA" if self.compiled else self.device

    @property
    def kind(self) -> str:
        """The kind of device, `"GPU"`."""
        return self.device.split(":")[0]


def find_places() -> tuple[list[Place], list[Finding]]:
    """One device of each kind that TensorFlow lists, without XLA and with it.

    Returns:
        The places where the self-test can run, and why it can't run in others.
    """
    findings: list[Finding] = []
    try:
        names = [device.name for device in tf.config.list_logical_devices()]
    except Exception as error:
        unlisted = Finding(
            "devices",
            f"TensorFlow can't list them, so only the CPU was tested: {describe(error)}",
            Status.PROBLEM,
            "`python -c 'import tensorflow as tf; print(tf.config.list_logical_devices())'` must "
            "run without an error: check the drivers of your devices and TensorFlow's requirements "
            "for them.",
        )
        return [Place("CPU:0", path("CPU:0")), Place("CPU:0", "XLA", compiled=True)], [unlisted]
    devices = one_of_each_kind(names)
    if keras_xent.backend().requested == "native":
        on_cpu = [Place(device, path(device)) for device in devices if device.startswith("CPU")]
        native_alone = Finding(
            "other devices, XLA",
            "not tested: the native backend was requested, and it runs only on CPUs, without XLA",
            Status.NOTE,
            "Unset KERAS_XENT_BACKEND if you use other devices or jit_compile=True.",
        )
        return on_cpu, [native_alone]
    if len(devices) == 1:
        findings.append(Finding("other devices", "not tested: TensorFlow lists none"))
    places = []
    for device in devices:
        places.append(Place(device, path(device)))
        problem = xla_problem(device)
        if not problem:
            places.append(Place(device, "XLA", compiled=True))
            continue
        findings.append(
            Finding(
                f"self-test, {device}, XLA",
                f"not tested: TensorFlow can't compile for this device. {problem}",
                Status.NOTE,
                f"Nothing is wrong with keras_xent. Don't use jit_compile=True on {device}; in "
                "Keras, use compile(jit_compile=False).",
            )
        )
    return places, findings


def one_of_each_kind(names: Iterable[str]) -> list[str]:
    """The first device of each kind: `["CPU:0", "GPU:0"]` for `/device:CPU:0` and so on."""
    found: dict[str, str] = {}
    for name in names:
        device = name.split("/device:")[-1]
        kind = device.split(":")[0]
        if kind not in _OTHER_KINDS:
            found.setdefault(kind, device)
    return list(found.values())


def path(device: str) -> str:
    """What computes the loss on a device, without XLA."""
    is_native = device.startswith("CPU") and keras_xent.backend().name == "native"
    return "native kernels" if is_native else "TensorFlow's own ops"


def xla_problem(device: str) -> str:
    """Why XLA can't compile for a device, or an empty string."""
    try:
        with tf.device(f"/{device}"):
            tf.function(lambda x: x + 1.0, jit_compile=True)(tf.constant(1.0))
    except Exception as error:
        return describe(error)
    return ""
