"""Where a program may change the collection that contrib's losses join."""

from __future__ import annotations

from pathlib import Path

import pytest

from keras_xent_cli.migrate.job import Job
from keras_xent_cli.migrate.loss_scopes import find
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.runner import run_jobs


@pytest.mark.parametrize(
    "source",
    [
        "with slim.arg_scope([slim.losses.add_loss], loss_collection=None):",
        "arg_scope((losses.add_loss, slim.conv2d), loss_collection='x')",
        "f = slim.losses.add_loss\nslim.arg_scope([f], loss_collection=None)",
        "slim.arg_scope(\n    [slim.conv2d,\n     slim.losses.add_loss\n    ])",
        rb'"with slim.arg_scope([slim.losses.add_loss]):\n", "  x"'.decode(),
    ],
)
def test_found(source: str) -> None:
    line = source[: source.index("add_loss")].count("\n") + 1
    assert find("a.py", source.encode()) == f"a.py:{line}"


@pytest.mark.parametrize(
    "source",
    [
        "slim.losses.add_loss(x)\nwith slim.arg_scope([slim.conv2d]): pass",
        "from tensorflow.contrib.losses import add_loss\nslim.arg_scope([slim.conv2d])",
        "def add_loss(self, x): pass\nslim.arg_scope([slim.conv2d])",
        "f([slim.losses.add_loss])",
        "# slim.arg_scope([slim.losses.add_loss])\nslim.arg_scope([slim.conv2d])",
        "slim.arg_scope([slim.conv2d])  # not add_loss",
        "slim.arg_scope([add_losses])",
        "__all__ = ['add_loss', 'x']\nslim.arg_scope([x])",
    ],
)
def test_not_found(source: str) -> None:
    assert find("a.py", source.encode()) == ""


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
