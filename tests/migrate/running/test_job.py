"""One file through the codemod."""

from __future__ import annotations

import ast
import gc
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from keras_xent_cli.migrate import engine
from keras_xent_cli.migrate.finding import Action
from keras_xent_cli.migrate.running import files, job
from keras_xent_cli.migrate.running.job import FileReport, Job

OLD = "import tensorflow.compat.v1 as tf\nx = tf.losses.softmax_cross_entropy(a, b)\n"
NEW = (
    "import keras_xent\nimport tensorflow.compat.v1 as tf\n"
    "x = keras_xent.v1.softmax_cross_entropy(a, b)\n"
)
WRITE = Job(write=True)


def run_job(path: Path, settings: Job) -> FileReport:
    """What the runner does with one file."""
    report = job.run_job(path, settings)
    return job.write(report) if settings.write else report


def run(path: Path, content: bytes, settings: Job = WRITE) -> FileReport:
    path.write_bytes(content)
    return run_job(path, settings)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.py"


def check_left(path: Path, content: bytes, report: FileReport) -> None:
    """The file is as it was, alone, and its error is told."""
    assert report.error is not None
    assert not report.changed
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_without_write_nothing_is_written(path: Path) -> None:
    report = run(path, OLD.encode(), Job())
    assert report.changed
    assert (report.old, report.new) == (OLD, NEW)
    assert path.read_text() == OLD


def test_with_write_the_file_is_rewritten(path: Path) -> None:
    report = run(path, OLD.encode())
    assert report.changed
    assert report.path == str(path)
    assert [(each.line, each.column, each.rule) for each in report.findings] == [(2, 5, "KX001")]
    assert path.read_text() == NEW


def test_a_second_run_changes_nothing(path: Path) -> None:
    run(path, OLD.encode())
    inode = path.stat().st_ino
    report = run_job(path, WRITE)
    assert not report.changed
    assert report.findings == ()
    assert path.read_text() == NEW
    assert path.stat().st_ino == inode


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "cookie"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-8-sig", "# coding: utf-8\n"),
        ("latin-1", "# -*- coding: latin-1 -*-\n"),
    ],
)
def test_encodings_and_line_endings_stay(
    path: Path, ending: str, encoding: str, cookie: str
) -> None:
    if ending == "\r" and encoding == "latin-1":
        pytest.skip("Python finds no coding comment where no line ends in a line feed")

    def content(source: str) -> bytes:
        text = f"{cookie}{source}y = 'é'  # é  \n\t\n\x0c\n"
        return text.replace("\n", ending).encode(encoding)

    old = OLD.replace("import", "import os\nimport", 1)
    new = NEW.replace("import", "import os\nimport", 1).replace(
        "os\nimport keras_xent\n", "keras_xent\nimport os\n"
    )
    assert run(path, content(old)).error is None
    # After os, which is where the alphabet has it, or before: the bytes beside it are what counts.
    written = path.read_bytes().replace(f"import keras_xent{ending}".encode(), b"")
    expected = content(new).replace(f"import keras_xent{ending}".encode(), b"")
    assert written == expected


def test_mixed_line_endings_stay(path: Path) -> None:
    old = OLD.replace("\nx", "\r\nx") + "y = '''\r\n\r'''\rz = 1"
    assert run(path, old.encode()).error is None
    new = NEW.replace("tf\nx", "tf\r\nx").replace("keras_xent\n", "keras_xent\r\n", 1)
    assert path.read_bytes() == (new + "y = '''\r\n\r'''\rz = 1").encode()


@pytest.mark.parametrize("before", ["'é'", "'😀'", "'e\u0301字'", "'\u2028'"])
def test_columns_after_wide_characters(path: Path, before: str) -> None:
    old = (
        f"import tensorflow.compat.v1 as tf\nx = {before}, tf.losses.softmax_cross_entropy(a, b)\n"
    )
    report = run(path, old.encode())
    (finding,) = report.findings
    assert finding.column == len(f"x = {before}, ") + 1
    assert path.read_text(encoding="utf-8").split("\n", 2)[2] == (
        f"x = {before}, keras_xent.v1.softmax_cross_entropy(a, b)\n"
    )


def test_the_mode_stays(path: Path) -> None:
    path.touch()
    path.chmod(0o755)
    run(path, OLD.encode())
    assert path.read_text() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (OLD + "print 'a'\n", "cannot parse line 3: .* \\(if this is Python 2, convert it"),
        (OLD + "exec 'a'\n", "cannot parse line 3: .* \\(if this is Python 2, convert it"),
        (OLD + "y = `a`\n", "cannot parse line 3: invalid syntax"),
        (OLD + "y = (\n", "cannot parse line"),
        (OLD + "\0", "null byte"),
        (OLD + "keras_xent = 1\n", "line 3 uses the name keras_xent for something else"),
        (OLD + "y = " + "(" * 3000 + ")" * 3000, "cannot parse |too large or deeply nested"),
        (OLD + "y = " + "-" * 30000 + "1", "cannot parse |too large or deeply nested"),
        (OLD + "y = a" + ".b" * 5000, "too large or deeply nested"),
    ],
    ids=["print", "exec", "backticks", "open", "null", "taken", "parentheses", "minus", "dots"],
)
def test_files_that_cannot_be_ported_are_left(path: Path, content: str, error: str) -> None:
    report = run(path, content.encode())
    check_left(path, content.encode(), report)
    assert report.error is not None
    with pytest.raises(ValueError, match=error):
        raise ValueError(report.error)


@pytest.mark.parametrize(
    "content",
    [OLD.encode() + b"# \xff", b"# coding: x\n" + OLD.encode(), b"\xff\xfe" + OLD.encode()],
)
def test_files_that_cannot_be_decoded_are_left(path: Path, content: bytes) -> None:
    check_left(path, content, run(path, content))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    report = run_job(tmp_path / "a.py", WRITE)
    assert report == FileReport(str(tmp_path / "a.py"), error="No such file or directory")
    assert run_job(tmp_path, WRITE).error == "Is a directory"


def test_a_read_only_file_is_left(path: Path) -> None:
    path.write_text(OLD)
    path.chmod(0o444)
    report = run_job(path, WRITE)
    check_left(path, OLD.encode(), report)
    assert report.error == "the file is read-only: make it writable, or don't pass it"
    assert run_job(path, Job()).changed


def test_a_link_loop(tmp_path: Path) -> None:
    loop = tmp_path / "a.py"
    loop.symlink_to("a.py")
    assert run_job(loop, WRITE).error is not None


def test_a_file_that_changes_while_it_is_ported_is_left(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = files.decode

    def decode_while_someone_saves(content: bytes) -> files.Text:
        path.write_text("saved meanwhile")
        return decode(content)

    monkeypatch.setattr(files, "decode", decode_while_someone_saves)
    report = run(path, OLD.encode())
    check_left(path, b"saved meanwhile", report)


def test_a_replacement_that_fails_leaves_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    report = run(path, OLD.encode())
    check_left(path, OLD.encode(), report)
    assert report.error == "No space left on device"


def test_a_port_that_would_not_parse_is_not_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "apply", lambda text, edits: "x = (")
    report = run(path, OLD.encode())
    check_left(path, OLD.encode(), report)
    assert "would not parse" in str(report.error)


def test_a_mistake_of_ours_costs_one_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> Any:
        raise KeyError("x")

    monkeypatch.setattr(job, "port", fail)
    report = run(path, OLD.encode())
    check_left(path, OLD.encode(), report)
    assert report.error == (
        "the codemod failed (KeyError: 'x'), so the file stays unchanged. Please report this"
    )


@pytest.mark.parametrize("content", [b"", b"x = 1\n", b"\xff\0 no Python ("])
def test_what_has_no_call_is_not_even_parsed(
    path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(ast, "parse", lambda *args: pytest.fail("must not be parsed"))
    report = run(path, content)
    assert report == FileReport(str(path))
    assert not report.changed


def test_rules_are_chosen(path: Path) -> None:
    assert run(path, OLD.encode(), Job(select=("KX1",))).findings == ()
    assert run(path, OLD.encode(), Job(ignore=("KX001",))).findings == ()
    assert len(run(path, OLD.encode(), Job(select=("KX001",))).findings) == 1


def notebook(*sources: str) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "source": ["# é"]}]
    cells += [{"cell_type": "code", "source": source.splitlines(True)} for source in sources]
    return {"cells": cells, "nbformat": 4}


def test_a_notebook(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    first, second = OLD.splitlines()
    old = json.dumps(notebook(first, f"'''\n'''\n{second}"), indent=1)
    report = run(path, old.encode())
    (finding,) = report.findings
    assert (finding.line, finding.column, finding.action) == (3, 5, Action.PORTED)
    assert finding.message.startswith("cell 3: ")
    new_first, _, new_second = NEW.rstrip().rpartition("\n")
    assert path.read_text() == json.dumps(notebook(new_first, f"'''\n'''\n{new_second}"), indent=1)
    assert not run_job(path, WRITE).changed


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("1\nprint 'a', compute_weighted_loss(x)", "cannot parse cell 3, line 2: .* is Python 2"),
        ("x = (tf.losses.softmax_cross_entropy", "cannot parse cell 3, line 1"),
        ("'''softmax_cross_entropy(", "cannot parse cell 3, line 1"),
    ],
)
def test_a_syntax_error_in_a_notebook(tmp_path: Path, bad: str, error: str) -> None:
    path = tmp_path / "a.ipynb"
    content = json.dumps(notebook("\n" * 10, bad, OLD)).encode()
    report = run(path, content)
    check_left(path, content, report)
    with pytest.raises(ValueError, match=error):
        raise ValueError(report.error)


def test_code_that_begins_in_one_cell_and_ends_in_the_next(tmp_path: Path) -> None:
    first, second = "x = tf.losses.softmax_cross_entropy(", "    y, z)"
    content = json.dumps(notebook(OLD, first, second)).encode()
    report = run(tmp_path / "a.ipynb", content)
    check_left(tmp_path / "a.ipynb", content, report)
    assert str(report.error).startswith("cannot parse cell 3, line 1")


NOTHING = [
    "x = # TODO",
    "x = # TODO\n",
    "print 'a'\n",
    "x = (\n",
    "'''\n",
    "x = # TODO: tf.losses.softmax_cross_entropy\n",
    "'''tf.losses.softmax_cross_entropy'''\nprint 'a'\n",
    "def f():\n    # softmax_cross_entropy\n    '''softmax_cross_entropy.'''\n    x = # TODO\n",
    "x = tf.keras.losses.Reduction.NONE, # TODO\ny =\n",
]


@pytest.mark.parametrize("bad", [each for each in NOTHING if "print" not in each])
def test_a_cell_that_cannot_be_parsed_and_holds_nothing(tmp_path: Path, bad: str) -> None:
    """It stays as it is, and the others are ported."""
    path = tmp_path / "a.ipynb"
    report = run(path, json.dumps(notebook(bad, OLD, bad), indent=1).encode())
    assert report.error is None
    assert [finding.rule for finding in report.findings] == ["KX001"]
    assert report.findings[0].message.startswith("cell 3: ")
    assert path.read_text() == json.dumps(notebook(bad, NEW, bad), indent=1)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_line_of_a_finding_in_a_cell(tmp_path: Path, ending: str) -> None:
    first, second, _ = OLD.split("\n")
    book = notebook(ending.join([first, "%matplotlib inline", "", second, "%time x"]))
    (finding,) = run(tmp_path / "a.ipynb", json.dumps(book).encode()).findings
    assert (finding.line, finding.column) == (4, 5)


def test_a_notebook_of_python_2(tmp_path: Path) -> None:
    """Another cell's port would not make it run."""
    path = tmp_path / "a.ipynb"
    content = json.dumps(notebook(OLD, "print 'a'\n"), indent=1).encode()
    report = run(path, content)
    check_left(path, content, report)
    assert "cell 3, line 1" in str(report.error)
    assert "if this is Python 2" in str(report.error)


@pytest.mark.parametrize(
    "rest",
    ["z = tf.keras.losses.Reduction.NONE\n", "# tf.nn.softmax_cross_entropy_with_logits\n", ""],
)
@pytest.mark.parametrize("bad", NOTHING)
def test_a_file_that_cannot_be_parsed_and_holds_nothing(path: Path, bad: str, rest: str) -> None:
    for content in (rest + bad, bad + rest):
        assert run(path, content.encode()) == FileReport(str(path))
        book = path.with_suffix(".ipynb")
        report = run(book, json.dumps(notebook(bad, rest)).encode())
        assert (report.error, report.findings, report.changed) == (None, (), False)


@pytest.mark.parametrize("hold", [True, False])
def test_a_notebook_of_format_3(tmp_path: Path, hold: bool) -> None:
    """What it shows and what it explains is no code."""
    code = {"cell_type": "code", "input": [OLD if hold else "x = 1\n"], "outputs": [OLD]}
    text = {"cell_type": "markdown", "source": [OLD]}
    path = tmp_path / "a.ipynb"
    content = json.dumps({"worksheets": [{"cells": [text, code]}], "nbformat": 3}).encode()
    report = run(path, content)
    assert ("format 3" in str(report.error)) == hold
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [OLD, '{"cells": [softmax_cross_entropy', "[" * 100000])
def test_a_notebook_that_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.ipynb"
    content += " softmax_cross_entropy"
    check_left(path, content.encode(), run(path, content.encode()))


@pytest.mark.parametrize(
    ("cell", "line", "column"),
    [
        ("%time l = tf.losses.softmax_cross_entropy(y, x)", 1, 21),
        ("a = 1\nx = %timeit -o tf.losses.softmax_cross_entropy(y, x)", 2, 26),
        ("%%writefile a.py\nl = tf.losses.softmax_cross_entropy(y, x)", 2, 15),
        ("a = 1\r%time l = tf.losses.softmax_cross_entropy(y, x)\rb = 2", 2, 21),
        ("a = 1\r\n!f \\\r\n tf.losses.softmax_cross_entropy\r\nb = 2", 3, 12),
    ],
)
def test_what_stands_behind_a_magic_is_named(
    tmp_path: Path, cell: str, line: int, column: int
) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(notebook(OLD, cell, "# softmax_cross_entropy")))
    for settings, found in ((Job(), 1), (Job(ignore=("KX110",)), 0)):
        flagged = [each for each in run_job(path, settings).findings if each.rule == "KX110"]
        assert [(each.line, each.column) for each in flagged] == [(line, column)] * found
        assert all(
            "softmax_cross_entropy follows a magic" in each.message for each in flagged
        )


def test_a_notebook_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    content = json.dumps(notebook(OLD)).encode("utf-8-sig")
    assert run(path, content).changed
    assert path.read_bytes() == json.dumps(notebook(NEW)).encode("utf-8-sig")


def test_a_directory_s_permissions(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> Any:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    report = run(path, OLD.encode())
    check_left(path, OLD.encode(), report)
    assert report.error == "can't create a temporary file in its folder: Permission denied"


@pytest.mark.parametrize("content", [OLD, "def f(:  # softmax_cross_entropy"])
def test_the_collector_is_left_as_it_was(path: Path, content: str) -> None:
    for was_enabled in (True, False):
        (gc.enable if was_enabled else gc.disable)()
        try:
            run(path, content.encode())
            assert gc.isenabled() is was_enabled
        finally:
            gc.enable()
