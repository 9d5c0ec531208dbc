"""What the command line does while TensorFlow starts."""

from __future__ import annotations

import io
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest
from command_line import environment

from keras_xent_cli import loading

LINE = "Loading TensorFlow ...\n"


@pytest.fixture
def tensorflow_log_level(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No TF_CPP_MIN_LOG_LEVEL, and everything as before afterwards."""
    # Set first: monkeypatch restores only what it has changed itself.
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    logger = logging.getLogger("tensorflow")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.mark.usefixtures("tensorflow_log_level")
def test_what_tensorflow_logs_at_its_start_is_hidden(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # By the file descriptor, as C++ code does.
    monkeypatch.setattr(loading, "_start_tensorflow", lambda: os.write(2, b"chatter"))
    loading.load_tensorflow()
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == f"{LINE}afterwards"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"


@pytest.mark.usefixtures("tensorflow_log_level")
def test_the_log_of_a_failing_start_is_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        os.write(2, b"libcudart not found")
        raise ImportError("no TensorFlow")

    monkeypatch.setattr(loading, "_start_tensorflow", fail)
    loading.load_tensorflow()
    assert capfd.readouterr().err == f"{LINE}libcudart not found"


def test_a_user_who_wants_the_log_gets_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.setattr(loading, "_start_tensorflow", lambda: os.write(2, b"chatter"))
    loading.load_tensorflow()
    assert capfd.readouterr().err == f"{LINE}chatter"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


@pytest.mark.usefixtures("tensorflow_log_level")
def test_the_real_start_leaves_standard_error_alone(capfd: pytest.CaptureFixture[str]) -> None:
    loading.load_tensorflow()
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == f"{LINE}afterwards"
    assert "tensorflow" in sys.modules


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("tensorflow_log_level")
def test_a_terminal_shows_the_line_at_once_and_then_clears_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    seen = []
    monkeypatch.setattr(loading, "_start_tensorflow", lambda: seen.append(terminal.getvalue()))
    loading.load_tensorflow()
    assert seen == ["Loading TensorFlow ..."]
    assert terminal.getvalue() == "Loading TensorFlow ...\r\x1b[K"


# As extension modules do: pybind11 makes an ImportError of an exception.
_INTERRUPTED_WHILE_IMPORTED = """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(100):
        pass
except BaseException:
    raise ImportError("initialization failed")
"""


@pytest.mark.parametrize("log_level", [None, "0"])
def test_an_interrupt_while_tensorflow_is_imported_is_quiet(
    tmp_path: Path, log_level: str | None
) -> None:
    (tmp_path / "tensorflow.py").write_text(_INTERRUPTED_WHILE_IMPORTED)
    env = environment(tmp_path)
    env.pop("TF_CPP_MIN_LOG_LEVEL", None)
    if log_level is not None:
        env["TF_CPP_MIN_LOG_LEVEL"] = log_level
    done = subprocess.run(
        [sys.executable, "-m", "keras_xent_cli", "doctor"],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", LINE)


@pytest.mark.usefixtures("tensorflow_log_level")
def test_interrupts_are_pythons_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    during = []
    monkeypatch.setattr(
        loading, "_start_tensorflow", lambda: during.append(signal.getsignal(signal.SIGINT))
    )
    loading.load_tensorflow()
    assert during != [before]
    assert signal.getsignal(signal.SIGINT) is before
