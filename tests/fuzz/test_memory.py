"""Which growth of the memory is found out."""

from __future__ import annotations

import ctypes
import io
import json
import subprocess
from typing import Any

import pytest
import tensorflow as tf

from keras_xent.ops import library

if library.problem() is not None:
    pytest.skip(str(library.problem()), allow_module_level=True)

if not hasattr(ctypes.CDLL(None), "mallinfo2"):
    pytest.skip("it needs glibc 2.33 or later", allow_module_level=True)

from fuzz import memory
from fuzz.memory import FoundError, Memory

SIZE = 10**8


@pytest.mark.parametrize(("grown", "is_right"), [(10**6, True), (6 * 10**6, False)])
def test_growth(monkeypatch: pytest.MonkeyPatch, grown: int, is_right: bool) -> None:
    """Of it, TensorFlow's own ops lose 3.5 million bytes."""
    counts = []

    def lost(before: memory.Lengths, errors: memory.Lengths, kernels: int) -> int:
        counts.extend([dict(before), dict(errors), kernels])
        return 3_500_000

    lines: list[str] = []
    watched = Memory(lines.append)
    sizes = iter([SIZE, SIZE + grown // 2, SIZE + grown])
    monkeypatch.setattr(memory, "used_bytes", lambda: next(sizes))
    monkeypatch.setattr(memory, "lost_by_tensorflow", lost)
    for lengths in ([50, 50, 60], [70], [50]):
        for length in lengths:
            watched.add_kernel("kept until the next measurement")
            watched.add_kernel(length)
            watched.add_error(length)
        watched.measure()
        watched.start()
    if is_right:
        watched.check()
    else:
        with pytest.raises(FoundError, match=r"memory has grown by 2\.50%"):
            watched.check()
    assert counts == [{50: 2, 60: 1}, {70: 1, 50: 1}, 4]
    assert "With 2 errors and 4 kernels" in lines[0]


def test_the_message_that_tensorflow_keeps() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.raw_ops.CheckNumerics(tensor=tf.constant(float("nan")), message="abc")
    assert memory.message_length(caught.value) == len("abc : Tensor had NaN values")


def test_what_tensorflow_loses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For each error its message and some hundred bytes, and little for each kernel."""

    def lost(before: memory.Lengths, errors: memory.Lengths, kernels: int) -> int:
        told = json.dumps([list(before.items()), list(errors.items()), kernels])
        monkeypatch.setattr("sys.stdin", io.StringIO(told))
        memory._lose()
        return int(capsys.readouterr().out)

    short, long = lost({50: 10}, {100: 5000}, 0), lost({}, {400: 2500, 600: 2500}, 0)
    assert 300 < short / 5000 < 3000
    assert 300 < (long - short) / 5000 < 500
    # Those in TensorFlow's cache would be far larger.
    assert lost({}, {}, 2000) < 1_000_000


def test_the_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **arguments: Any) -> Any:
        assert command[1:] == ["-m", "fuzz.memory"]
        assert json.loads(arguments["input"]) == [[[50, 1]], [[60, 2]], 3]
        return subprocess.CompletedProcess(command, 0, "1234\n")

    monkeypatch.setattr(subprocess, "run", run)
    assert memory.lost_by_tensorflow({50: 1}, {60: 2}, 3) == 1234
