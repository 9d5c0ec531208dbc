"""KX008."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import (
    TARGETS,
    check_loss_object,
    check_noop,
    check_stays_v1,
    check_transformed,
    ported,
)

NAME = "sparse_softmax_cross_entropy"
TF = "import tensorflow as tf"
IMPORTS = [
    (TF, "tf.losses."),
    (TF, "tf.compat.v1.losses."),
    ("import tensorflow.compat.v1 as tf1\nimport tensorflow as tf", "tf1.losses."),
    (f"{TF}\nfrom tensorflow import losses", "losses."),
    (f"{TF}\nfrom tensorflow.python.ops.losses import losses", "losses."),
    (f"{TF}\nfrom tensorflow.losses import {NAME}", ""),
    (f"{TF}\n\nlosses = tf.losses", "losses."),
]

# Of the ids, and of them with a last dimension of 1, which TF1 drops: from weights too.
IDS = "tf.argmax(labels, -1)"
COLUMN = "tf.argmax(labels, -1)[:, None]"
CALLS = [
    f"({IDS}, logits)",
    f"({IDS}, logits, weights)",
    f"({IDS}, logits, 0.4)",
    f"({IDS}, logits, weights=weights)",
    f"(logits=logits, labels={IDS}, weights=weights)",
    f"({IDS}, logits=logits)",
    f"(tf.cast({IDS}, tf.int32), logits, weights)",
    f"({COLUMN}, logits, weights)",
    f"({COLUMN}, logits, weights[:, None])",
    f"({IDS}, logits, weights[:, None])",
    f"({IDS}, logits, weights > 0)",
    f"({IDS}, logits, weights, None, None, tf.losses.Reduction.SUM)",
    f"({IDS}, logits, weights[:, None], reduction=tf.losses.Reduction.MEAN)",
    f"({IDS}, logits, weights, reduction=tf.losses.Reduction.SUM_OVER_BATCH_SIZE)",
    f"({IDS}, logits, weights, scope=None, loss_collection=None)",
    f"({IDS}, logits, reduction=tf.losses.Reduction.NONE)",
    f"({COLUMN}, logits, 2.0, reduction='none')",
]


def call(arguments: str, imports: str = TF, name: str = "tf.losses.") -> str:
    return (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n    return {name}{NAME}{arguments}\n"
    )


@pytest.mark.parametrize(("imports", "name"), IMPORTS)
def test_imports(imports: str, name: str) -> None:
    before = call(f"({IDS}, logits, weights)", imports, name)
    new, findings = ported(before)
    assert f"return keras_xent.v1.{NAME}({IDS}, logits, weights)\n" in new
    assert [finding.rule for finding in findings] == ["KX008"]
    executing.check_same(before, [new, ported(before, "keras")[0]])


@pytest.mark.parametrize("arguments", CALLS)
def test_calls(arguments: str) -> None:
    before = call(arguments)
    new, _ = ported(before)
    assert "tf.losses" not in new
    executing.check_same(before, [new])
    assert "SparseCategoricalCrossentropy(" in check_loss_object(before)


@pytest.mark.parametrize(
    "arguments",
    [
        f"({IDS}, logits, weights)",
        f"({IDS}, logits, weights[:, :1])",
        f"({IDS}[..., None], logits)",
    ],
)
def test_rank_3(arguments: str) -> None:
    check_loss_object(call(arguments), shape=(2, 3, 4))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (f"({IDS}, logits, scope='x')", "a loss object has no scope="),
        (f"({IDS}, logits, weights[:, None], reduction='none')", "a last dimension of 1"),
        (f"({IDS}, logits, weights, reduction=str('none'))", "reduction= is computed in the call"),
        (f"(*({IDS}, logits))", "it is called with *args"),
    ],
)
def test_stays_v1(arguments: str, reason: str) -> None:
    check_stays_v1(call(arguments), reason)


def test_transformed() -> None:
    before = """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.sparse_softmax_cross_entropy(
                labels=tf.argmax(labels, 1),  # ids
                logits=logits,
                weights=weights,
            )
        """
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.sparse_softmax_cross_entropy(
                labels=tf.argmax(labels, 1),  # ids
                logits=logits,
                weights=weights,
            )
        """,
        codes=["KX008"],
    )
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.SparseCategoricalCrossentropy(from_logits=True, \
reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS)(
                y_true=tf.argmax(labels, 1),  # ids
                y_pred=tf.identity(logits),
                sample_weight=weights,
            )
        """,
        "keras",
        codes=["KX008"],
    )


@pytest.mark.parametrize("target", TARGETS)
def test_handed_on(target: str) -> None:
    before = (
        f"{TF}\nimport functools\n\nf = tf.losses.{NAME}\n"
        f"g = functools.partial(tf.losses.{NAME}, reduction=tf.losses.Reduction.SUM)\n\n\n"
        "def loss(labels, logits, weights):\n"
        f"    ids = {IDS}\n"
        "    return f(ids, logits, weights) + g(ids, logits)\n"
    )
    new, _ = ported(before, target)
    assert new.count(f"keras_xent.v1.{NAME}") == 2
    assert "tf.losses" not in new
    executing.check_same(before, [new])


def test_noop() -> None:
    check_noop(f"import tensorflow.compat.v2 as tf\nz = tf.losses.{NAME}(y, x)\n")
    check_noop(f"def {NAME}(y, x): pass\nz = {NAME}(y, x)\n")
