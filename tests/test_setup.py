"""What pip installs: one library for every Python and TensorFlow, or none and still all of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Dict

import pytest

ROOT = Path(__file__).parent.parent
# What a wheel is made of; a copy, so that building leaves nothing in the checkout.
SOURCES = ["setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"]


@pytest.fixture(scope="module")
def source_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copy(ROOT / name, tree)
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    for package in ("keras_xent", "keras_xent_cli"):
        shutil.copytree(ROOT / package, tree / package, ignore=ignored)
    return tree


def build_wheel(tree: Path, into: Path, environment: Dict[str, str]) -> tuple[Path, str]:
    """Builds a wheel of a copy of the tree; returns it and what the build printed."""
    copy = into / "source"
    shutil.copytree(tree, copy)
    command = [sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation"]
    result = subprocess.run(
        [*command, "-w", str(into), str(copy)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    (wheel,) = into.glob("*.whl")
    return wheel, result.stdout


def run_from(wheel: Path, into: Path, program: str) -> str:
    """Runs a program with the wheel's package in front of the installed one."""
    package = into / "package"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(package)
    environment = {**os.environ, "PYTHONPATH": str(package), "CUDA_VISIBLE_DEVICES": "-1"}
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=str(into),
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


PROGRAM = """
import keras_xent
assert {package!r} in keras_xent.__file__, keras_xent.__file__
loss = keras_xent.CategoricalCrossentropy(
    from_logits=True, label_smoothing=0.2, reduction="sum_by_nonzero_weights")
value = loss([[0., 1, 0], [0, 0, 1]], [[.05, .95, 0], [.1, .8, .1]], sample_weight=[0., .7])
print(keras_xent.backend().name, f"{{float(value):.5f}}")
print(keras_xent.backend().reason)
"""


def test_without_a_compiler_the_portable_path_serves(source_tree: Path, tmp_path: Path) -> None:
    wheel, output = build_wheel(source_tree, tmp_path, {"CXX": "/nonexistent/c++"})
    assert wheel.name.endswith("-py3-none-any.whl")
    lines = [line for line in output.splitlines() if "TensorFlow's ops will be used" in line]
    assert lines and "there is no C++ compiler" in lines[0]
    first, reason = run_from(wheel, tmp_path, PROGRAM.format(package=str(tmp_path))).splitlines()
    assert first == "portable 0.94014"
    assert "C++17 compiler" in reason


def test_a_compiler_that_fails_does_not_stop_the_installation(
    source_tree: Path, tmp_path: Path
) -> None:
    wheel, output = build_wheel(source_tree, tmp_path, {"CXX": "false"})
    assert "false could not compile it" in output
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if name.endswith(".so")]
    assert run_from(wheel, tmp_path, PROGRAM.format(package=str(tmp_path))).startswith("portable")


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which(os.environ.get("CXX", "c++")) is None,
    reason="there is no C++ compiler",
)
def test_the_wheel_serves_every_python_and_holds_one_library(
    source_tree: Path, tmp_path: Path
) -> None:
    wheel, _ = build_wheel(source_tree, tmp_path, {})
    assert "-py3-none-linux_" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    libraries = [name for name in names if name.endswith(".so")]
    assert libraries == ["keras_xent/ops/libkeras_xent.so"]
    assert not [name for name in names if name.startswith("tests/") or name.endswith(".cc")]
    first = run_from(wheel, tmp_path, PROGRAM.format(package=str(tmp_path))).splitlines()[0]
    assert first == "native 0.94014"
