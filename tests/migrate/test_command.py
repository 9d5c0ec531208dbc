"""``keras-xent migrate``: arguments, output and exit codes."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import environment, migrate

from keras_xent_cli import main as cli
from keras_xent_cli.migrate.registry import all_rules

TF = "import tensorflow.compat.v1 as tf\n"
OLD = f"{TF}x = tf.losses.softmax_cross_entropy(a, b)\n"
NEW = f"import keras_xent\n{TF}x = keras_xent.v1.softmax_cross_entropy(a, b)\n"
ESTIMATOR = "e = tf.estimator.Estimator(model_fn)\n"
FLAGGED = f"{TF}loss = getattr(tf.losses, name)\n"

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the test runs."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return folder


def write(**sources: str) -> None:
    for name, source in sources.items():
        Path(f"{name}.py").write_text(source)


def run(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    try:
        code = cli.main(["migrate", *arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def run_json(capsys: Captured, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, err = run(capsys, *arguments, "--format", "json")
    assert err == ""
    return code, json.loads(out)


def test_a_diff_and_nothing_written(capsys: Captured) -> None:
    write(a=OLD)
    code, out, err = run(capsys, ".")
    assert (code, err) == (0, "")
    assert "+x = keras_xent.v1.softmax_cross_entropy(a, b)\n" in out
    assert "KX001" not in out, "the diff shows it"
    assert "1 file checked: 1 would change" in out
    assert "\x1b" not in out
    assert Path("a.py").read_text() == OLD


def test_write(capsys: Captured) -> None:
    write(a=OLD, b="x = 1\n")
    code, out, _ = run(capsys, "--write", ".")
    assert code == 0
    assert "2 files checked: 1 rewritten" in out
    assert Path("a.py").read_text() == NEW
    code, out, _ = run(capsys, "--write", ".")
    assert code == 0
    assert "0 rewritten" in out
    assert Path("a.py").read_text() == NEW


def test_to_keras(capsys: Captured) -> None:
    write(a=OLD)
    assert run(capsys, "--write", "--to", "keras", "a.py")[0] == 0
    assert "keras_xent.CategoricalCrossentropy(from_logits=True" in Path("a.py").read_text()


@pytest.mark.parametrize(
    ("source", "code"), [(OLD, 1), (FLAGGED, 1), (NEW, 0), (NEW + ESTIMATOR, 0), ("x = 1\n", 0)]
)
def test_check(capsys: Captured, source: str, code: int) -> None:
    write(a=source)
    assert run(capsys, "--check", ".")[0] == code
    assert Path("a.py").read_text() == source
    assert run(capsys, ".")[0] == 0  # without --check findings are no failure


def test_check_of_what_is_good_to_know(capsys: Captured) -> None:
    """On v1 an Estimator's loss needs nothing more; on the way to Keras it does."""
    write(a=OLD + ESTIMATOR)
    assert run(capsys, "--write", ".")[0] == 0
    code, out, _ = run(capsys, "--check", ".")
    assert code == 0
    assert "KX112 noted: TensorFlow 2.15 is the last version" in out
    assert run(capsys, "--check", "--to", "keras", ".")[0] == 1


@pytest.mark.parametrize("arguments", [[], ["--check"], ["--write"]])
def test_a_file_that_cannot_be_parsed(capsys: Captured, arguments: list[str]) -> None:
    write(a=OLD + "print 'a'\n", b=OLD)
    code, out, _ = run(capsys, ".", *arguments)
    assert code == 2
    assert "a.py: error: cannot parse line 3" in out
    assert Path("a.py").read_text() == OLD + "print 'a'\n"
    assert Path("b.py").read_text() == (NEW if "--write" in arguments else OLD)


def test_json(capsys: Captured) -> None:
    write(a=OLD, b=FLAGGED, c="x = 1\n", d=OLD + "(")
    code, report = run_json(capsys, ".")
    assert code == 2
    assert report["summary"] == {
        "files": 4,
        "changed": 1,
        "errors": 1,
        "ported": 1,
        "flagged": 1,
        "noted": 0,
        "flagged_by_rule": {"KX108": 1},
        "noted_by_rule": {},
    }
    assert [(file["path"], file["changed"], file["error"] is None) for file in report["files"]] == [
        ("a.py", True, True),
        ("b.py", False, True),
        ("d.py", False, False),
    ]
    (finding,) = report["files"][0]["findings"]
    assert {**finding, "message": ""} == {
        "line": 2,
        "column": 5,
        "rule": "KX001",
        "action": "ported",
        "message": "",
    }


@pytest.mark.parametrize("mode", ["--write", "--check"])
def test_json_with_other_modes(capsys: Captured, mode: str) -> None:
    write(a=OLD)
    code, report = run_json(capsys, ".", mode)
    assert code == (mode == "--check")
    assert report["summary"]["changed"] == 1


def test_paths_given_twice(capsys: Captured) -> None:
    write(a=OLD)
    code, report = run_json(capsys, "a.py", ".", "./a.py")
    assert code == 0
    assert [file["path"] for file in report["files"]] == ["a.py"]
    assert report["summary"]["files"] == 1


def test_a_link_that_is_given_stays_a_link(capsys: Captured) -> None:
    write(a=OLD)
    Path("link.py").symlink_to("a.py")
    assert run(capsys, "--write", "link.py")[0] == 0
    assert Path("link.py").is_symlink()
    assert Path("a.py").read_text() == NEW


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no files: pass files or directories, or '.' for the current directory"),
        (["nowhere.py"], "there is no file or directory 'nowhere.py'"),
        ([".", "--select", "KX999"], "no rule begins with 'KX999': the rules are KX001"),
        ([".", "--ignore", "E501"], "no rule begins with 'E501'"),
        ([".", "--check", "--write"], "not allowed with argument"),
        ([".", "--to", "jax"], "invalid choice"),
    ],
)
def test_wrong_arguments(
    capsys: Captured, arguments: list[str], message: str, format_: str
) -> None:
    write(a=OLD)
    code, out, err = run(capsys, *arguments, "--format", format_)
    assert (code, out) == (2, "")
    assert message in err
    assert Path("a.py").read_text() == OLD


def test_a_path_that_may_not_be_looked_at(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "exists", refuse)
    code, out, err = run(capsys, "a.py")
    assert (code, out) == (2, "")
    assert "Permission denied: 'a.py'" in err


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        (["--select", "KX001"], {"KX001"}),
        (["--select", "kx108, KX001"], {"KX001", "KX108"}),
        (["--select", "KX0"], {"KX001"}),
        (["--ignore", "KX0"], {"KX108"}),
        (["--select", "KX1", "--ignore", "KX108"], set()),
        (["--select", ""], {"KX001", "KX108"}),
    ],
)
def test_select_and_ignore(capsys: Captured, arguments: list[str], rules: set) -> None:
    write(a=OLD + "loss = getattr(tf.losses, name)\n")
    _, report = run_json(capsys, ".", *arguments)
    assert {each["rule"] for file in report["files"] for each in file["findings"]} == rules


def test_list_rules(capsys: Captured) -> None:
    code, out, _ = run(capsys, "--list-rules")
    assert code == 0
    assert all(rule.code in out for rule in all_rules())


def test_help_tells_the_exit_codes(capsys: Captured) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert "exit codes:" in out


@pytest.mark.parametrize("missing", [["libcst"], ["rich"], ["libcst", "rich"]])
def test_packages_that_are_missing(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, missing: list[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in missing else find_spec(name)
    )
    code, out, err = run(capsys, ".")
    assert (code, out) == (2, "")
    assert err == (
        f"keras-xent migrate needs {' and '.join(missing)}: pip install {' '.join(missing)}\n"
    )


BLOCK = """
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: (
    None if name.split(".")[0] in {names!r} else find_spec(name, *rest)
)
"""


def without(tmp_path: Path, *names: str) -> dict[str, str]:
    """An environment in which modules aren't installed, as far as a program can tell."""
    (tmp_path / "sitecustomize.py").write_text(BLOCK.format(names=names))
    return environment(tmp_path)


@pytest.mark.parametrize("name", ["libcst", "rich"])
def test_a_process_without_a_package(tmp_path: Path, folder: Path, name: str) -> None:
    done = migrate(".", cwd=folder, env=without(tmp_path, name))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"keras-xent migrate needs {name}: pip install {name}\n"


def test_python_m_without_tensorflow(tmp_path: Path, folder: Path) -> None:
    write(a=OLD)
    blocked = environment(tmp_path, ["tensorflow", "keras", "tf_keras"])
    done = migrate("--write", ".", cwd=folder, env=blocked)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("a.py").read_text() == NEW


def test_the_console_script_without_tensorflow(tmp_path: Path, folder: Path) -> None:
    script = tmp_path / "bin" / "keras-xent"
    script.parent.mkdir()
    # What pip writes.
    script.write_text("import sys\nfrom keras_xent_cli.main import main\nsys.exit(main())\n")
    write(a=OLD)
    done = subprocess.run(
        [sys.executable, str(script), "migrate", ".", "--check"],
        env=environment(tmp_path, ["tensorflow", "keras", "tf_keras"]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "1 would change" in done.stdout


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.skipif(not shutil.which("head"), reason="needs head")
def test_a_reader_that_leaves_early(tmp_path: Path, folder: Path, format_: str) -> None:
    call = "x = tf.losses.softmax_cross_entropy(a, b)\n"
    write(a=TF + call * 600)  # more than a pipe holds
    with subprocess.Popen(
        [sys.executable, "-m", "keras_xent_cli", "migrate", ".", "--format", format_],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_terminal_that_lacks_characters(tmp_path: Path, folder: Path) -> None:
    Path("é😀.py").write_text(f"{OLD}# é😀\n", encoding="utf-8")
    env = {**environment(tmp_path), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = migrate(".", cwd=folder, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "+++ b/\\xe9\\U0001f600.py" in done.stdout


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs names of any bytes")
def test_a_name_that_is_no_text(tmp_path: Path, folder: Path) -> None:
    path = os.fsencode(folder) + b"/\xff.py"
    with open(path, "w") as file:  # noqa: PTH123  # Path takes no bytes
        file.write(OLD)
    env = environment(tmp_path)
    done = migrate(".", cwd=folder, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "+++ b/\\udcff.py" in done.stdout
    report = json.loads(migrate(".", "--format", "json", cwd=folder, env=env).stdout)
    assert report["files"][0]["path"] == "\udcff.py"


def in_a_terminal(folder: Path, env: dict[str, str], *arguments: str) -> str:
    """What the command prints to a terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "keras_xent_cli", "migrate", *arguments],
        cwd=folder,
        env={**env, "TERM": "xterm"},
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        printed = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux's way of saying that it is closed
                break
            if not part:
                break
            printed += part
    os.close(ours)
    return printed.decode()


def test_a_terminal_has_colours_unless_told_otherwise(tmp_path: Path, folder: Path) -> None:
    write(a=OLD)
    env = environment(tmp_path)
    assert "\x1b[32m+import keras_xent\x1b[0m" in in_a_terminal(folder, env, ".")
    plain = in_a_terminal(folder, {**env, "NO_COLOR": "1"}, ".")
    assert "+import keras_xent\r\n" in plain
    assert "\x1b[32m" not in plain


def test_a_terminal_gets_json_alone(tmp_path: Path, folder: Path) -> None:
    write(a=OLD)
    printed = in_a_terminal(folder, environment(tmp_path), ".", "--format", "json")
    assert json.loads(printed)["summary"]["changed"] == 1


@pytest.mark.parametrize("mode", ["--check", "--write"])
def test_nothing_to_look_at_is_a_mistake(capsys: Captured, mode: str) -> None:
    Path("empty").mkdir()
    code, out, err = run(capsys, "empty", mode)
    assert (code, out) == (2, "")
    assert "no Python files or notebooks" in err
