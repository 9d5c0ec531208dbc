"""What pip installs: one library for every Python and TensorFlow, or none and still all of it."""

from __future__ import annotations

import email
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from pathlib import Path
from typing import Iterator

import processes
import pytest

from keras_xent.ops import library

ROOT = Path(__file__).parent.parent
COMPILER = sys.platform.startswith("linux") and shutil.which(os.environ.get("CXX", "c++"))
needs_compiler = pytest.mark.skipif(not COMPILER, reason="there is no C++ compiler")


def run(command: list[str], folder: Path, **environment: str) -> str:
    """Runs Python; returns what it printed."""
    result = subprocess.run(
        [sys.executable, *command],
        cwd=str(folder),
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def source_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked source distribution, made of a copy, so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("source")
    ignored = [".git", ".venv", "build", "dist", "site", "*.egg-info", "*.so", "__pycache__"]
    shutil.copytree(ROOT, folder / "copy", ignore=shutil.ignore_patterns(*ignored))
    run(["setup.py", "-q", "sdist", "-d", str(folder)], folder / "copy")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(folder)
    return folder / archive.name[: -len(".tar.gz")]


BY_PIP = ["-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation", ".", "-w"]
# What pip runs, in a quarter of the time.
BY_SETUPTOOLS = ["setup.py", "-q", "bdist_wheel", "-d"]


class Wheel:
    """A wheel that was built of the source tree with a compiler, and what the build printed."""

    def __init__(
        self, tree: Path, folder: Path, compiler: str, command: list[str] = BY_SETUPTOOLS
    ) -> None:
        copy = folder / "source"
        shutil.copytree(tree, copy)
        self.output = run([*command, str(folder)], copy, CXX=compiler)
        (self.path,) = folder.glob("*.whl")
        self.folder = folder
        self.package = folder / "package"
        with zipfile.ZipFile(self.path) as archive:
            self.names = archive.namelist()
            archive.extractall(self.package)

    def metadata(self) -> Message:
        (path,) = self.package.glob("*.dist-info/METADATA")
        return email.message_from_string(path.read_text(encoding="utf-8"))

    def run(self, program: str) -> list[str]:
        """Runs a program with the wheel's package in front of the installed one."""
        program = f"import sys\nsys.path.insert(0, {str(self.package)!r})\n{program}"
        return processes.printed_by(["-c", program], cwd=self.folder).splitlines()


@pytest.fixture(scope="module")
def portable_wheel(source_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """Built where there is no compiler."""
    return Wheel(source_tree, tmp_path_factory.mktemp("portable"), "/nonexistent/c++", BY_PIP)


PROGRAM = """
import keras_xent
assert {package!r} in keras_xent.__file__, keras_xent.__file__
loss = keras_xent.CategoricalCrossentropy(
    from_logits=True, label_smoothing=0.2, reduction="sum_by_nonzero_weights")
value = loss([[0., 1, 0], [0, 0, 1]], [[.05, .95, 0], [.1, .8, .1]], sample_weight=[0., .7])
print(keras_xent.backend().name, f"{{float(value):.5f}}")
print(keras_xent.backend().reason)
"""


def test_without_a_compiler_the_portable_path_serves(portable_wheel: Wheel) -> None:
    assert portable_wheel.path.name.endswith("-py3-none-any.whl")
    lines = portable_wheel.output.splitlines()
    lines = [line for line in lines if "TensorFlow's ops will be used" in line]
    assert lines and "there is no C++ compiler" in lines[0]
    program = PROGRAM.format(package=str(portable_wheel.package))
    first, reason = portable_wheel.run(program)[-2:]
    assert first == "portable 0.94014"
    assert "C++17 compiler" in reason


def test_a_compiler_that_fails_does_not_stop_the_installation(
    source_tree: Path, tmp_path: Path
) -> None:
    wheel = Wheel(source_tree, tmp_path, "false")
    assert "false could not compile it" in wheel.output
    assert wheel.path.name.endswith("-py3-none-any.whl")
    assert not [name for name in wheel.names if name.endswith(".so")]


@needs_compiler
def test_this_installation_has_a_library() -> None:
    # Without it, most tests of the kernels would be left out, and nobody would notice.
    assert library.problem() is None


@pytest.fixture(scope="module")
def wheel(source_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wheel]:
    """Built by a compiler that answers with the library that this installation compiled."""
    if not library.PATH.exists():
        pytest.skip("there is no library")
    folder = tmp_path_factory.mktemp("wheel")
    compiler = folder / "compiler"
    compiler.write_text(
        f'#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\ncp "{library.PATH}" "$2"\n'
    )
    compiler.chmod(0o755)
    yield Wheel(source_tree, folder, str(compiler))


def test_the_wheel_serves_every_python_and_holds_one_library(wheel: Wheel) -> None:
    assert "-py3-none-linux_" in wheel.path.name
    libraries = [name for name in wheel.names if name.endswith(".so")]
    assert libraries == ["keras_xent/ops/libkeras_xent.so"]
    folders = {name.split("/")[0] for name in wheel.names}
    assert {name for name in folders if ".dist-info" not in name} == {
        "keras_xent",
        "keras_xent_cli",
    }
    assert {"keras_xent/py.typed", "keras_xent_cli/py.typed"} <= set(wheel.names)
    assert not [name for name in wheel.names if name.endswith((".cc", ".h"))]
    assert wheel.run(PROGRAM.format(package=str(wheel.package)))[-2] == "native 0.94014"


@pytest.mark.skipif(
    (platform.libc_ver()[0], platform.machine()) != ("glibc", "x86_64") or not COMPILER,
    reason="built for old C libraries on x86-64 with glibc only",
)
def test_the_library_asks_for_no_newer_c_library_than_tensorflow_does() -> None:
    elffile = pytest.importorskip("elftools.elf.elffile")
    with library.PATH.open("rb") as file:
        needed = elffile.ELFFile(file).get_section_by_name(".gnu.version_r")
        versions = [version.name for _, each in needed.iter_versions() for version in each]
    numbers = [
        tuple(map(int, re.findall(r"\d+", name))) for name in versions if name.startswith("GLIBC_")
    ]
    assert len(numbers) > 5
    # TensorFlow's wheels are for 2.17 or 2.27, by version; 2.18 is what C++ thread locals need.
    assert max(numbers) <= (2, 18)


def test_no_tensorflow_is_installed_over_another(portable_wheel: Wheel) -> None:
    metadata = portable_wheel.metadata()
    required = metadata.get_all("Requires-Dist")
    assert [line for line in required if "extra ==" not in line] == ["numpy"]
    extras: dict[str, list[str]] = {name: [] for name in metadata.get_all("Provides-Extra")}
    for line in required:
        for extra in re.findall(r"extra == [\"'](\w+)", line):
            extras[extra].append(re.split(r"[^\w-]", line)[0])
    assert extras["tensorflow"] == ["tensorflow"]
    brings = {name for name, packages in extras.items() if "tensorflow" in packages}
    assert brings == {"tensorflow", "test"}


def test_the_packages_page_links_to_no_file(portable_wheel: Wheel) -> None:
    metadata = portable_wheel.metadata()
    if sys.version_info >= (3, 9):  # for 3.8, setuptools is too old
        assert metadata["License-Expression"] == "Apache-2.0"
    page = str(metadata.get_payload())
    assert "# keras_xent" in page and "CONTRIBUTING.md" in page
    targets = re.findall(r"\]\(([^)\s]+)\)", page)
    assert [target for target in targets if not re.match(r"https?://|#", target)] == []


def test_the_source_distribution_holds_every_file(source_tree: Path) -> None:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=str(ROOT), stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    files = [name for name in listed.split("\0") if name and (ROOT / name).exists()]
    assert len(files) > 500
    assert [name for name in files if not (source_tree / name).exists()] == []


def test_no_install_line_asks_an_index_for_keras_xent(source_tree: Path) -> None:
    # It is on none yet.
    places = [*source_tree.glob("*.md"), *source_tree.glob("keras_xent*/**/*.py")]
    for folder in ("docs", "migration_guide", "benchmarks"):
        places += source_tree.glob(f"{folder}/**/*.md")
    lines = [
        f"{path.name}: {line}"
        for path in places
        if path.name != "CHANGELOG.md"
        for line in path.read_text(encoding="utf-8").splitlines()
        if "pip install" in line and re.search(r"[ '\"]keras_xent([\['\" ]|$)", line)
    ]
    assert lines == []
