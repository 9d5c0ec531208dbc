"""KX006."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import check_noop, check_transformed, ported

from keras_xent_cli.migrate.engine import port
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import chosen_rules

CONSTANTS = {
    "NONE": "NONE",
    "SUM": "SUM",
    "MEAN": "MEAN",
    "SUM_OVER_BATCH_SIZE": "SUM_OVER_BATCH_SIZE",
    "SUM_BY_NONZERO_WEIGHTS": "SUM_BY_NONZERO_WEIGHTS",
    "SUM_OVER_NONZERO_WEIGHTS": "SUM_OVER_NONZERO_WEIGHTS",
}
STRINGS = {
    "none": "NONE",
    "weighted_sum": "SUM",
    "weighted_mean": "MEAN",
    "weighted_sum_over_batch_size": "SUM_OVER_BATCH_SIZE",
    "weighted_sum_by_nonzero_weights": "SUM_BY_NONZERO_WEIGHTS",
}
SPELLINGS = [
    *[(f"tf.losses.Reduction.{name}", member) for name, member in CONSTANTS.items()],
    *[(repr(string), member) for string, member in STRINGS.items()],
    ("tf.compat.v1.losses.Reduction.SUM", "SUM"),
    ("losses.Reduction.SUM", "SUM"),
    ("Reduction.MEAN", "MEAN"),
]


@pytest.mark.parametrize(("old", "member"), SPELLINGS)
def test_in_a_call(old: str, member: str) -> None:
    before = (
        "import tensorflow as tf\nfrom tensorflow import losses\n"
        "from tensorflow.losses import Reduction\n\n\n"
        "def loss(labels, logits, weights):\n"
        f"    return losses.softmax_cross_entropy(labels, logits, weights, reduction={old})\n"
    )
    new, findings = ported(before)
    assert f"weights, reduction=keras_xent.Reduction.{member})" in new
    assert [finding.rule for finding in findings] == ["KX001", "KX006"]
    assert ported(new) == (new, ())
    executing.check_same(before, [new, ported(before, "keras")[0]])


def test_by_position_and_in_a_partial() -> None:
    check_transformed(
        """\
        import functools
        import tensorflow as tf

        total = functools.partial(
            tf.losses.compute_weighted_loss, reduction=tf.losses.Reduction.SUM)

        def loss(labels, logits, weights):
            return total(tf.losses.softmax_cross_entropy(
                labels, logits, weights, 0.0, None, None, tf.losses.Reduction.NONE))
        """,
        """\
        import functools
        import keras_xent
        import tensorflow as tf

        total = functools.partial(
            keras_xent.v1.compute_weighted_loss, reduction=keras_xent.Reduction.SUM)

        def loss(labels, logits, weights):
            return total(keras_xent.v1.softmax_cross_entropy(
                labels, logits, weights, 0.0, None, None, keras_xent.Reduction.NONE))
        """,
        codes=["KX002", "KX006", "KX001", "KX006"],
    )


def test_a_comment_inside_the_name() -> None:
    (_, message) = check_transformed(
        """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.softmax_cross_entropy(
                labels, logits, weights, reduction=tf.losses  # TF1's
                .Reduction.SUM)
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(
                labels, logits, weights, reduction=keras_xent.Reduction.SUM  # TF1's
                )
        """,
    )
    assert message == "tf.losses.Reduction.SUM becomes keras_xent.Reduction.SUM"


def test_either_of_two() -> None:
    check_transformed(
        """\
        import tensorflow as tf

        mode = "weighted_sum"

        def loss(labels, logits, weights):
            return tf.losses.softmax_cross_entropy(
                labels, logits, weights,
                reduction=tf.losses.Reduction.NONE if mode == "weighted_sum" else "weighted_mean")
        """,
        """\
        import keras_xent
        import tensorflow as tf

        mode = "weighted_sum"

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(
                labels, logits, weights,
                reduction=keras_xent.Reduction.NONE if mode == "weighted_sum" else \
keras_xent.Reduction.MEAN)
        """,
        codes=["KX001", "KX006", "KX006"],
    )


@pytest.mark.parametrize("value", ["CONFIG['none']", "choose('weighted_sum')", "'sum'", "mode"])
def test_what_only_leads_to_one_is_left(value: str) -> None:
    new, findings = ported(
        "import tensorflow as tf\n"
        f"z = tf.losses.softmax_cross_entropy(labels, logits, reduction={value})\n"
    )
    assert f"reduction={value})" in new
    assert [finding.rule for finding in findings] == ["KX001"]


@pytest.mark.parametrize("name", CONSTANTS)
def test_what_may_be_of_another_class_is_left(name: str) -> None:
    new, findings = ported(
        "import tensorflow as tf\n"
        "if x:\n    from tensorflow.losses import Reduction\n"
        "else:\n    from project import Reduction\n"
        f"z = tf.losses.softmax_cross_entropy(labels, logits, reduction=Reduction.{name})\n"
    )
    assert f"reduction=Reduction.{name})" in new
    assert [finding.rule for finding in findings] == ["KX001"]


def test_not_without_its_call() -> None:
    """TF1's function would refuse the name that is keras_xent's."""
    source = """\
import tensorflow as tf
z = tf.losses.softmax_cross_entropy(  # keras-xent: ignore
    labels, logits,
    reduction=tf.losses.Reduction.SUM)
"""
    assert ported(source) == (source, ())
    whole = source.replace("  # keras-xent: ignore", "")
    assert port(whole, chosen_rules(["KX006"]), Options()) == (whole, ())
    assert port(whole, chosen_rules(["KX001", "KX006"]), Options())[0] != whole


def test_not_in_a_call_of_a_variable() -> None:
    """Its value may be another's, in a branch or in another line that is ignored."""
    source = """\
import tensorflow as tf
f = tf.losses.softmax_cross_entropy  # keras-xent: ignore
z = f(labels, logits, reduction=tf.losses.Reduction.SUM)
"""
    check_noop(source)


def test_in_a_call_that_is_ported_already() -> None:
    check_transformed(
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(
                labels, logits, reduction=tf.compat.v1.losses.Reduction.SUM)
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(
                labels, logits, reduction=keras_xent.Reduction.SUM)
        """,
        codes=["KX006"],
    )


def test_the_package_is_imported_for_a_constant_alone() -> None:
    check_transformed(
        """\
        import tensorflow as tf
        from keras_xent import v1

        def loss(labels, logits, weights):
            return v1.softmax_cross_entropy(
                labels, logits, reduction=tf.compat.v1.losses.Reduction.SUM)
        """,
        """\
        import tensorflow as tf
        from keras_xent import v1
        import keras_xent

        def loss(labels, logits, weights):
            return v1.softmax_cross_entropy(
                labels, logits, reduction=keras_xent.Reduction.SUM)
        """,
        codes=["KX006"],
    )


@pytest.mark.parametrize(
    "source",
    [
        "REDUCTION = tf.losses.Reduction.SUM\n",
        "def f(y, r=tf.losses.Reduction.SUM): pass\n",
        "z = head(loss_reduction=tf.losses.Reduction.SUM)\n",
        "z = tf.estimator.BinaryClassHead(loss_reduction=tf.losses.Reduction.SUM)\n",
        "if reduction == tf.losses.Reduction.NONE: pass\n",
    ],
)
@pytest.mark.parametrize("uses_ours", [False, True])
def test_elsewhere(source: str, uses_ours: bool) -> None:
    """Nothing has to be done: whatever it reaches knows TF1's constants."""
    source = f"import tensorflow.compat.v1 as tf\n{source}"
    if uses_ours:
        source += "f = tf.losses.compute_weighted_loss\n"
    new, findings = ported(source)
    assert [finding.rule for finding in findings] == ["KX002"] * uses_ours
    assert new.count("tf.losses.Reduction") == 1


def test_a_constant_that_reaches_a_ported_call_is_taken() -> None:
    before = """\
import tensorflow as tf
REDUCTION = tf.losses.Reduction.SUM


def loss(labels, logits, weights):
    return tf.losses.softmax_cross_entropy(labels, logits, weights, reduction=REDUCTION)
"""
    new, findings = ported(before)
    assert [finding.rule for finding in findings] == ["KX001"]
    assert "REDUCTION = tf.losses.Reduction.SUM" in new
    executing.check_same(before, [new, ported(before, "keras")[0]])


@pytest.mark.parametrize(
    "source",
    [
        "import tensorflow.compat.v1 as tf\n"
        "z = tf.losses.my_loss(y, x, reduction=tf.losses.Reduction.SUM)\n",
        "import tensorflow as tf\nz = tf.keras.losses.Reduction.SUM\n",
        "import tensorflow as tf\n\n\nclass Loss(tf.keras.losses.Loss):\n    def __init__(self):\n"
        "        super().__init__(reduction=tf.losses.Reduction.NONE)\n",
        "import tensorflow.compat.v1 as tf\nz = tf.losses.Reduction.all()\n",
        "import keras_xent\nz = keras_xent.Reduction.SUM\n",
        "z = 'weighted_sum'\n",
    ],
)
def test_noop(source: str) -> None:
    check_noop(source)
