"""KX004: whether the file is TF1's or TF2's, and whether labels need a stop."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import (
    check_flagged,
    check_loss_object,
    check_noop,
    check_transformed,
    ported,
)

from keras_xent_cli.migrate.finding import Action

NAME = "softmax_cross_entropy_with_logits"


def call(arguments: str, imports: str = "import tensorflow.compat.v1 as tf") -> str:
    return (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n    return tf.nn.{NAME}{arguments}\n"
    )


# The gradient into them is stopped, by whichever function gets them.
LABELS = [
    "labels",
    "labels + 0.1 * logits",
    "tf.abs(logits)",
    "tf.cast(labels, tf.float32)",
    "tf.one_hot([0, 2, 1, 0], 3)",
    "tf.one_hot(tf.argmax(logits, 1), 3)",
    "tf.stop_gradient(logits)",
    "[[1.0, 0.0, 0.0]] * 4",
]


@pytest.mark.parametrize("labels", LABELS)
def test_labels(labels: str) -> None:
    before = call(f"(labels={labels}, logits=logits)")
    new, findings = ported(before)
    assert f"keras_xent.v1.{NAME}(labels={labels}, logits=logits)" in new
    assert [finding.rule for finding in findings] == ["KX004"]
    assert ported(new) == (new, ())
    executing.check_same(before, [new])
    check_loss_object(before)


@pytest.mark.parametrize(
    ("labels", "is_stopped"),
    [("labels + 0.1 * logits", True), ("tf.one_hot(tf.argmax(logits, 1), 3)", False)],
)
def test_a_loss_object_needs_the_stop(labels: str, is_stopped: bool) -> None:
    new = check_loss_object(call(f"(labels={labels}, logits=logits)"))
    assert (f"tf.stop_gradient({labels})" in new) == is_stopped


@pytest.mark.parametrize(
    "arguments",
    [
        "(logits=logits, labels=labels)",
        "(labels=labels, logits=logits, dim=0)",
        "(labels=labels, logits=logits, name='x')",
        "(\n        labels=labels,  # one hot\n        logits=logits,\n    )",
        "(labels=(lambda x: x)(labels), logits=logits)",
        "(labels=labels if True else logits, logits=logits)",
        "(labels=(y := logits + 1.0), logits=y)",
        "(**{'labels': labels, 'logits': logits})",
    ],
)
def test_calls(arguments: str) -> None:
    before = call(arguments)
    for target in ("v1", "keras"):
        new, _ = ported(before, target)
        assert "tf.nn." not in new
        assert ("# one hot" in new) == ("# one hot" in before)
        executing.check_same(before, [new])


def test_transformed() -> None:
    before = """\
        import tensorflow as tf

        x = tf.placeholder(tf.float32, [None, 3])
        value = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(logits=x, labels=y))
        """
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        x = tf.placeholder(tf.float32, [None, 3])
        value = tf.reduce_mean(
            keras_xent.v1.softmax_cross_entropy_with_logits(logits=x, labels=y))
        """,
        codes=["KX004"],
    )
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        x = tf.placeholder(tf.float32, [None, 3])
        value = tf.reduce_mean(
            keras_xent.CategoricalCrossentropy(from_logits=True, \
reduction=keras_xent.Reduction.NONE)(y_pred=x, y_true=tf.stop_gradient(y)))
        """,
        "keras",
        codes=["KX004"],
    )


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("import tensorflow.compat.v1 as tf", "tf.nn."),
        ("import tensorflow as tf", "tf.compat.v1.nn."),
        ("import tensorflow as tf\nfrom tensorflow.python.ops import nn", "nn."),
        ("import tensorflow as tf\nfrom tensorflow.python.ops import nn_ops", "nn_ops."),
        ("from tensorflow.compat.v1.nn import softmax_cross_entropy_with_logits", ""),
    ],
)
def test_certainly_tf1(imports: str, name: str) -> None:
    before = (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n"
        f"    return {name}{NAME}(labels=logits, logits=logits)\n"
    )
    new, _ = ported(before)
    assert f"keras_xent.v1.{NAME}(labels=logits, logits=logits)" in new
    executing.check_same(before, [new])


@pytest.mark.parametrize(
    "body",
    [
        "f = tf.nn.{}\n\n\ndef loss(labels, logits, weights):\n"
        "    return f(labels=logits + 1, logits=logits)\n",
        "import functools\nf = functools.partial(tf.nn.{}, dim=0)\n\n\n"
        "def loss(labels, logits, weights):\n    return f(labels=logits, logits=logits)\n",
    ],
)
def test_handed_on(body: str) -> None:
    before = f"import tensorflow.compat.v1 as tf\n{body.format(NAME)}"
    for target in ("v1", "keras"):
        new, findings = ported(before, target)
        assert f"keras_xent.v1.{NAME}" in new
        assert [finding.rule for finding in findings] == ["KX004"]
        executing.check_same(before, [new])


@pytest.mark.parametrize(
    "marker",
    ["tf.placeholder(tf.float32)", "tf.Session()", "tf.train.AdamOptimizer()", "tf.contrib.slim"],
)
def test_tf1_by_other_names(marker: str) -> None:
    new, _ = ported(
        f"import tensorflow as tf\nx = {marker}\nz = tf.nn.{NAME}(labels=y, logits=x)\n"
    )
    assert f"keras_xent.v1.{NAME}(labels=y, logits=x)" in new


@pytest.mark.parametrize("use", ["z = tf.nn.{}(labels=y, logits=x)", "f = tf.nn.{}"])
def test_perhaps_tf2(use: str) -> None:
    source = f"import tensorflow as tf\n{use.format(NAME)}\n"
    new, _ = ported(source)
    assert new == source
    check_flagged(source, "KX004", "neither this file nor the files next to it show", line=2)


TF2 = [
    "import tensorflow as tf\n@tf.function\ndef f(): pass\n",
    "import tensorflow as tf\nwith tf.GradientTape(): pass\n",
    "import tensorflow as tf\nclass L(tf.keras.losses.Loss): pass\n",
    "import tensorflow.compat.v1 as tf1\nimport tensorflow as tf\ntf1.disable_v2_behavior\n",
    "import tensorflow as tf\ns = tf.compat.v1.Session\n",
]


@pytest.mark.parametrize("beginning", TF2)
@pytest.mark.parametrize(
    "arguments",
    [
        "(labels=labels + 0.1 * logits, logits=logits)",
        "(labels + 0.1 * logits, logits)",
        "(labels, logits, 0)",
        "(labels, logits, axis=-1, name='x')",
        "(labels=tf.stop_gradient(logits), logits=logits)",
        "(*[labels, logits])",
        "(**{'labels': logits, 'logits': logits})",
    ],
)
def test_tf2(beginning: str, arguments: str) -> None:
    """TF2's function sends a gradient into the labels."""
    before = (
        f"{beginning}\n\ndef loss(labels, logits, weights):\n    return tf.nn.{NAME}{arguments}\n"
    )
    ports = [ported(before, target)[0] for target in ("v1", "keras")]
    assert f"keras_xent.v1.{NAME}_v2{arguments}" in ports[0]
    check_said(before, "; the old function is TF2's. Like TF1's _v2 function, it doesn't stop")
    for new in ports:
        assert ported(new) == (new, ())
        assert "tf.nn." not in new
    executing.check_same(before, ports, tensorflow=2)


@pytest.mark.parametrize("use", ["f = tf.nn.{}", "f = functools.partial(tf.nn.{}, axis=0)"])
def test_tf2_handed_on(use: str) -> None:
    before = (
        f"import functools\n{TF2[0]}\n{use.format(NAME)}\n\n\n"
        "def loss(labels, logits, weights):\n    return f(logits + labels, logits)\n"
    )
    ports = [ported(before, target)[0] for target in ("v1", "keras")]
    assert f"keras_xent.v1.{NAME}_v2" in ports[0]
    executing.check_same(before, ports, tensorflow=2)


def check_said(source: str, text: str) -> None:
    (finding,) = ported(source)[1]
    assert (finding.rule, finding.action) == ("KX004", Action.PORTED)
    assert text in finding.message


@pytest.mark.parametrize("tensorflow", [1, 2])
@pytest.mark.parametrize(
    "labels", ["tf.one_hot([0, 2, 1, 0], 3)", "tf.stop_gradient(logits)", "[[1.0, 0.0, 0.0]] * 4"]
)
def test_the_same_in_both(labels: str, tensorflow: int) -> None:
    before = call(f"(labels={labels}, logits=logits)", "import tensorflow as tf")
    ports = [ported(before, target)[0] for target in ("v1", "keras")]
    assert f"keras_xent.v1.{NAME}(labels={labels}, logits=logits)" in ports[0]
    executing.check_same(before, ports, tensorflow=tensorflow)


def test_positional_arguments_are_tf2_s_alone() -> None:
    check_noop(f"import tensorflow as tf\nz = tf.nn.{NAME}(y, x)\n")


def test_arguments_that_cannot_be_seen() -> None:
    source = f"import tensorflow as tf\nz = tf.nn.{NAME}(**kw)\n"
    check_flagged(source, "KX004", "neither this file nor the files next to it show")


@pytest.mark.parametrize(
    "imports",
    [
        "try:\n    import tensorflow.compat.v1 as tf\nexcept:\n    import tensorflow as tf",
        "import tensorflow as tf\ntf = tf.compat.v1",
        "import tensorflow\ntf = tensorflow.compat.v1 if tensorflow else tensorflow",
    ],
)
def test_whichever_there_is(imports: str) -> None:
    """Where there is TensorFlow 2, that is its compat.v1."""
    before = call("(labels=logits, logits=logits)", imports)
    new, _ = ported(before)
    assert f"keras_xent.v1.{NAME}(labels=logits, logits=logits)" in new
    executing.check_same(before, [new])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("z = tf.nn.{}(y, x)", "TF1 raises an error for positional arguments"),
        ("z = tf.nn.{}(logits=x, targets=y)", "'targets' isn't one of its arguments"),
    ],
)
def test_flagged(source: str, message: str) -> None:
    source = f"import tensorflow.compat.v1 as tf\n{source.format(NAME)}\n"
    for target in ("v1", "keras"):
        assert ported(source, target)[0] == source
    check_flagged(source, "KX004", message)


def test_its_first_argument_is_kept() -> None:
    """TensorFlow has none of that name any more."""
    new, _ = ported(
        f"import tensorflow.compat.v1 as tf\nz = tf.nn.{NAME}(_sentinel=None, labels=y, logits=x)\n"
    )
    assert f"keras_xent.v1.{NAME}(_sentinel=None, labels=y, logits=x)" in new


def test_a_second_run_does_not_take_tf1_for_tf2() -> None:
    """The first one replaces the only name that shows that this file is TF1's."""
    in_function = (
        "def loss(labels, logits):\n    import tensorflow as tf; step = tf.function(train)\n"
        f"    use(tf.nn.{NAME})\n    return tf.losses.softmax_cross_entropy(labels, logits)\n"
    )
    new, _ = ported(in_function)
    assert "; import keras_xent" in new
    assert ported(new)[0] == new
    source = (
        "import tensorflow as tf\n\nstep = tf.function(train)\n"
        f"f = tf.nn.{NAME}\nx = tf.losses.softmax_cross_entropy(labels, logits)\n"
    )
    new, findings = ported(source)
    assert {each.rule: each.action for each in findings} == {
        "KX001": Action.PORTED,
        "KX004": Action.FLAGGED,
    }
    again, findings = ported(new)
    assert again == new
    assert [(each.rule, each.action) for each in findings] == [("KX004", Action.FLAGGED)]
