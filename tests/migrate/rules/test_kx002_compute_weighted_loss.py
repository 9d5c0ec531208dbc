"""KX002."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import TARGETS, check_flagged, check_noop, check_transformed, ported

_XENT = "tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)"

IMPORTS = [
    ("import tensorflow as tf", "tf.losses."),
    ("import tensorflow.compat.v1 as tf", "tf.losses."),
    ("import tensorflow as tf", "tf.compat.v1.losses."),
    ("import tensorflow as tf\nfrom tensorflow import losses", "losses."),
    ("import tensorflow as tf\nfrom tensorflow.python.ops.losses import losses", "losses."),
    ("import tensorflow as tf\nfrom tensorflow.python.ops.losses import losses_impl as li", "li."),
    ("import tensorflow as tf\nfrom tensorflow.losses import compute_weighted_loss", ""),
]

CALLS = [
    "(losses)",
    "(losses, weights)",
    "(losses, weights=weights)",
    "(losses=losses, weights=0.4)",
    "(losses, weights, None, None, tf.losses.Reduction.SUM)",
    "(losses, weights, reduction='weighted_mean')",
    "(losses, weights, scope='loss', loss_collection='mine')",
    "(losses, *[weights])",
    "(losses, **{'weights': weights})",
]


def call(arguments: str, imports: str = "import tensorflow as tf", name: str = "tf.losses.") -> str:
    return (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n"
        f"    losses_of_all = {_XENT}\n"
        f"    return {name}compute_weighted_loss{arguments.replace('losses', 'losses_of_all', 1)}\n"
    ).replace("(losses_of_all=losses", "(losses=losses_of_all")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("imports", "name"), IMPORTS)
def test_imports(imports: str, name: str, target: str) -> None:
    before = call("(losses, weights)", imports, name)
    new, findings = ported(before, target)
    assert "return keras_xent.v1.compute_weighted_loss(losses_of_all, weights)\n" in new
    assert [finding.rule for finding in findings] == ["KX003", "KX002"]
    executing.check_same(before, [new])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("arguments", CALLS)
def test_calls(arguments: str, target: str) -> None:
    before = call(arguments)
    new, _ = ported(before, target)
    assert "tf.losses" not in new
    executing.check_same(before, [new])


def test_nested() -> None:
    before = f"""\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.compute_weighted_loss(
                {_XENT},  # each
                weights,
                reduction=tf.losses.Reduction.SUM_OVER_BATCH_SIZE)
        """
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.compute_weighted_loss(
                keras_xent.v1.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits),  # each
                weights,
                reduction=keras_xent.Reduction.SUM_OVER_BATCH_SIZE)
        """,  # noqa: E501
        codes=["KX002", "KX003", "KX006"],
    )
    messages = check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.compute_weighted_loss(
                keras_xent.CategoricalCrossentropy(from_logits=True, reduction=keras_xent.Reduction.NONE)(y_true=labels, y_pred=tf.identity(logits)),  # each
                weights,
                reduction=keras_xent.Reduction.SUM_OVER_BATCH_SIZE)
        """,  # noqa: E501
        "keras",
    )
    assert "stays on v1: there is no loss object for this function" in messages[0]


def test_handed_on() -> None:
    check_transformed(
        """\
        import tensorflow as tf
        weighted = tf.losses.compute_weighted_loss
        """,
        """\
        import keras_xent
        import tensorflow as tf
        weighted = keras_xent.v1.compute_weighted_loss
        """,
    )


def test_contribs_takes_other_weights() -> None:
    """It is KX109's."""
    check_flagged(
        """\
        from tensorflow.contrib import slim
        value = slim.losses.compute_weighted_loss(losses, weights)
        """,
        "KX109",
        "if you pass no weights, a number, or weights with all of the losses' dimensions",
    )


def test_noop() -> None:
    check_noop("import tensorflow as tf\nvalue = tf.losses.get_total_loss()\n")
    check_noop("def compute_weighted_loss(losses):\n    pass\n\n\ncompute_weighted_loss([])\n")
