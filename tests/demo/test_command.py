"""The demo's options, exit codes and output."""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
from typing import Any

import pytest
import tensorflow as tf
from command_line import environment

import keras_xent
from keras_xent_cli.demo import command
from keras_xent_cli.install import INSTALL_TENSORFLOW

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(arguments)


def test_defaults(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    args = parse()
    assert args.output == pathlib.Path("keras-xent-demo.png")
    assert args.epochs == 20
    assert args.seed == 0


def test_options(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "curves.PNG"
    args = parse("--output", str(path), "--epochs", "3", "--seed", "7")
    assert (args.output, args.epochs, args.seed) == (path, 3, 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "curves.svg"], "ends in .png, got 'curves.svg'"),
        (["--output", "nowhere/curves.png"], "folder 'nowhere' doesn't exist"),
        (["--output", 300 * "a" + ".png"], "File name too long. Choose another file"),
        (["--output", 300 * "a" + "/curves.png"], "File name too long. Choose another file"),
        (["--epochs", "0"], "a whole number from 1 to 1000000, got '0'"),
        (["--epochs", "many"], "a whole number from 1 to 1000000, got 'many'"),
        (["--seed", "-1"], "got '-1'"),
        (["--seed", "4294967296"], "got '4294967296'"),
    ],
)
def test_wrong_options(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        parse(*arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_found_before_the_training(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A folder in the file's place: that no user can write.
    (tmp_path / command.DEFAULT_OUTPUT).mkdir()
    monkeypatch.chdir(tmp_path)
    for arguments in ([], ["--output", command.DEFAULT_OUTPUT]):
        with pytest.raises(SystemExit) as stop:
            parse(*arguments)
        assert stop.value.code == 2
        assert "can't write 'keras-xent-demo.png': Is a directory" in capsys.readouterr().err


def test_looking_whether_the_file_can_be_written_changes_nothing(tmp_path: pathlib.Path) -> None:
    old, new = tmp_path / "old.png", tmp_path / "new.png"
    old.write_bytes(b"curves")
    for path in (old, new):
        parse("--output", str(path))
    assert old.read_bytes() == b"curves"
    link = tmp_path / "link.png"
    link.symlink_to("nowhere.png")
    parse("--output", str(link))
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.png", "old.png"]
    assert not new.exists()


def test_a_run(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "curves.png"
    assert command.run(parse("--output", str(path), "--epochs", "1")) == 0
    assert path.read_bytes().startswith(PNG_SIGNATURE)
    printed = capsys.readouterr().out
    assert f"The curves are in {path}\n" in printed
    assert "12 steps" in printed
    assert "\x1b" not in printed, "no escape sequences where there is no terminal"


def test_a_loss_that_does_not_follow_tf1_fails(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def keras_own(**arguments: Any) -> Any:
        return tf.keras.losses.CategoricalCrossentropy(from_logits=True)

    monkeypatch.setattr(keras_xent, "CategoricalCrossentropy", keras_own)
    path = tmp_path / "curves.png"
    assert command.run(parse("--output", str(path), "--epochs", "1")) == 1
    assert "FAILED: keras_xent did not follow TF1" in capsys.readouterr().out
    assert path.exists()


@pytest.mark.parametrize(
    ("modules", "packages"),
    [
        (["rich"], "rich"),
        (["tensorflow", "sklearn", "matplotlib"], "tensorflow and scikit-learn and matplotlib"),
    ],
)
def test_missing_extras(
    modules: list[str],
    packages: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    assert command.run(parse()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    names = packages.replace(" and ", " ")
    assert captured.err == f"keras-xent demo needs {packages}: pip install {names}\n"


def test_a_broken_tensorflow_is_an_error_without_a_traceback(tmp_path: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "keras_xent_cli", "demo"],
        cwd=tmp_path,
        env=environment(tmp_path, blocked=["tensorflow"]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Loading TensorFlow ...\n"
        "keras-xent demo can't run: TensorFlow: ImportError: tensorflow is blocked. "
        f"Install TensorFlow: {INSTALL_TENSORFLOW}.\n"
    )
