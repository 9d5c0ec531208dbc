"""The library file: what it needs of TensorFlow, what it exports, and how it is loaded."""

from __future__ import annotations

import concurrent.futures
import ctypes
import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import numpy as np
import pytest
import reference
import tensorflow as tf

import keras_xent
from keras_xent.ops import library, softmax_cross_entropy

elffile = pytest.importorskip("elftools.elf.elffile")

# A wheel has the library only.
KERNEL = Path(__file__).parents[2] / "keras_xent" / "ops" / "kernel"
HEADER = KERNEL / "tf" / "c_api.h"

needs_library = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))


def declared_functions() -> set[str]:
    """The functions that the header declares, less those that are only talked about."""
    text = re.sub(r"//.*", "", HEADER.read_text(encoding="utf-8"))
    return set(re.findall(r"\b(TF_\w+)\(", text))


def dynamic_symbols(path: Path, defined: bool) -> set[str]:
    with path.open("rb") as file:
        table = elffile.ELFFile(file).get_section_by_name(".dynsym")
        return {
            symbol.name
            for symbol in table.iter_symbols()
            if symbol.name and (symbol["st_shndx"] != "SHN_UNDEF") == defined
        }


def needed_libraries(path: Path) -> list[str]:
    with path.open("rb") as file:
        section = elffile.ELFFile(file).get_section_by_name(".dynamic")
        return [tag.needed for tag in section.iter_tags() if tag.entry.d_tag == "DT_NEEDED"]


@needs_library
def test_it_calls_exactly_the_functions_that_the_header_declares() -> None:
    undefined = dynamic_symbols(library.PATH, defined=False)
    called = {name for name in undefined if name.startswith("TF_")}
    assert len(called) > 30
    assert called == declared_functions()


@needs_library
def test_it_uses_none_of_tensorflows_cpp_symbols() -> None:
    undefined = dynamic_symbols(library.PATH, defined=False)
    assert [name for name in undefined if "tensorflow" in name or "absl" in name] == []


@needs_library
def test_it_needs_tensorflow_by_name_and_no_cpp_runtime() -> None:
    needed = needed_libraries(library.PATH)
    assert "libtensorflow_framework.so.2" in needed
    assert [name for name in needed if "stdc++" in name or "gomp" in name] == []


@needs_library
def test_it_adds_no_folder_to_where_libraries_are_searched() -> None:
    with library.PATH.open("rb") as file:
        section = elffile.ELFFile(file).get_section_by_name(".dynamic")
        tags = {tag.entry.d_tag for tag in section.iter_tags()}
    assert not tags & {"DT_RPATH", "DT_RUNPATH"}


@needs_library
def test_only_the_package_s_own_file_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a full path, nothing is searched: neither LD_LIBRARY_PATH nor the current folder."""
    loaded: list[str] = []

    def spy(load: Callable[..., object]) -> Callable[..., object]:
        return lambda path, **options: loaded.append(path) or load(path, **options)

    monkeypatch.setattr(tf, "load_op_library", spy(tf.load_op_library))
    monkeypatch.setattr(library.ctypes, "CDLL", spy(library.ctypes.CDLL))
    library._load.__wrapped__()
    own = Path(keras_xent.__file__).parent / "ops" / "libkeras_xent.so"
    assert own.is_absolute()
    assert loaded == [str(own), str(own)]


def test_the_installed_tensorflow_exports_every_function() -> None:
    # Its table of symbols takes seconds to read in Python.
    framework = ctypes.CDLL(str(Path(tf.sysconfig.get_lib()) / "libtensorflow_framework.so.2"))
    assert not hasattr(framework, "TF_NoSuchFunction")
    assert [name for name in declared_functions() if not hasattr(framework, name)] == []


@needs_library
def test_it_exports_its_own_functions_alone() -> None:
    exported = dynamic_symbols(library.PATH, defined=True)
    assert exported == {
        "KerasXentInstructionSet",
        "KerasXentNumThreads",
        "KerasXentSelectInstructionSet",
        "KerasXentSetNumThreads",
        "KerasXentUsableInstructionSet",
    }


COMPILER = next(filter(None, map(shutil.which, ["c++", "g++", "clang++"])), None)


@pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")
def test_the_header_agrees_with_the_installed_tensorflows(tmp_path: Path) -> None:
    source = tmp_path / "check.cc"
    source.write_text('#include "tf/c_api.h"\n', encoding="utf-8")
    command = [str(COMPILER), "-std=c++17", "-fsyntax-only", "-DKERAS_XENT_CHECK_TF_C_API"]
    includes = [f"-I{KERNEL}", f"-I{tf.sysconfig.get_include()}"]
    result = subprocess.run(
        [*command, *includes, str(source)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


@needs_library
def test_load_returns_the_same_library() -> None:
    assert library.load() is library.load()
    assert library.problem() is None


@needs_library
def test_instruction_sets_can_be_selected_and_unknown_ones_not() -> None:
    loaded = library.load()
    before = loaded.instruction_set
    usable = loaded.usable_instruction_sets
    assert before == usable[0]
    assert len(usable) == len(set(usable)) >= 1
    try:
        for name in usable:
            loaded.select_instruction_set(name)
            assert loaded.instruction_set == name
    finally:
        loaded.select_instruction_set(before)
    with pytest.raises(ValueError, match="'MMX' isn't available here, expected one of"):
        loaded.select_instruction_set("MMX")
    assert loaded.instruction_set == before


@needs_library
def test_threads_can_be_set_and_0_is_one_for_each_processor() -> None:
    loaded = library.load()
    before = loaded.threads
    try:
        loaded.set_threads(3)
        assert loaded.threads == 3
        loaded.set_threads(0)
        assert loaded.threads >= 1
    finally:
        loaded.set_threads(before)


@pytest.mark.parametrize(
    ("variable", "threads"), [("3", 3), ("0", 0), ("-2", 0), ("many", 0), ("", 0), (None, 0)]
)
def test_the_threads_to_start_from_are_the_environments(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, threads: int
) -> None:
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", variable)
    assert library._intra_op_threads() == threads


@pytest.fixture
def other_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Where the library is looked for instead."""
    path = tmp_path / "libkeras_xent.so"
    loaded = library._load
    monkeypatch.setattr(library, "PATH", path)
    # Of its own, so that the library that is loaded stays so.
    monkeypatch.setattr(library, "_load", loaded.__wrapped__)
    library.problem.cache_clear()
    yield path
    library.problem.cache_clear()


def test_a_missing_library_is_told_with_what_to_do(other_file: Path) -> None:
    with pytest.raises(library.LibraryError, match=r"libkeras_xent\.so is missing.*pip install"):
        library.load()
    assert keras_xent.backend().name == "portable"


def test_a_broken_library_is_told_with_the_loaders_reason(other_file: Path) -> None:
    other_file.write_bytes(b"no ELF file")
    with pytest.raises(library.LibraryError, match=r"could not load libkeras_xent\.so") as error:
        library.load()
    assert tf.__version__ in str(error.value)
    assert "(to reinstall keras_xent: pip install --force-reinstall" in str(error.value)
    assert ".." not in keras_xent.backend().reason


def test_without_the_library_the_numbers_stay_the_same(other_file: Path) -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(4, 5)), reference.one_hot(rng, (4, 5))
    assert keras_xent.backend().name == "portable"
    value = softmax_cross_entropy(tf.constant(logits), labels)
    reference.assert_close(value, reference.value_and_gradient(logits, labels)[0], 1e-14)


@needs_library
def test_many_python_threads_at_once_get_right_results() -> None:
    loaded = library.load()
    before = loaded.threads
    rng = np.random.default_rng(1)
    problems = []
    for rows in range(40, 72, 2):
        logits = rng.normal(size=(rows, 1000)).astype("f")
        problems.append((logits, reference.one_hot(rng, logits.shape).astype("f")))

    def run(index: int) -> None:
        logits, labels = problems[index % len(problems)]
        with tf.GradientTape() as tape:
            x = tf.constant(logits)
            tape.watch(x)
            value = softmax_cross_entropy(x, labels)
        results[index] = (float(value), tape.gradient(value, x).numpy())

    results = {}
    try:
        loaded.set_threads(3)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(run, range(128)))
    finally:
        loaded.set_threads(before)
    exact_results = [reference.value_and_gradient(*problem) for problem in problems]
    for index, (value, gradient) in results.items():
        exact = exact_results[index % len(problems)]
        np.testing.assert_allclose(value, float(exact[0]), rtol=1e-6)
        reference.assert_close(gradient, exact[1], 1e-6, atol=1e-9)
    assert len(results) == 128


@needs_library
def test_the_thread_count_may_change_under_way() -> None:
    loaded = library.load()
    before = loaded.threads
    logits = tf.random.normal([400, 1000], seed=3)
    labels = tf.one_hot(tf.range(400), 1000)
    expected = float(softmax_cross_entropy(logits, labels))

    def change(count: int) -> float:
        loaded.set_threads(1 + count % 4)
        return float(softmax_cross_entropy(logits, labels))

    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert set(pool.map(change, range(60))) == {expected}
    finally:
        loaded.set_threads(before)
