"""The codemod and TensorFlow's own `tf_upgrade_v2`, one after the other."""

from __future__ import annotations

from pathlib import Path

import processes
import pytest
from migrate import executing
from migrate.tools import ported

TF = "import tensorflow as tf\n\n\n"
PROGRAMS = {
    "everything": TF
    + """\
def loss(labels, logits, weights):
    moved = labels + 0.1 * logits
    stopped = tf.nn.softmax_cross_entropy_with_logits(labels=moved, logits=logits)
    sent = tf.nn.softmax_cross_entropy_with_logits_v2(labels=moved, logits=logits)
    by_position = tf.nn.softmax_cross_entropy_with_logits_v2(moved, logits)
    along = tf.nn.softmax_cross_entropy_with_logits_v2(labels=moved, logits=logits, dim=0)
    ids = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.argmax(labels, 1), logits=logits)
    binary = tf.nn.sigmoid_cross_entropy_with_logits(labels=moved, logits=logits)
    reduced = tf.losses.softmax_cross_entropy(labels, logits, weights, label_smoothing=0.1)
    summed = tf.losses.sparse_softmax_cross_entropy(
        tf.argmax(labels, 1), logits, weights, reduction=tf.losses.Reduction.SUM)
    elements = tf.losses.sigmoid_cross_entropy(labels, logits, 0.5)
    weighted = tf.losses.compute_weighted_loss(sent, weights)
    examples = stopped + 2.0 * sent + 3.0 * by_position + 5.0 * ids
    return (tf.reduce_mean(examples) + tf.reduce_sum(along) + 7.0 * tf.reduce_mean(binary)
            + reduced + summed + elements + weighted)


session = tf.Session
""",
    # Nothing here becomes a name of tf.compat.v1, and labels carry no gradient.
    "only_a_call": TF
    + """\
def loss(labels, logits, weights):
    return tf.nn.softmax_cross_entropy_with_logits(labels=labels + logits, logits=logits)
""",
    "handed_on": TF
    + """\
xent = tf.nn.softmax_cross_entropy_with_logits
session = tf.Session


def loss(labels, logits, weights):
    return xent(labels=labels + 0.1 * logits, logits=logits)
""",
}


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `tf_upgrade_v2` makes of the programs, and of what the codemod has made of them."""
    folder = tmp_path_factory.mktemp("upgraded")
    (folder / "old").mkdir()
    for name, source in PROGRAMS.items():
        (folder / "old" / f"{name}.py").write_text(source)
        (folder / "old" / f"{name}_ported.py").write_text(ported(source)[0])
    tool = "tensorflow.tools.compatibility.tf_upgrade_v2_main"
    program = f"import runpy; runpy.run_module({tool!r}, run_name='__main__')"
    folders = ["--intree", "old", "--outtree", "new", "--reportfile", "report.txt"]
    processes.printed_by(["-c", program, *folders], cwd=folder)
    return {path.stem: path.read_text() for path in Path(folder, "new").iterdir()}


def check_same(before: str, after: str) -> None:
    """A program of TF1 and one of TF2 compute the same."""
    arrays = executing.inputs()
    executing.assert_same(
        executing.results(after, arrays, tensorflow=2), executing.results(before, arrays)
    )


@pytest.mark.parametrize("target", ["v1", "keras"])
def test_after_it(upgraded: dict[str, str], target: str) -> None:
    new, findings = ported(upgraded["everything"], target)
    assert "tf.nn." not in new
    assert ".losses." not in new
    assert len(findings) >= 11
    check_same(PROGRAMS["everything"], new)


def test_after_it_where_the_labels_tell(upgraded: dict[str, str]) -> None:
    """It stops the gradient into the labels, so that either function is the same."""
    assert "labels=tf.stop_gradient(labels + logits)" in upgraded["only_a_call"]
    new, findings = ported(upgraded["only_a_call"])
    assert [finding.rule for finding in findings] == ["KX004"]
    assert "keras_xent.v1." in new
    check_same(PROGRAMS["only_a_call"], new)


@pytest.mark.parametrize("name", ["everything", "handed_on"])
def test_before_it(upgraded: dict[str, str], name: str) -> None:
    """What the codemod has written stays."""
    new = upgraded[f"{name}_ported"]
    for line in ported(PROGRAMS[name])[0].splitlines():
        assert "keras_xent" not in line or line in new
    assert ported(new) == (new, ())
    check_same(PROGRAMS[name], new)


def test_why_before_it_is_better(upgraded: dict[str, str]) -> None:
    """A function that is handed on becomes TF2's, which sends a gradient into the labels."""
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_same(PROGRAMS["handed_on"], upgraded["handed_on"])
    new, _ = ported(upgraded["handed_on"])
    assert "xent = keras_xent.v1.softmax_cross_entropy_with_logits_v2" in new
