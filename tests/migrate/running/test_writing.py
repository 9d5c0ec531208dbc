"""Nothing is lost: not when the codemod is killed, the disk is full or a file changes under it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from command_line import environment, migrate

from keras_xent_cli.migrate.running import files
from keras_xent_cli.migrate.running.job import Job
from keras_xent_cli.migrate.running.runner import no_progress, run_jobs

OLD = "import tensorflow.compat.v1 as tf\nx = tf.losses.softmax_cross_entropy(a, b)\n"
WRITE = Job(write=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the test runs, with two files to port."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("a.py", "b.py"):
        Path(name).write_text(OLD)
    return Path()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def errors(folder: Path) -> dict[str, str | None]:
    return {report.path: report.error for report in run_jobs([folder], WRITE).reports}


# In a process that starts fast and has no other threads.
KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from keras_xent_cli.migrate.running.job import Job, run_job, write
from keras_xent_cli.migrate.running.runner import run_jobs

old = {old!r}.encode()
paths = [Path(f"m{{number:02}}.py") for number in range(40)]
for path in paths:
    path.write_bytes(old)
reports = [run_job(path, Job(write=True), old) for path in paths]
new = reports[0].new.encode()
random.seed(1)
in_the_middle = 0
started = time.monotonic()
list(map(write, reports))
longest = time.monotonic() - started
for _ in range(25):
    for path in paths:
        path.write_bytes(old)
    child = os.fork()
    if child == 0:
        for report in reports:
            write(report)
        os._exit(0)
    time.sleep(random.uniform(0, longest))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    contents = [path.read_bytes() for path in paths]
    assert set(contents) <= {{old, new}}, contents
    in_the_middle += len(set(contents)) == 2
    left = [path for path in Path().iterdir() if path not in paths]
    assert len(left) <= 1, left
    assert not any(path.suffix in (".py", ".ipynb") for path in left), left
    for path in left:
        path.unlink()
print(in_the_middle)
assert not any(report.error for report in run_jobs([Path()], Job(write=True)).reports)
assert {{path.read_bytes() for path in paths}} == {{new}}
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_a_killed_process_leaves_each_file_old_or_new(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(old=OLD)],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0, "no kill came between the first write and the last"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    fsync = os.fsync
    calls: list[int] = []

    def fill(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            raise OSError(code, os.strerror(code))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fill)
    assert errors(folder) == {"a.py": os.strerror(code), "b.py": None}
    assert Path("a.py").read_text() == OLD
    assert "keras_xent" in Path("b.py").read_text()
    assert names(folder) == ["a.py", "b.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits")
def test_the_command_where_no_file_can_be_written_to_its_end(folder: Path, tmp_path: Path) -> None:
    import resource

    limit = len(OLD) - 10  # bytes, so the new text is cut
    done = migrate(
        ".",
        "--write",
        cwd=folder.resolve(),
        env=environment(tmp_path),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 2
    assert done.stdout.count("File too large") + done.stderr.count("File too large") == 2
    assert [path.read_text() for path in sorted(folder.glob("*.py"))] == [OLD, OLD]
    assert names(folder) == ["a.py", "b.py"]


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_in_which_no_file_can_be_created(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(dir: Path, prefix: str) -> tuple[int, str]:
        raise OSError(code, os.strerror(code), str(dir))

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)
    error = f"can't create a temporary file in its folder: {os.strerror(code)}"
    assert errors(folder) == {"a.py": error, "b.py": error}
    assert [Path(name).read_text() for name in names(folder)] == [OLD, OLD]


def test_a_read_only_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    is_root = os.geteuid() == 0
    # pytest's folders are private.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        Path("a.py").write_text(OLD)
        Path(folder).chmod(0o555)
        if is_root:
            os.seteuid(65534)  # nobody, because root may write everywhere
        try:
            found = errors(Path())
        finally:
            if is_root:
                os.seteuid(0)
            Path(folder).chmod(0o755)
        assert found == {"a.py": "can't create a temporary file in its folder: Permission denied"}
        assert names(Path()) == ["a.py"]
        assert Path("a.py").read_text() == OLD
        monkeypatch.undo()


def test_a_file_that_changes_after_it_was_read(folder: Path) -> None:
    def save_in_an_editor(total: int) -> object:
        Path("a.py").write_text("edited")
        return no_progress(total)

    reports = run_jobs([folder], WRITE, save_in_an_editor).reports  # type: ignore[arg-type]
    assert [report.error for report in reports] == [
        "the file changed during the port: run the codemod again",
        None,
    ]
    assert Path("a.py").read_text() == "edited"
    assert "keras_xent" in Path("b.py").read_text()
    assert names(folder) == ["a.py", "b.py"]


def test_a_file_that_changes_while_its_new_text_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def save_in_an_editor(descriptor: int) -> None:
        fsync(descriptor)
        Path("a.py").write_text("edited")

    monkeypatch.setattr(os, "fsync", save_in_an_editor)
    with pytest.raises(OSError, match="changed during the port"):
        files.write_atomically(Path("a.py"), OLD.encode(), b"new")
    assert Path("a.py").read_text() == "edited"
    assert names(folder) == ["a.py", "b.py"]


def test_a_file_that_is_deleted_stays_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def delete(descriptor: int) -> None:
        fsync(descriptor)
        Path("a.py").unlink()

    monkeypatch.setattr(os, "fsync", delete)
    with pytest.raises(FileNotFoundError):
        files.write_atomically(Path("a.py"), OLD.encode(), b"new")
    assert names(folder) == ["b.py"]


def test_links_out_of_the_tree_are_only_followed_if_they_are_named(
    folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("file.py", "hard.py", "named.py"):
        (outside / name).write_text(OLD)
    Path("file.py").symlink_to(outside / "file.py")
    Path("inner").symlink_to(outside)
    Path("named.py").symlink_to(outside / "named.py")
    os.link(outside / "hard.py", "hard.py")
    run_jobs([folder, Path("named.py")], WRITE)
    assert (outside / "file.py").read_text() == OLD
    # The tree's name gets a new file, and the other name keeps the old one.
    assert (outside / "hard.py").read_text() == OLD
    assert "keras_xent" in Path("hard.py").read_text()
    assert "keras_xent" in (outside / "named.py").read_text()
    assert Path("named.py").is_symlink()


# Modules of Python and of the codemod's libraries, and files that tools run by themselves.
DECOYS = [
    *["ast", "tokenize", "typing", "json", "dataclasses", "rich", "libcst", "tensorflow", "numpy"],
    *["encodings/evil", "sitecustomize", "conftest", "setup", "project/__init__", "codecs"],
]
PROGRAM = """\
# coding: {coding}
import pathlib
pathlib.Path(__file__).with_suffix(".ran").touch()
import tensorflow.compat.v1 as tf
x = tf.losses.softmax_cross_entropy(a, b)
"""


@pytest.mark.parametrize("as_module", [False, True])
def test_what_is_read_is_not_run(tmp_path: Path, as_module: bool) -> None:
    folder = tmp_path / "project"
    for name in DECOYS:
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PROGRAM.format(coding="utf-8"))
    (folder / "main.py").write_text(PROGRAM.format(coding="encodings.evil"))
    # Like the script that pip installs. Its own folder is the first in sys.path.
    script = tmp_path / "keras-xent"
    script.write_text("import sys\nfrom keras_xent_cli.main import main\nsys.exit(main())\n")
    start = ["-m", "keras_xent_cli"] if as_module else [str(script)]
    done = subprocess.run(
        [sys.executable, *start, "migrate", "--write", "--to", "keras", "."],
        cwd=folder,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr  # main.py's coding is unknown
    printed = textwrap.dedent(done.stdout).replace("\n", " ")
    assert "cannot decode the file: unknown encoding" in printed
    assert list(folder.rglob("*.ran")) == []
    assert all("keras_xent" in (folder / f"{name}.py").read_text() for name in DECOYS)
