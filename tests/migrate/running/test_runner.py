"""Many files: in order, with and without other processes."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest
from command_line import environment, migrate

from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.running import runner
from keras_xent_cli.migrate.running.job import Job
from keras_xent_cli.migrate.running.runner import MANY_FILES, run_jobs

OLD = "import tensorflow.compat.v1 as tf\nx = tf.losses.softmax_cross_entropy(a, b)\n"
TO_KERAS = Job(options=Options(Target.KERAS))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the test runs: one file to port, one without a call."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("a.py").write_text(OLD)
    Path("b.py").write_text("x = 1\n")
    return Path()


def many(folder: Path) -> int:
    """More files than one process is for, one of them broken."""
    for number in range(2 * MANY_FILES):
        Path(f"m{number:03}.py").write_text(f"{OLD}# {number}\n")
    Path("m007.py").write_text(f"{OLD}print 'a'\n")
    return 2 * MANY_FILES + 1


def test_files_without_a_call_are_only_counted(folder: Path) -> None:
    run = run_jobs([folder], Job())
    assert run.looked_at == 2
    assert [report.path for report in run.reports] == ["a.py"]


def test_files_without_a_call_are_not_parsed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = ast.parse

    def spy(source: str) -> ast.Module:
        parsed.append(source)
        return parse(source)

    monkeypatch.setattr(ast, "parse", spy)
    run_jobs([folder], Job())
    assert OLD in parsed
    assert "x = 1\n" not in parsed


def test_a_path_that_is_not_there(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_jobs([Path("a.py"), Path("nowhere.py")], Job(write=True))
    assert Path("a.py").read_text() == OLD


def test_a_file_that_vanishes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_interest = runner.files.of_interest

    def look_while_someone_deletes(content: bytes) -> bool:
        Path("a.py").unlink(missing_ok=True)
        return of_interest(content)

    monkeypatch.setattr(runner.files, "of_interest", look_while_someone_deletes)
    run = run_jobs([folder], Job(write=True))
    assert [report.error for report in run.reports] == ["No such file or directory"]


def test_a_file_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_bytes = Path.read_bytes

    def refuse(self: Path) -> bytes:
        if self.name == "b.py":
            raise PermissionError(13, "Permission denied")
        return read_bytes(self)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    run = run_jobs([folder], TO_KERAS)
    assert [(report.path, report.error) for report in run.reports] == [
        ("a.py", None),
        ("b.py", "Permission denied"),
    ]


def test_progress(folder: Path) -> None:
    steps: list[object] = []

    @contextlib.contextmanager
    def progress(total: int) -> Iterator[Callable[[], None]]:
        steps.append(total)
        yield lambda: steps.append("step")
        steps.append("end")

    run_jobs([folder], Job(), progress)
    assert steps == [1, "step", "end"]


@pytest.mark.parametrize(
    ("name", "content", "traits"),
    [
        ("c.py", "loss = tf.losses.get_total_loss()", ["collection"]),
        ("c.py", "set_floatx('float64')", ["floatx"]),
        ("c.py", "", []),
        # In JSON a quote and the end of a line are two characters each.
        ("c.ipynb", '{"source": "get_collection(\\"losses\\")"}', ["collection"]),
        ("c.ipynb", '{"source": "x\\nset_floatx(0)\\nget_losses()"}', ["collection", "floatx"]),
    ],
)
def test_to_keras_looks_through_all_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, traits: list[str]
) -> None:
    Path(name).write_text(content)
    seen: list[list[str]] = []

    def spy(path: Path, job: Job, content: bytes) -> runner.FileReport:
        seen.append([trait for trait, _ in job.options.surroundings.places])
        return runner.FileReport(str(path))

    monkeypatch.setattr(runner, "run_job", spy)
    run_jobs([folder], TO_KERAS)
    assert seen == [traits]


@pytest.mark.parametrize("arguments", [(), ("--to", "keras")])
def test_the_pool_reports_the_same_in_the_same_order(
    folder: Path, tmp_path: Path, arguments: list[str]
) -> None:
    count = many(folder)
    env = environment(tmp_path)
    run = run_jobs([folder], Job(options=Options(Target(arguments[1] if arguments else "v1"))))
    pooled = migrate(".", "--format", "json", *arguments, cwd=folder.resolve(), env=env)
    assert pooled.returncode == 2
    files = json.loads(pooled.stdout)["files"]
    assert len(files) == count
    assert [file["path"] for file in files] == [report.path for report in run.reports]
    assert [file["error"] for file in files] == [report.error for report in run.reports]
    assert [[each["message"] for each in file["findings"]] for file in files] == [
        [each.message for each in report.findings] for report in run.reports
    ]


def test_a_wait_that_ends_before_the_file_is_done_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [f"m{number:03}.py" for number in range(2 * MANY_FILES)]
    many(folder)
    monkeypatch.setattr(runner, "_LONGEST_WAIT", 1e-6)
    reports = run_jobs([folder], Job()).reports
    assert [report.path for report in reports if report.path.startswith("m")] == expected


def test_there_is_a_pool_for_many_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class StartedError(Exception):
        pass

    def start(self: object, processes: int, *args: object) -> None:
        raise StartedError(processes)

    monkeypatch.setattr("multiprocessing.context.BaseContext.Pool", start)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    run_jobs([folder], Job())
    many(folder)
    with pytest.raises(StartedError, match="3"):
        run_jobs([folder], Job())
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    run_jobs([folder], Job())


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_workers_start_without_tensorflow(folder: Path, tmp_path: Path, method: str) -> None:
    many(folder)
    script = tmp_path / "start.py"
    script.write_text(
        "import multiprocessing, runpy, sys\n"
        "sys.argv = ['keras-xent', 'migrate', '.', '--write']\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        "    multiprocessing.get_context = lambda method: context\n"
        "    from keras_xent_cli.main import main\n"
        "    sys.exit(main())\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder.resolve(),
        env=environment(tmp_path, ["tensorflow", "keras", "tf_keras", "numpy"]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 2
    assert "keras_xent.v1." in Path("m031.py").read_text()


SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
sys.argv[0] = "keras-xent"
from pathlib import Path
from keras_xent_cli.migrate.running import job, runner

def slow(path, job, content):
    Path(f"{path}.started").touch()
    try:
        time.sleep(30)
    finally:
        Path(f"{path}.started").rename(f"{path}.cleaned")

runner.run_job = slow
from keras_xent_cli.main import main
sys.exit(main(["migrate", "."]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals and fork")
def test_an_interrupt_ends_the_workers_quietly(folder: Path, tmp_path: Path) -> None:
    many(folder)
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=folder.resolve(),
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal interrupts the workers too
    )
    deadline = time.monotonic() + 30
    while len(list(folder.glob("*.started"))) < min(os.cpu_count() or 1, 2):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stderr == ""
    assert not list(folder.glob("*.started"))
    assert list(folder.glob("*.cleaned"))
