"""Describes the machine and the software."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path

import keras_xent
from benchmarks import devices

_PACKAGES = ("tensorflow", "keras", "numpy", "torch", "jax", "optax")
_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def describe(command: str, device: str = devices.DEFAULT) -> dict[str, str]:
    """The entries of the report's first table."""
    backend = keras_xent.backend()
    return {
        "Command": f"`{command}`",
        "Date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        **({"Device": devices.describe(device)} if device else {}),
        "CPU": cpu_model(),
        "Processors": f"{os.cpu_count()}; threads that keras_xent uses: {backend.threads}",
        "Backend": f"{backend.name}, instruction set {backend.instruction_set}",
        "System": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Transparent huge pages": huge_pages(),
        "Python": platform.python_version(),
        "Packages": ", ".join(map(_version, ("keras_xent", *_PACKAGES))),
    }


def cpu_model() -> str:
    """The processor's name, if the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def huge_pages() -> str:
    """The mode that the operating system has selected."""
    try:
        return _HUGE_PAGES.read_text(encoding="utf-8").split("[")[1].split("]")[0]
    except (OSError, IndexError):
        return "unknown"


def _version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package} not installed"
