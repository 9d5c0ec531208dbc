"""KX001, and with it the ways in which programs import and call the function."""

from __future__ import annotations

import re

import pytest
from migrate import executing
from migrate.tools import (
    TARGETS,
    check_flagged,
    check_loss_object,
    check_noop,
    check_not_found,
    check_stays_v1,
    check_transformed,
    loss_call,
    ported,
)

# Imports, and how the code then spells the module of the losses.
IMPORTS = [
    ("import tensorflow as tf", "tf.losses."),
    ("import tensorflow.compat.v1 as tf", "tf.losses."),
    ("import tensorflow.compat.v1 as tf1", "tf1.losses."),
    ("import tensorflow as tf", "tf.compat.v1.losses."),
    ("import tensorflow as tf\n\ntf1 = tf.compat.v1", "tf1.losses."),
    ("import tensorflow.compat.v2 as tf", "tf.compat.v1.losses."),
    ("import tensorflow", "tensorflow.losses."),
    ("import tensorflow", "tensorflow.compat.v1.losses."),
    ("import tensorflow.compat.v1", "tensorflow.compat.v1.losses."),
    ("from tensorflow.compat import v1 as tf", "tf.losses."),
    ("from tensorflow import compat", "compat.v1.losses."),
    ("from tensorflow import losses", "losses."),
    ("from tensorflow.compat.v1 import losses", "losses."),
    ("from tensorflow.compat.v1 import losses as tf_losses", "tf_losses."),
    ("from tensorflow.python.ops.losses import losses", "losses."),
    ("from tensorflow.python.ops.losses import losses_impl", "losses_impl."),
    ("from tensorflow.losses import softmax_cross_entropy", ""),
    ("from tensorflow.compat.v1.losses import softmax_cross_entropy", ""),
    ("import tensorflow as tf\n\nlosses = tf.losses", "losses."),
    ("import tensorflow as tf\n\ntf = tf.compat.v1", "tf.losses."),
    (
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf",
        "tf.losses.",
    ),
    ("try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None", "tf.losses."),
]

# Calls, of which every argument may be moved, dropped or kept by the loss object.
CALLS = [
    "(labels, logits)",
    "(labels, logits, weights)",
    "(labels, logits, 0.4)",
    "(labels, logits, weights=weights)",
    "(labels, logits=logits)",
    "(onehot_labels=labels, logits=logits)",
    "(logits=logits, onehot_labels=labels, weights=weights)",
    "(labels, logits, weights, 0.1)",
    "(labels, logits, label_smoothing=0.1)",
    "(labels, logits, label_smoothing=0, weights=weights)",
    "(labels, logits, weights, 0.1, None, None, tf.losses.Reduction.SUM)",
    "(labels, logits, weights, scope=None, loss_collection=None)",
    "(labels, logits, weights, reduction=tf.losses.Reduction.NONE)",
    "(labels, logits, weights, reduction=tf.losses.Reduction.MEAN)",
    "(labels, logits, weights, reduction=tf.losses.Reduction.SUM_OVER_BATCH_SIZE)",
    "(labels, logits, weights, reduction=tf.losses.Reduction.SUM_BY_NONZERO_WEIGHTS)",
    "(labels, logits, weights, reduction=tf.losses.Reduction.SUM_OVER_NONZERO_WEIGHTS)",
    "(labels, logits, weights, reduction='weighted_sum')",
    "(labels, logits, weights, reduction='none')",
    "(labels, logits, weights > 0)",
    "(labels, logits, tf.cast(weights, tf.int32))",
    "(labels, logits, tf.cast(weights, tf.float64))",
    "(labels, logits, [1.0])",
    "(labels, logits, tf.ones([1]) * 0.5, reduction=tf.losses.Reduction.MEAN)",
    "(tf.cast(labels, tf.int32), logits)",
    "(tf.cast(labels > 0.5, tf.bool), logits)",
    "(tf.one_hot([0, 2, 1, 0], 3), logits, weights)",
    "(labels + 0.1 * logits, logits, weights)",
    "(onehot_labels=tf.abs(logits), logits=logits, label_smoothing=0.2)",
]


def call(arguments: str, imports: str = "import tensorflow as tf", name: str = "tf.losses.") -> str:
    return (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n"
        f"    return {name}softmax_cross_entropy{arguments}\n"
    )


@pytest.mark.parametrize(("imports", "name"), IMPORTS)
def test_imports(imports: str, name: str) -> None:
    before = call("(labels, logits, weights)", imports, name)
    new, findings = ported(before)
    expected = before.replace(f"return {name}softmax", "return keras_xent.v1.softmax")
    if re.search(r"^from .*losses", imports):  # nothing uses it any more
        expected = expected.replace(f"{imports}\n", "")
    assert new.replace("import keras_xent\n", "", 1) == expected
    assert [finding.rule for finding in findings] == ["KX001"]
    as_object, _ = ported(before, "keras")
    executing.check_same(before, [new, as_object])


@pytest.mark.parametrize("arguments", CALLS)
def test_calls(arguments: str) -> None:
    before = call(arguments)
    new, _ = ported(before)
    assert "tf.losses" not in new
    executing.check_same(before, [new])
    check_loss_object(before)


@pytest.mark.parametrize(
    "arguments",
    [
        "(labels, logits, weights)",
        "(labels, logits, weights[:, :1], label_smoothing=0.1)",
        "(labels, logits, weights[:1], reduction=tf.losses.Reduction.MEAN)",
        "(labels, logits, weights[:1, :1], reduction=tf.losses.Reduction.NONE)",
    ],
)
def test_rank_3(arguments: str) -> None:
    check_loss_object(call(arguments), shape=(3, 3, 4))


def test_rank_1() -> None:
    check_loss_object(call("(labels, logits, 0.5)"), shape=(3,))


def test_a_name_is_all_that_changes() -> None:
    check_transformed(
        """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.softmax_cross_entropy(
                onehot_labels=labels,  # one hot
                logits=logits,
                # a mask
                weights=weights,
            )  # the mean
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(
                onehot_labels=labels,  # one hot
                logits=logits,
                # a mask
                weights=weights,
            )  # the mean
        """,
        codes=["KX001"],
    )


def test_loss_object() -> None:
    (message,) = check_transformed(
        """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.softmax_cross_entropy(
                labels,
                logits,
                weights, label_smoothing=0.1,
            )
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.CategoricalCrossentropy(from_logits=True, \
label_smoothing=0.1, reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS)(
                y_true=tf.stop_gradient(labels),
                y_pred=tf.identity(logits),
                sample_weight=weights,
            )
        """,
        "keras",
        codes=["KX001"],
    )
    assert "float32" in message


# What stands around a call; the text of the call is `CALL`.
PLACES = [
    "def loss(labels, logits, weights):\n    if (value := CALL) is not None: return value\n",
    "loss = lambda labels, logits, weights: CALL\n",
    "def loss(labels, logits, weights):\n    values = [CALL for _ in range(2)]\n"
    "    return sum(values)\n",
    "def loss(labels, logits, weights):\n    return tf.reduce_mean(CALL)\n",
    "def loss(labels, logits, weights):\n    return (\n        CALL\n        * 2.0\n    )\n",
    "def loss(labels, logits, weights):\n    with tf.name_scope('x'): return CALL\n",
    "def loss(labels, logits, weights):\n    value = 0.0\n    value += CALL; return value\n",
    "def loss(labels, logits, weights):\n    return f'{1}' and CALL\n",
    "def loss(labels, logits, weights, scale=lambda labels, logits, weights: CALL):\n"
    "    return scale(labels, logits, weights)\n",
    "class Model:\n    def loss(self, labels, logits, weights):\n        return CALL\n"
    "\n\nloss = Model().loss\n",
    "def half(function):\n    return lambda *args: 0.5 * function(*args)\n\n\n"
    "@half\ndef loss(labels, logits, weights):\n    return CALL\n",
    "if hasattr(tf, 'contrib'):\n    loss = None\nelse:\n"
    "    def loss(labels, logits, weights):\n        return CALL\n",
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("place", PLACES)
def test_places(place: str, target: str) -> None:
    text = "tf.losses.softmax_cross_entropy(labels, logits, weights)"
    before = f"import tensorflow as tf\n\n{place.replace('CALL', text)}"
    new, findings = ported(before, target)
    assert text not in new
    assert [finding.rule for finding in findings] == ["KX001"]
    executing.check_same(before, [new])


# References that are not called where they stand: a name for a name, whatever the target.
HANDED_ON = [
    "f = tf.losses.softmax_cross_entropy\n\n\n"
    "def loss(labels, logits, weights):\n    return f(labels, logits, weights)\n",
    "import functools\n"
    "loss = functools.partial(tf.losses.softmax_cross_entropy, label_smoothing=0.1)\n",
    "class Model:\n    function = staticmethod(tf.losses.softmax_cross_entropy)\n\n\n"
    "def loss(labels, logits, weights):\n    return Model.function(labels, logits, weights)\n",
    "def loss(labels, logits, weights, f=tf.losses.softmax_cross_entropy):\n"
    "    return f(labels, logits, weights)\n",
    "LOSSES = {'softmax': tf.losses.softmax_cross_entropy}\n\n\n"
    "def loss(labels, logits, weights):\n    return LOSSES['softmax'](labels, logits, weights)\n",
    "def loss(labels, logits, weights):\n"
    "    return (tf.losses.softmax_cross_entropy if True else None)(labels, logits, weights)\n",
    "def keep(function):\n    return lambda decorated: function\n\n\n"
    "@keep(tf.losses.softmax_cross_entropy)\ndef loss(labels, logits, weights):\n    pass\n",
    "if hasattr(tf, 'losses'):\n    f = tf.losses.softmax_cross_entropy\nelse:\n    f = None\n\n\n"
    "def loss(labels, logits, weights):\n    return f(labels, logits, weights)\n",
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("body", HANDED_ON)
def test_handed_on(body: str, target: str) -> None:
    before = f"import tensorflow as tf\n\n{body}"
    new, findings = ported(before, target)
    assert new.replace("import keras_xent\n", "") == before.replace(
        "tf.losses.softmax", "keras_xent.v1.softmax"
    )
    assert [finding.rule for finding in findings] == ["KX001"]
    executing.check_same(before, [new])


def test_arguments_in_stars() -> None:
    check_stays_v1(
        """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            more = {"weights": weights}
            return tf.losses.softmax_cross_entropy(labels, logits, **more)
        """,
        "it is called with **kwargs",
    )
    check_stays_v1(
        """\
        import tensorflow as tf

        def loss(*args):
            return tf.losses.softmax_cross_entropy(*args)
        """,
        "it is called with *args",
    )


def test_imported_and_assigned() -> None:
    """Both branches are TF1's, and only one of them can be changed at its place."""
    check_transformed(
        """\
        import tensorflow as tf

        try:
            from tensorflow.compat.v1.losses import softmax_cross_entropy as xent
        except ImportError:
            xent = tf.losses.softmax_cross_entropy

        def loss(labels, logits, weights):
            return xent(labels, logits, weights, reduction=tf.losses.Reduction.SUM)
        """,
        """\
        import keras_xent
        import tensorflow as tf

        try:
            from tensorflow.compat.v1.losses import softmax_cross_entropy as xent
        except ImportError:
            xent = keras_xent.v1.softmax_cross_entropy

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(labels, logits, weights, \
reduction=keras_xent.Reduction.SUM)
        """,
        codes=["KX001", "KX001", "KX006"],
    )


def test_a_comment_inside_the_name() -> None:
    before = """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return (tf.losses  # TF1's
                    .softmax_cross_entropy(labels, logits))
        """
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return (keras_xent.v1.softmax_cross_entropy  # TF1's
                    (labels, logits))
        """,
    )
    check_stays_v1(before, "there is a comment inside the function's name")


@pytest.mark.parametrize(
    "name",
    [
        "(tf.losses.softmax_cross_entropy  # TF1's\n)",
        "(  # TF1's\n    tf.losses.softmax_cross_entropy)",
        "(  # TF1's\n    tf.losses).softmax_cross_entropy",
    ],
)
def test_a_comment_in_the_parentheses_of_the_name(name: str) -> None:
    source = loss_call("labels, logits").replace("tf.losses.softmax_cross_entropy", name)
    check_stays_v1(source, "there is a comment inside the function's name")
    assert "# TF1's" in ported(source)[0]
    assert ported(ported(source, "keras")[0], "keras")[0] == ported(source, "keras")[0]


def test_own_import_has_another_name() -> None:
    check_transformed(
        """\
        import keras_xent as kx
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.softmax_cross_entropy(labels, logits, weights)
        """,
        """\
        import keras_xent as kx
        import tensorflow as tf

        def loss(labels, logits, weights):
            return kx.v1.softmax_cross_entropy(labels, logits, weights)
        """,
    )


def test_what_is_ported_becomes_a_loss_object() -> None:
    check_loss_object(
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(labels, logits, weights)
        """
    )
    check_flagged(
        """\
        import keras_xent

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(labels, logits, weights, scope="x")
        """,
        "KX001",
        "stays on v1: a loss object has no scope=",
        target="keras",
    )


def test_either_tensorflows_or_something_else() -> None:
    """One branch can't be followed: the function may be another."""
    check_not_found(
        """\
        import tensorflow as tf
        losses = tf.losses if USE_TF else make_losses()
        value = losses.softmax_cross_entropy(labels, logits)
        """,
        "KX001",
    )


@pytest.mark.parametrize(
    "source",
    [
        "import tensorflow as tf\nvalue = tf.keras.losses.CategoricalCrossentropy()(y, p)\n",
        "import tensorflow.compat.v2 as tf\nvalue = tf.losses.softmax_cross_entropy(y, p)\n",
        "import optax\nvalue = optax.losses.softmax_cross_entropy(logits, labels)\n",
        "import keras_xent\nvalue = keras_xent.CategoricalCrossentropy()(y, p)\n",
        "def softmax_cross_entropy(labels, logits):\n    pass\n\n\n"
        "value = softmax_cross_entropy(labels, logits)\n",
        "# tf.losses.softmax_cross_entropy(y, x)\nx = 'tf.losses.softmax_cross_entropy'\n",
        "import tensorflow as tf  # tf.losses.softmax_cross_entropy\n",
        "",
    ],
)
def test_noop(source: str) -> None:
    check_noop(source)


def test_a_reduction_that_also_assigns_stays() -> None:
    source = (
        "import tensorflow.compat.v1 as tf\n"
        "z = tf.losses.softmax_cross_entropy(a, b, reduction=(y := tf.losses.Reduction).NONE)\n"
    )
    for target in ("v1", "keras"):
        assert "reduction=(y := tf.losses.Reduction).NONE)" in ported(source, target)[0]


def test_a_condition_is_no_name_of_tensorflow() -> None:
    source = (
        "import tensorflow as tf\nimport tensorflow.compat.v1 as tf1\n"
        "z = (tf1 if x else tf.compat.v1).losses.softmax_cross_entropy(a, b)\n"
    )
    new, _ = ported(source, "keras")
    assert "y_true=tf.stop_gradient(a), y_pred=tf.identity(b))" in new
