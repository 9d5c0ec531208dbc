"""Where a program changes the collection that contrib's losses join."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import indent

import pytest

from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.running.job import Job
from keras_xent_cli.migrate.running.runner import run_jobs
from keras_xent_cli.migrate.tensorflow.loss_scopes import LossScopes, look_for

IMPORTS = """\
import keras_xent, numpy as np
import tensorflow as tf
import tf_slim as slim
from tf_slim import losses
from tf_slim.losses import add_loss, add_loss as renamed
from project import net
def f(x): return x
class C: pass
"""


def found(source: str) -> LossScopes:
    return look_for([(Path("a.py"), (IMPORTS + source).encode())])


@pytest.mark.parametrize(
    "source",
    [
        "with slim.arg_scope([slim.losses.add_loss], loss_collection=None) as scope: pass",
        "with slim.arg_scope([losses.add_loss]), slim.arg_scope([x]) as scope: pass",
        "with slim.arg_scope([losses.add_loss]):\n    with slim.arg_scope([x]) as scope: pass",
        "with slim.arg_scope([losses.add_loss]):\n    scope = slim.current_arg_scope()",
        "with slim.arg_scope([losses.add_loss]):\n    yield",
        "with slim.arg_scope([losses.add_loss]):\n    await x",
        "arg_scope((losses.add_loss, slim.conv2d), loss_collection='x')",
        "a = slim.losses.add_loss\nslim.arg_scope([a], loss_collection=None)",
        "slim.arg_scope(\n    [slim.conv2d,\n     slim.losses.add_loss\n    ])",
        "a = [add_loss]\nwith slim.arg_scope(a): pass",
        "a = [renamed]\nwith slim.arg_scope(a): pass",
        "with slim.arg_scope([*x, *[add_loss]]): pass",
        "with slim.arg_scope([x] + [add_loss]): pass",
        "with stack(slim.arg_scope([add_loss])): pass",
        "with x:\n    enter(slim.arg_scope([add_loss]))",
        "@slim.arg_scope([add_loss])\ndef g(): pass",
    ],
)
def test_anywhere(source: str) -> None:
    lines = (IMPORTS + source).splitlines()
    in_source = enumerate(lines[8:], start=9)
    line = next(number for number, each in in_source if "add_loss" in each or "renamed" in each)
    scopes = found(f"async def g():\n{indent(source, ' ')}" if "await" in source else source)
    assert scopes.anywhere == f"a.py:{line + ('await' in source)}"


@pytest.mark.parametrize("scope", ["[slim.losses.add_loss], x=1", "(slim.conv2d, renamed)"])
@pytest.mark.parametrize(
    "block",
    [
        "f(x)",
        "net(x)",
        "net.loss(x)",
        "x.loss",
        "x.loss()",
        "C()",
        "tf.add(f, x)",
        "tf.cond(x, y, z)",
        "slim.repeat(x, 3, y)",
        "(lambda: 1)()",
        "eval('x')",
        "a = [tf.exp, f]",
        "net",
        "net.Loss()(x)",
        "slim.conv2d(3)(x)",
    ],
)
def test_around_what_is_elsewhere(scope: str, block: str) -> None:
    source = f"with slim.arg_scope({scope}):\n    {block}"
    assert found(source) == LossScopes(around="a.py:9")


def test_what_is_opened_after_the_scope_runs_in_it() -> None:
    assert found("with slim.arg_scope([add_loss]), f(x): pass").around == "a.py:9"
    assert found("with f(x), slim.arg_scope([add_loss]): pass").around == "a.py:9"


@pytest.mark.parametrize(
    "block",
    [
        "slim.losses.softmax_cross_entropy(x, y)",
        "z = [losses.sigmoid_cross_entropy(x, tf.one_hot(y, len(np.array([1, 2]))))]",
        "with tf.name_scope('a') as n, slim.arg_scope([slim.conv2d]):\n        tf.exp(n)",
        "for i in range(3):\n        print(i)",
        "def g(x):\n        return tf.exp(x)",
        # what the codemod has ported
        "keras_xent.v1.softmax_cross_entropy(x, y)",
        "keras_xent.CategoricalCrossentropy(from_logits=True)(y_true=x, y_pred=y)",
    ],
)
def test_around_nothing_else(block: str) -> None:
    source = f"def h(x, y):\n  with slim.arg_scope([add_loss]):\n    {block}"
    assert found(source) == LossScopes()


@pytest.mark.parametrize(
    "source",
    [
        "slim.losses.add_loss(x)\nwith slim.arg_scope([slim.conv2d]): f(x)",
        "def add_loss(self, x): pass\nslim.arg_scope([slim.conv2d])",
        "self.add_loss, x\nslim.arg_scope([slim.conv2d])",
        "# slim.arg_scope([slim.losses.add_loss])\nslim.arg_scope([slim.conv2d])",
        "slim.arg_scope([slim.conv2d])  # not add_loss",
        "slim.arg_scope([add_losses])",
        "__all__ = ['add_loss', 'x']\nslim.arg_scope([x])",
    ],
)
def test_nothing(source: str) -> None:
    assert found(source) == LossScopes()


def test_the_first_of_each_kind() -> None:
    anywhere, around = b"arg_scope([add_loss])\n", b"with arg_scope([add_loss]): f()\n"
    sources = [(Path("a"), b"\n" + around), (Path("b"), anywhere), (Path("c"), anywhere + around)]
    assert look_for(sources) == LossScopes("b:1", "a:2")


def test_what_cannot_be_read() -> None:
    scope, call = (
        b"print x\nwith arg_scope([add_loss]): f(x)\n",
        b"print x\narg_scope([x]); add_loss(y)",
    )
    assert look_for([(Path("a.py"), call)]) == LossScopes()
    assert look_for([(Path("a.py"), call), (Path("b.py"), scope)]) == LossScopes("b.py:2")
    for ending in (b"\r", b"\r\n"):
        assert look_for([(Path("a.py"), scope.replace(b"\n", ending))]) == LossScopes("a.py:2")


def test_a_notebook() -> None:
    cell = "with slim.arg_scope([slim.losses.add_loss], loss_collection=None):\n    net()\n"
    cells = [{"cell_type": "code", "source": [cell], "metadata": {}, "outputs": []}]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    content = json.dumps(notebook).encode()
    assert look_for([(Path("a.ipynb"), content)]) == LossScopes(around="a.ipynb")


@pytest.mark.parametrize("target", list(Target))
def test_it_counts_for_all_files(tmp_path: Path, target: Target) -> None:
    """The scope is open while other files' functions run."""
    loss, scope = tmp_path / "loss.py", tmp_path / "train.py"
    loss.write_text("import tf_slim as slim\nz = slim.losses.softmax_cross_entropy(x, y)\n")
    scope.write_text("import tf_slim as slim\nslim.arg_scope([slim.losses.add_loss])\n")
    job = Job(options=Options(target), write=True)
    (report,) = [each for each in run_jobs([tmp_path], job).reports if each.findings]
    assert not report.changed
    assert "train.py:2" in report.findings[0].message
    run_jobs([loss], job)
    assert "keras_xent" in loss.read_text()


def test_a_scope_around_another_file_s_function(tmp_path: Path) -> None:
    loss, train = tmp_path / "loss.py", tmp_path / "train.py"
    loss.write_text("import tf_slim as slim\nz = slim.losses.softmax_cross_entropy(x, y)\n")
    train.write_text(
        "import tf_slim as slim\nimport loss\n"
        "with slim.arg_scope([slim.losses.add_loss], loss_collection=None):\n    loss.run()\n"
    )
    of_loss, of_train = run_jobs([tmp_path], Job()).reports
    assert "train.py:3" in of_loss.findings[0].message
    assert "loss_collection=None" in of_train.findings[0].message
