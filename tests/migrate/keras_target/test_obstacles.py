"""When a call doesn't become a loss object: if in doubt."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import check_loss_object, check_stays_v1, loss_call, ported

STAYS = [
    ("labels, logits, scope='x'", "a loss object has no scope="),
    ("labels, logits, 1.0, 0, 'x'", "a loss object has no scope="),
    ("labels, logits, loss_collection='mine'", "a loss object has no loss_collection="),
    ("labels, logits, label_smoothing=0.1 + 0.1", "label_smoothing= is computed in the call"),
    ("labels, logits, label_smoothing=float('0.1')", "label_smoothing= is computed in the call"),
    ("labels, logits, label_smoothing=tf.constant(0.1)", "label_smoothing= is computed in"),
    ("labels, logits, label_smoothing=-0.1", "treat label_smoothing=-0.1"),
    ("labels, logits, reduction='weighted_sum' or 'none'", "reduction= is computed in the call"),
    ("labels, logits,  # hot\n        label_smoothing=0.1", "there are comments between"),
    ("*(labels, logits)", "it is called with *args"),
    ("labels, logits, **{'weights': weights}", "it is called with **kwargs"),
    (
        "labels, (s := logits), label_smoothing=s is None",
        "label_smoothing= is computed in the call",
    ),
    (
        "labels, logits * (eps := 0.5), label_smoothing=eps",
        "label_smoothing= may change while the call's other arguments are evaluated",
    ),
]
REFUSED = [
    ("labels, logits, None", "it passes weights=None"),
    ("labels, logits, label_smoothing=None", "it passes label_smoothing=None"),
    ("labels, logits, label_smoothing=1.5", "treat label_smoothing=1.5"),
    ("labels, logits, label_smoothing=True", "treat label_smoothing=True"),
    ("labels, logits, label_smoothing='0.1'", "treat label_smoothing='0.1'"),
    ("labels, logits, reduction=None", "it passes reduction=None"),
    # Keras means something else by these, or TF1 nothing.
    ("labels, logits, reduction='mean'", "TF1 raises an error for reduction='mean'"),
    ("labels, logits, reduction='auto'", "TF1 raises an error for reduction='auto'"),
    ("labels, logits, reduction='SUM'", "TF1 raises an error for reduction='SUM'"),
    ("labels, logits, labels, onehot_labels=labels", "'onehot_labels' is passed twice"),
    ("labels, logits, 1, 0, None, None, 'none', 8", "8 positional arguments, but accepts at"),
    ("labels, logits, axis=1", "'axis' isn't one of its arguments"),
    ("labels", "its labels or logits are missing"),
]


def test_a_function_of_tensorflow_by_a_name_that_is_assigned_does_not_change() -> None:
    """The same as after the port, in which it is a function of keras_xent."""
    source = (
        "import tensorflow as tf\ntf = tf.compat.v1\n"
        "z = tf.losses.softmax_cross_entropy(\n"
        "    tf.identity(y), x, reduction=tf.losses.softmax_cross_entropy)\n"
    )
    new, _ = ported(source, "keras")
    assert "keras_xent.CategoricalCrossentropy(" in new
    assert ported(new, "keras")[0] == new


def test_a_constant_of_tensorflow_by_a_name_that_is_assigned_does_not_change() -> None:
    check_loss_object(
        """\
        import tensorflow as tf

        tf = tf.compat.v1

        def loss(labels, logits, weights):
            return tf.losses.softmax_cross_entropy(
                tf.identity(labels), logits, reduction=tf.losses.Reduction.SUM)
        """
    )


@pytest.mark.parametrize(("arguments", "reason"), STAYS)
def test_stays_v1(arguments: str, reason: str) -> None:
    check_stays_v1(loss_call(arguments), reason)


@pytest.mark.parametrize(("arguments", "reason"), REFUSED)
def test_what_tf1_refuses(arguments: str, reason: str) -> None:
    """A program that did not run must not begin to."""
    check_stays_v1(loss_call(arguments).replace("def loss", "def refused"), reason)


def test_handed_on() -> None:
    source = "import tensorflow as tf\nf = tf.losses.softmax_cross_entropy\n"
    check_stays_v1(source, "passed as an argument")


def test_variable() -> None:
    before = "f = tf.losses.softmax_cross_entropy"
    source = loss_call("labels, logits", before).replace(
        "return tf.losses.softmax_cross", "return f #"
    )
    check_stays_v1(source.replace(" #_entropy", ""), "passed as an argument")


# What the constructor gets is evaluated before what its result gets.
CLASS = """\
import tensorflow as tf


class Model:
    smoothing = 0.1

    def network(self, x):
        self.smoothing = 0.3
        return x * 2.0

    def loss(self, labels, logits, weights):
        {before}
        return tf.losses.softmax_cross_entropy(
            labels, {logits}, weights, label_smoothing={smoothing})


def change(model):
    model.smoothing = 0.4
    return 1.0


def loss(labels, logits, weights):
    return Model().loss(labels, logits, weights)
"""


@pytest.mark.parametrize(
    ("logits", "smoothing"),
    [
        ("self.network(logits)", "self.smoothing"),
        ("logits * change(self)", "self.smoothing"),
        ("logits * change(model=self)", "self.smoothing"),
        ("logits * [change(s) for s in [self]][0]", "self.smoothing"),
    ],
)
def test_order_of_evaluation(logits: str, smoothing: str) -> None:
    source = CLASS.format(before="", logits=logits, smoothing=smoothing)
    check_stays_v1(source, "label_smoothing= may change")


@pytest.mark.parametrize(
    ("before", "logits", "smoothing"),
    [
        ("", "logits * self.smoothing", "self.smoothing"),
        ("", "logits * float(self.smoothing)", "self.smoothing"),
        ("smoothing = self.smoothing", "self.network(logits)", "smoothing"),
        ("", "self.network(logits)", "0.1"),
        ("", "self.network(logits)", "Model.smoothing"),
    ],
)
def test_nothing_can_change(before: str, logits: str, smoothing: str) -> None:
    source = CLASS.format(before=before, logits=logits, smoothing=smoothing)
    new, _ = ported(source, "keras")
    assert "CategoricalCrossentropy" in new
    executing.check_same(source, [new])


@pytest.mark.parametrize("value", ["eps", "config.eps", "(0.1)", "0.1", "0", "1", "1.0"])
def test_plain_values_move(value: str) -> None:
    config = "import types\neps = 0.1\nconfig = types.SimpleNamespace(eps=0.2)"
    new = check_loss_object(loss_call(f"labels, logits, weights, {value}", config))
    assert f"label_smoothing={value}, " in new


NN = """
import tensorflow.compat.v1 as tf

def loss(labels, logits, weights):
    labels = tf.cast(labels, tf.float32)
    return tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits_v2(labels={labels}, logits={logits}))
"""


@pytest.mark.parametrize(
    "labels",
    [
        "tf.stop_gradient([labels])",
        "[labels]",
        "tf.expand_dims(labels, 0)",
        "tf.stop_gradient(tf.constant([[0.0, 0.25, 0.75]]))",
    ],
)
def test_labels_that_tf1_fits_to_the_logits(labels: str) -> None:
    check_stays_v1(NN.format(labels=labels, logits="logits"), "broadcasts or flattens them")


def test_labels_and_logits_that_are_both_written_out() -> None:
    check_loss_object(NN.format(labels="[labels]", logits="[logits]"))
