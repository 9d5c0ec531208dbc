"""Files: which are found, what is in them, how they are written."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from keras_xent_cli.migrate.running import files


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def found(*paths: Path) -> list[str]:
    return [str(path) for path in files.find_sources(paths)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path()


@pytest.mark.parametrize(
    "content",
    [
        b"tf.losses.softmax_cross_entropy(",
        b"softmax_cross_entropy",
        b"nn.softmax_cross_entropy_with_logits",
        b"softmax_cross_entropy_with_logits_v2 as x",
        b"compute_weighted_loss",
        b"contrib.losses",
        b"slim.losses",
        b"getattr(tf.losses, name)",
        rb'"from tensorflow.losses import *\nsoftmax_cross_entropy(a, b)"',
        b"\xff softmax_cross_entropy",
        b"sparse_softmax_cross_entropy(",
        b"tf.nn.sigmoid_cross_entropy_with_logits",
        b"tf.losses.mean_squared_error",
        b"tf.losses . huber_loss(",
        b"from tensorflow.losses import huber_loss",
        b"from tensorflow.losses import (\n    " + 30 * b"a_name, " + b"huber_loss)",
        b"from tensorflow import losses as l\n" + 300 * b" " + b"l.huber_loss(",
        b"from tensorflow import nn, losses\nf = losses\nf.huber_loss(",
        b"import tensorflow.losses as l\nl.huber_loss(",
        b"from tensorflow.contrib import slim, losses\nlosses.add_loss(",
        b"from tensorflow.contrib.losses.python import losses",
        500 * b"x" + b" softmax_cross_entropy " + 500 * b"x",
        150 * b"losses " + b"slim.losses",
        150 * b"my_softmax_cross_entropy " + b"softmax_cross_entropy",
        b"class A: l = tf.losses\n",
        b"l = tf.compat.v1.losses # x",
        b"f = eval('tf.losses.' + name)",
        b'"source": ["f = eval(\\"tf.losses.\\" + name)"]',
    ],
)
def test_of_interest(content: bytes) -> None:
    assert files.of_interest(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"import tensorflow as tf",
        b"my_sparse_softmax_cross_entropy(",
        b"softmax_cross_entropy_loss(",
        b"my_compute_weighted_loss",
        b"metrics.mean_squared_error",
        b"tf.losses.mean_squared_errors",
        b"tf.keras.losses.Reduction.NONE",
        b"tf.keras.losses.mean_squared_error",
        b"from tensorflow.keras.losses import Loss",
        b"from tensorflow.keras import losses",
        b"tf.losses.add_loss",
        b"getattr(x, name)",
        # What these are isn't ours, and it doesn't matter whether the rest is Python.
        b"tf.losses.Reduction.NONE",
        b"tf.keras.losses.Reduction.NONE",
        b"tf.keras.losses.mean_squared_error(y, x)",
        b"from keras import losses\nlosses.mean_absolute_error(y, x)",
        b"from keras import losses\nf = 'mean_squared_error'",
        b"from keras.losses import mean_squared_error",
        b"import keras.losses as l\nl.mean_squared_error",
        b"from tensorflow import losses as l",
        b"tf.keras.losses; x = self.losses",
        b"tf.losses .add_loss",
    ],
)
def test_not_of_interest(content: bytes) -> None:
    assert not files.of_interest(content)


def test_a_directory_is_searched_in_order(folder: Path) -> None:
    make(folder, "b.py", "a.ipynb", "z/a.py", "c/d/e.py", "x.txt", "y.pyc", "c.PY")
    assert found(folder) == ["a.ipynb", "b.py", "c/d/e.py", "z/a.py"]


def test_files_are_taken_whatever_they_are_called(folder: Path) -> None:
    make(folder, "script", ".hidden/a.py")
    assert found(Path("script"), Path(".hidden/a.py")) == ["script", ".hidden/a.py"]


def test_directories_that_are_left_out(folder: Path) -> None:
    make(folder, ".git/a.py", "__pycache__/a.py", "node_modules/a.py", "x/site-packages/a.py")
    make(folder, "env/pyvenv.cfg", "env/a.py", "env/lib/b.py", ".ipynb_checkpoints/a.ipynb")
    assert found(folder) == []
    assert found(Path(".git")) == [".git/a.py"]  # unless it is asked for


def test_a_directory_that_is_called_like_a_file(folder: Path) -> None:
    make(folder, "x.py/y.py")
    assert found(folder) == ["x.py/y.py"]
    assert found(Path("x.py")) == ["x.py/y.py"]


def test_each_file_once(folder: Path) -> None:
    make(folder, "a.py", "b/c.py")
    Path("link.py").symlink_to("a.py")
    paths = [Path("b"), Path("a.py"), Path(), Path("a.py"), Path("b/../a.py"), Path("link.py")]
    assert found(*paths) == ["b/c.py", "a.py"]


def test_links_in_directories_are_left(folder: Path) -> None:
    make(folder, "x/a.py", "elsewhere/b.py")
    Path("x/b.py").symlink_to("../elsewhere/b.py")
    Path("x/c.py").symlink_to("nowhere.py")
    Path("x/d").symlink_to("../elsewhere")
    Path("x/e.py").symlink_to("e.py")
    assert found(Path("x")) == ["x/a.py"]


def test_links_that_are_asked_for(folder: Path) -> None:
    make(folder, "x/a.py", "b.py")
    Path("d").symlink_to("x")
    Path("c.py").symlink_to("b.py")
    assert found(Path("d"), Path("c.py")) == ["d/a.py", "c.py"]


@pytest.mark.parametrize("name", ["nowhere.py", "loop.py", "dangling.py"])
def test_paths_that_are_not_there(folder: Path, name: str) -> None:
    Path("loop.py").symlink_to("loop.py")
    Path("dangling.py").symlink_to("nowhere.py")
    with pytest.raises(FileNotFoundError, match=f"no file or directory '{name}'"):
        found(Path(name))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipes_are_left(folder: Path) -> None:
    os.mkfifo("a.py")
    assert found(folder) == []


def test_a_directory_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(folder, "a.py", "b/c.py", "d/e.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert sorted(found(folder)) == ["a.py", "b", "d/e.py"]
    with pytest.raises(OSError):
        Path("b").read_bytes()


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"", "utf-8"),
        (b"x = 1\r\ny = 2\rz = 3\n", "utf-8"),
        ("x = 'é😀'\n".encode(), "utf-8"),
        (b"\xef\xbb\xbfx = 1\n", "utf-8-sig"),
        (b"\xef\xbb\xbf# coding: utf-8\n", "utf-8-sig"),
        ("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"), "iso-8859-1"),
        ("#!/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n".encode("cp1252"), "cp1252"),
        ("# coding: euc-jp\nx = '字'\n".encode("euc-jp"), "euc-jp"),
    ],
)
def test_what_is_decoded_is_encoded_to_the_same(content: bytes, encoding: str) -> None:
    text = files.decode(content)
    assert text.encoding == encoding
    assert text.encode(text.text) == content
    assert "\ufeff" not in text.text


@pytest.mark.parametrize(
    "content",
    [
        b"x = '\xff'\n",
        b"# coding: utf-8\nx = '\xe9'\n",
        b"# coding: nonesuch\n",
        b"# coding: ascii\nx = '\xc3\xa9'\n",
        b"# coding: rot13\nx = 1\n",
        b"# coding: undefined\nx = 1\n",
        b"# coding: utf-16\nx = 1\n",
        b"# coding: hex\nx = 1\n",
        b"# coding: unicode_escape\nx = '\\n'\n",
        b"\xef\xbb\xbf# coding: latin-1\n",
        b"\xff\xfex\x00",
    ],
)
def test_what_cannot_be_decoded(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"cannot decode the file|decoding the file as"):
        files.decode(content)


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    path.chmod(0o750)
    files.write_atomically(path, b"old", b"new\r\n")
    assert path.read_bytes() == b"new\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert [each.name for each in tmp_path.iterdir()] == ["a.py"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_the_owner_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    os.chown(path, 1234, 2345)
    files.write_atomically(path, b"old", b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_an_owner_that_may_not_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    files.write_atomically(path, b"old", b"new")
    assert path.read_bytes() == b"new"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "x" / "a.py", tmp_path / "b.py"
    make(tmp_path, "x/a.py")
    link.symlink_to("x/a.py")
    files.write_atomically(link, b"", b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert not target.is_symlink()


def test_a_read_only_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="read-only"):
        files.write_atomically(path, b"old", b"new")
    assert path.read_bytes() == b"old"


def test_a_file_that_changed_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"newer")
    with pytest.raises(OSError, match="the file changed during the port: run the codemod again"):
        files.write_atomically(path, b"old", b"new")
    assert path.read_bytes() == b"newer"


def test_a_file_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write_atomically(tmp_path / "a.py", b"old", b"new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["replace", "chmod"])
@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_when_writing_fails_nothing_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    seen: list[list[str]] = []

    def fail(self: Path, *args: object) -> None:
        seen.append(sorted(each.name for each in tmp_path.iterdir()))
        raise error

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(type(error)):
        files.write_atomically(path, b"old", b"new")
    assert len(seen[0]) == 2  # so the new text was in a file beside the old one
    assert [each.name for each in tmp_path.iterdir()] == ["a.py"]
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="needs modes")
def test_no_one_else_reads_the_new_text_before_the_old_one_s_mode_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    path.chmod(0o600)
    modes: list[int] = []
    fsync = os.fsync

    def spy(descriptor: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    files.write_atomically(path, b"old", b"new")
    assert modes == [0o600]
