"""Random programs and notebooks, always the same: `python -m fuzz.codemod` runs more of them."""

from __future__ import annotations

import ast
import dataclasses
import random
from pathlib import Path

import pytest

from fuzz import codemod, programs
from keras_xent_cli.migrate.registry import all_rules
from keras_xent_cli.migrate.running.job import FileReport, run_job

OLD = b"import tensorflow.compat.v1 as tf\nx = tf.losses.softmax_cross_entropy(a, b)\n"


def test_what_holds_for_random_programs_and_notebooks() -> None:
    for content in codemod.inputs(150, seed=1):
        codemod.check(content)


def test_the_corpus_has_an_example_of_every_rule() -> None:
    found: set[str] = set()
    for path in programs.CORPUS.iterdir():
        content = path.read_bytes()
        codemod.check(content)
        for target in codemod.Target:
            found.update(each.rule for each in codemod.port(path, content, target).findings)
    assert found == {rule.code for rule in all_rules()}


def test_most_inputs_are_python() -> None:
    def is_python(text: str) -> bool:
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
        return True

    texts = [content.decode() for content in codemod.inputs(200, seed=2)]
    assert sum(map(is_python, texts)) > 80
    assert sum(text.startswith("{") for text in texts) > 5
    assert len(set(texts)) > 150


def test_a_program_in_a_notebook() -> None:
    text = (programs.CORPUS / "cells.py").read_text(encoding="utf-8")
    for style in range(8):
        notebook = programs.as_notebook(text, style)
        report = codemod.port(Path("a.ipynb"), notebook.encode(), codemod.Target.V1)
        assert [each.rule for each in report.findings] == ["KX008", "KX006"]
        assert report.changed


@pytest.mark.parametrize(
    ("becomes", "message"),
    [
        ("x = (", "code that doesn't parse"),
        ("{old}\ny = 1\n", "a second run changes it again"),
        ("import keras_xent\n", "the line '# one' has changed"),
    ],
)
def test_a_codemod_that_is_wrong_is_found_out(
    monkeypatch: pytest.MonkeyPatch, becomes: str, message: str
) -> None:
    def wrong(path: Path, job: codemod.Job, content: bytes) -> FileReport:
        report = run_job(path, job, content)
        return dataclasses.replace(report, new=becomes.format(old=report.new))

    monkeypatch.setattr(codemod, "run_job", wrong)
    with pytest.raises(codemod.FoundError, match=message):
        codemod.check(OLD + b"# one\n")


def test_a_cell_that_no_longer_parses_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(path: Path, job: codemod.Job, content: bytes) -> FileReport:
        report = run_job(path, job, content)
        return dataclasses.replace(report, new=report.new.replace("keras_xent.v1", "keras_xent.("))

    monkeypatch.setattr(codemod, "run_job", wrong)
    notebook = programs.as_notebook(OLD.decode(), 0)
    with pytest.raises(codemod.FoundError, match="code that doesn't parse"):
        codemod.check(notebook.encode())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", b"# coding: c\n" + OLD),
        ("a.py", b"# coding: utf-7\nx = '+AGE-'\n" + OLD),
        ("a.py", b"x = (\n" + OLD),
        ("a.py", b"keras_xent = 1\n" + OLD),
        ("a.py", b"x = " + b"-" * 100_000 + b"1\n" + OLD),
        ("a.py", b"\0\n" + OLD),
        ("a.ipynb", b"{'tf.losses.softmax_cross_entropy': 1}"),
        ("a.ipynb", b'{"cells": {"tf.losses.softmax_cross_entropy": 1}}'),
        (
            "a.ipynb",
            b'{"worksheets": [{"cells": [{"cell_type": "code", '
            b'"input": "tf.losses.softmax_cross_entropy(a, b)"}]}]}',
        ),
    ],
)
def test_errors_that_are_right(name: str, content: bytes) -> None:
    for target in codemod.Target:
        assert codemod.port(Path(name), content, target).error


def test_an_error_that_is_not_documented_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, job: codemod.Job, content: bytes) -> FileReport:
        return FileReport(str(path), error="the codemod failed (IndexError: 0)")

    monkeypatch.setattr(codemod, "run_job", fail)
    with pytest.raises(codemod.FoundError, match="IndexError"):
        codemod.check(OLD)


def test_a_second_run_that_reports_something_new_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs: list[FileReport] = []

    def forgetful(path: Path, job: codemod.Job, content: bytes) -> FileReport:
        runs.append(run_job(path, job, content))
        found = [each for each in runs[-1].findings if each.rule != "KX101" or len(runs) > 1]
        return dataclasses.replace(runs[-1], findings=tuple(found))

    monkeypatch.setattr(codemod, "run_job", forgetful)
    with pytest.raises(codemod.FoundError, match=r"reports something new.*KX101"):
        codemod.check(OLD.replace(b"a, b", b"logits, labels"))


def test_the_same_seed_makes_the_same_inputs() -> None:
    assert codemod.inputs(20, seed=3) == codemod.inputs(20, seed=3)
    assert codemod.inputs(20, seed=3) != codemod.inputs(20, seed=4)


def test_a_mutation_of_anything_is_a_text() -> None:
    pool, rng = programs.seeds(), random.Random(0)
    for text in ["", "\n", "{", "{}", '{"cells": []}', "(", "é", "x = 1"]:
        for _ in range(30):
            assert isinstance(programs.mutated(text, pool, rng), str)


def test_a_name_of_ours_needs_our_import() -> None:
    """With the import that a port adds, the other line is ours too, and a second run ports it."""
    ours = b"y = keras_xent.v1.softmax_cross_entropy(onehot_labels=a, logits=b)\n"
    codemod.check(ours + OLD)
    codemod.check(ours + OLD + b"# %%\nfrom keras_xent_cli.main import main\n")
    codemod.check((ours + OLD).replace(b"\n", b"\r"))
    # A cell that can't be parsed imports nothing.
    codemod.check(ours + OLD + b"# %%\n@a\n\nimport keras_xent\n")
