"""KX106."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import check_flagged, check_not_found

from keras_xent_cli.migrate.finding import Action, Finding


def check_noted(source: str, message: str, line: int = 0) -> Finding:
    """It is said, and nothing has to be done, whatever the target."""
    check_flagged(source, "KX106", message, line, "keras", Action.NOTED)
    return check_flagged(source, "KX106", message, line, "v1", Action.NOTED)


BY_HAND = [
    "hot = hot * (1 - eps) + eps / n",
    "hot = (1.0 - eps) * hot + eps / (n - 1)",
    "hot = eps / n + (1 - eps) * hot",
    "hot = tf.one_hot(y, n, on_value=0.9, off_value=0.1 / n)",
    "hot = tf.one_hot(y, n, 0.9, 0.1)",
    "hot = hot * 0.9 + 0.1 / 10",
    "hot = 0.01 + 0.9 * tf.one_hot(i, 10)",
    "smooth = (1 - eps) * hot + eps / n\nhot = smooth",
]
OTHERS = [
    "hot = tf.one_hot(y, n)",
    "hot = tf.one_hot(y, n, 1.0, 0.0)",
    "hot = tf.one_hot(y, n, on_value=1, off_value=0)",
    "hot = hot + 1",
    "hot = hot * 2 + eps",
    "hot = hot * 0.9 + other",
    "hot = hot * 2.0 + 1.0",
    "hot = hot * 1.0 + 1.0",
    "hot = hot * 0.0 + 1.0",
    "hot = hot * (n - 1) + eps / n",
    "hot = hot * (2 - eps) + eps / n",
    "hot = hot * (1 + eps) + eps / n",
]


@pytest.mark.parametrize("line", BY_HAND)
def test_flagged(line: str) -> None:
    check_noted(
        f"import tensorflow as tf\n{line}\nz = tf.losses.softmax_cross_entropy(hot, x)\n",
        "smoothed by hand",
    )


def test_in_the_call() -> None:
    check_noted(
        "import tensorflow as tf\n"
        "z = tf.nn.softmax_cross_entropy_with_logits_v2(\n"
        "    labels=hot * (1 - eps) + eps / n, logits=x)\n",
        "smoothed by hand (line 3)",
        line=2,
    )


def test_of_the_sigmoid() -> None:
    check_noted(
        "import tensorflow as tf\n"
        "z = tf.losses.sigmoid_cross_entropy(y * (1 - eps) + eps / 2, x)\n",
        "label_smoothing=eps computes labels * (1 - eps) + eps / 2. Use it",
    )


@pytest.mark.parametrize("line", OTHERS)
def test_not_found(line: str) -> None:
    check_not_found(
        f"import tensorflow as tf\n{line}\nz = tf.losses.softmax_cross_entropy(hot, x)\n", "KX106"
    )


def test_class_ids_are_never_smoothed() -> None:
    check_not_found(
        "import tensorflow as tf\nids = labels * (1.0 - eps) + eps / 3.0\n"
        "z = tf.losses.sparse_softmax_cross_entropy(ids, x)\n",
        "KX106",
    )


SHARED = [
    "one_hot = tf.one_hot(ids, depth=5, on_value=0.9, off_value=(1 - 0.9) / (5 - 1))",
    "one_hot = tf.one_hot(ids, 5, 0.9, 0.1 / 4)",
    "c, n = 0.7, 5\n    one_hot = tf.one_hot(ids, n, c, (1.0 - c) / (n - 1))",
    "c = weights[0]\n    n = 5\n"
    "    one_hot = tf.one_hot(ids, depth=n, on_value=c, off_value=(1.0 - c) / float(n - 1))",
    "c = weights[0]\n    n = 5\n    low = (1.0 - c) / tf.cast(n - 1, tf.float32)\n"
    "    one_hot = tf.one_hot(ids, depth=n, on_value=c, off_value=low)",
    "eps = weights[0]\n    n = 5\n"
    "    one_hot = tf.one_hot(ids, n, on_value=1 - eps, off_value=eps / (n - 1))",
    "eps = weights[0]\n    high = 1 - eps\n    n = 4 + 1\n"
    "    one_hot = tf.one_hot(ids, n, on_value=high, off_value=eps / (n - 1))",
]
CALLS = {
    "tf.losses.softmax_cross_entropy(one_hot, logits{}": "",
    "tf.nn.softmax_cross_entropy_with_logits_v2(labels=one_hot, logits=logits{}": (
        "keras_xent.v1.softmax_cross_entropy(one_hot, logits, "
        "reduction=keras_xent.Reduction.NONE, loss_collection=None{}"
    ),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("lines", SHARED)
def test_what_the_right_class_lacks_is_shared_among_the_others(lines: str, call: str) -> None:
    """The label_smoothing that the report gives is put where it says, and makes the same loss."""
    source = (
        "import tensorflow as tf\nimport keras_xent\n\n\ndef loss(labels, logits, weights):\n"
        "    ids = tf.argmax(labels, 1)\n    {}\n    return {})\n"
    )
    before = source.format(lines, call.format(""))
    message = check_noted(before, "Plain one-hot labels with label_smoothing=").message
    smoothing = message.split("label_smoothing=")[1].split(" give the same loss")[0]
    if CALLS[call]:
        said = "keras_xent.v1.softmax_cross_entropy has it, and returns the same losses with "
        assert f"{said}reduction=keras_xent.Reduction.NONE, loss_collection=None" in message
    else:
        assert message.endswith("give the same loss (it must be a Python number)")
    new = (CALLS[call] or call).format(f", label_smoothing=({smoothing})")
    plain = f"{lines}\n    one_hot = tf.one_hot(ids, 5)"
    executing.check_same(
        before.replace("weights[0]", "0.7"),
        [source.format(plain, new).replace("weights[0]", "0.7")],
        shape=(4, 5),
    )


@pytest.mark.parametrize(
    "values",
    [
        "n, 0.9, 0.1 / n",
        "n, 0.9, 0.1",
        "n, c, (1 - c) / (m - 1)",
        "n, c, (1 - d) / (n - 1)",
        "n, c, (2 - c) / (n - 1)",
        "n, c, (1 - c) / (n - 2)",
        "n, c, (1 - c) * (n - 1)",
        "n, c, (1 - c) / n",
        "n, 0.9, 0.2 / (n - 1)",
        "10, 0.9, 0.1 / 10",
        "n, c, (1 - c) / (n - 1), 1",
        "n, off_value=c / (n - 1)",
    ],
)
def test_other_values_of_one_hot(values: str) -> None:
    call = f"tf.losses.softmax_cross_entropy(tf.one_hot(y, {values}), x)"
    said = "label_smoothing=(1 - c) * num_classes / (num_classes - 1)"
    check_noted(f"import tensorflow as tf\nz = {call}\n", said)


@pytest.mark.parametrize("axis", ["axis", "dim"])
def test_classes_on_another_axis(axis: str) -> None:
    call = f"tf.nn.softmax_cross_entropy_with_logits_v2(labels={{}}, logits=x, {axis}=1)"
    hot = "tf.one_hot(y, n, c, (1 - c) / (n - 1))"
    found = check_noted(f"import tensorflow as tf\nz = {call.format(hot)}\n", "=eps computes")
    assert "softmax_cross_entropy has it (for classes on the last axis), and" in found.message


@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_which_function_has_label_smoothing(name: str) -> None:
    labels = "labels * (1 - eps) + eps / 2"
    check_noted(
        "import tensorflow as tf\n"
        f"z = tf.nn.{name}_cross_entropy_with_logits(labels={labels}, logits=x)\n",
        f"{name}_cross_entropy_with_logits has no label_smoothing. "
        f"keras_xent.v1.{name}_cross_entropy has it, and",
    )


def test_after_a_call_without_smoothing() -> None:
    check_noted(
        "import tensorflow as tf\n"
        "a = tf.losses.sparse_softmax_cross_entropy(y, x)\n"
        "b = tf.losses.softmax_cross_entropy(hot * (1 - eps) + eps / n, x)\n",
        "smoothed by hand",
        line=3,
    )


def test_the_sigmoid_has_no_other_classes() -> None:
    call = "tf.losses.sigmoid_cross_entropy(tf.one_hot(y, n, c, (1 - c) / (n - 1)), x)"
    finding = check_noted(f"import tensorflow as tf\nz = {call}\n", "by hand")
    assert "num_classes" not in finding.message
