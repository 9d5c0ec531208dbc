"""KX105."""

from __future__ import annotations

import re
import textwrap

import pytest
from migrate.tools import check_flagged, check_not_found

from keras_xent_cli.migrate.rules.kx105_divided_by_hand import RULE

LOSS = "loss = tf.losses.softmax_cross_entropy(labels, logits, weights=mask{})\n"

TWICE = [
    "mean = loss / tf.reduce_sum(mask)",
    "mean = tf.div(loss, tf.reduce_sum(mask))",
    "mean = tf.math.divide_no_nan(loss, tf.reduce_sum(mask))",
    "total = tf.reduce_sum(mask)\nmean = loss / total",
    "mean = loss / (tf.reduce_sum(mask) + 1e-8)",
    "mean = loss / tf.to_float(tf.count_nonzero(mask))",
    "mean = loss / np.sum(mask)",
    "mean = loss / sum(mask)",
    "mean = loss / mask.sum()",
    "mean = tf.reduce_sum(loss) / (tf.reduce_sum(mask) + 1e-8)",
    "loss /= tf.reduce_sum(mask)",
    "mean = (\n    loss / tf.reduce_sum(mask))",
    "loss = (\n    loss / tf.reduce_sum(mask))",
    "loss /= (\n    2 * loss)\nmean = loss / tf.reduce_sum(mask)",
    "n = (\n    n / 2)\nmean = n * loss / tf.reduce_sum(mask)",
    "self.n = tf.multiply(\n    self.n, 2)\nmean = self.n * loss / tf.reduce_sum(mask)",
    "loss *= n / tf.reduce_sum(mask)",
    "loss *= 1 / tf.reduce_sum(mask)",
    "mean = loss * n / tf.reduce_sum(mask)",
    "mean = loss / tf.reduce_sum(mask) * n",
    "mean = n * loss / tf.reduce_sum(mask)",
    "mean = n * (loss / tf.reduce_sum(mask))",
    "mean = loss * (n / tf.reduce_sum(mask))",
    "mean = loss / (tf.reduce_sum(mask) / n)",
    "mean = n / (tf.reduce_sum(mask) / loss)",
    "twice = 2 * loss\nmean = twice / tf.reduce_sum(mask)",
    "mean = tf.multiply(loss, n / tf.reduce_sum(mask))",
    "mean = loss * tf.math.reciprocal(tf.reduce_sum(mask))",
    "mean = tf.truediv(loss * n, tf.reduce_sum(mask))",
    "ratio = n / tf.reduce_sum(mask)\nmean = loss * ratio",
    "ratio = n / tf.reduce_sum(mask)\nloss *= ratio",
    "loss *= n\nloss /= tf.reduce_sum(mask)",
    "loss /= tf.reduce_sum(mask)\nloss *= n\nmean = loss * 2 / n",
    "mean = loss / tf.reduce_sum(mask)\ntrain(mean * 0.1 / n)",
    "mean = loss / tf.reduce_sum(tf.cast(mask, tf.float32))",
    "total = mask\nmean = loss / tf.reduce_sum(total)",
    "for x in y:\n    loss /= tf.reduce_sum(mask)",
    "mean = loss / tf.reduce_mean(mask)",
    "mean = tf.mul(loss, n / tf.reduce_sum(mask))",
    "mean = tf.scalar_mul(n / tf.reduce_sum(mask), loss)",
    "mean = tf.divide(loss, tf.reduce_sum(mask))",
    "mean = tf.div_no_nan(loss, tf.reduce_sum(mask))",
    "mean = tf.realdiv(loss, tf.reduce_sum(mask))",
]
ONCE = [
    "mean = loss / batch_size",
    "n = (\n    n / 2.0)",
    "mean = loss / tf.reduce_sum(other)",
    "mean = loss * tf.reduce_sum(mask)",
    "mean = other / tf.reduce_sum(mask)",
    "mean = tf.reduce_sum(other) / tf.reduce_sum(mask)",
    "mean = tf.reduce_sum(mask) / loss",
    "loss /= batch_size",
    "loss -= tf.reduce_sum(mask)",
    "loss *= tf.reduce_sum(mask)",
    "loss *= tf.reduce_sum(mask) / n",
    "other /= tf.reduce_sum(mask)",
    "loss /= 1 / tf.reduce_sum(mask)",
    "mean = loss * tf.count_nonzero(mask) / tf.reduce_sum(mask)",  # one division is taken back
    "loss *= tf.count_nonzero(mask) / tf.reduce_sum(mask)",
    "mean = loss / tf.reduce_sum(tf.cast(other, tf.float32))",
    "loss = other\nloss /= tf.reduce_sum(mask)",
    "mean = loss / float(batch_size)",
    "mean = tf.maximum(loss, n) / tf.reduce_sum(mask)",
]


@pytest.mark.parametrize("line", TWICE)
def test_flagged(line: str) -> None:
    check_flagged(
        f"import numpy as np\nimport tensorflow as tf\n{LOSS.format('')}{line}\n",
        "KX105",
        "its reduction has already divided it",
    )


def in_a_class(line: str, attributes: str) -> str:
    """With attributes for variables, and the loss in another method."""
    loss, line = (re.sub(rf"\b({attributes})\b", r"self.\1", each) for each in (LOSS, line))
    loss = loss.replace("weights=self.mask{}", "weights=self.mask").replace("{}", "")
    return (
        "import numpy as np\nimport tensorflow as tf\nclass Model:\n"
        f"    def build(self):\n        {loss}"
        f"    def train(self):\n{textwrap.indent(line, ' ' * 8)}\n"
    )


@pytest.mark.parametrize("attributes", ["loss", "loss|mask", "loss|mask|mean|total|ratio|n"])
@pytest.mark.parametrize("line", [*TWICE, "loss = loss / tf.reduce_sum(mask)"])
def test_attributes(line: str, attributes: str) -> None:
    source = in_a_class(line, attributes)
    check_flagged(source, "KX105", "its reduction has already divided it")
    # Another class has another loss.
    check_not_found(source.replace("    def train", "class Other:\n    def train"), "KX105")


@pytest.mark.parametrize("attributes", ["loss", "loss|mask|other|mean"])
@pytest.mark.parametrize("line", [*ONCE, "loss, x = y\nloss /= tf.reduce_sum(mask)"])
def test_attributes_that_are_not_found(line: str, attributes: str) -> None:
    check_not_found(in_a_class(line, attributes), "KX105")


@pytest.mark.parametrize("line", ONCE)
def test_not_found(line: str) -> None:
    check_not_found(f"import tensorflow as tf\n{LOSS.format('')}{line}\n", "KX105")


@pytest.mark.parametrize(
    ("reduction", "divides"),
    [
        ("tf.losses.Reduction.SUM", False),
        ("tf.losses.Reduction.NONE", False),
        ("'weighted_sum'", False),
        ("'none'", False),
        ("'sum'", False),
        ("tf.losses.Reduction.SUM if x else tf.losses.Reduction.NONE", False),
        ("tf.losses.Reduction.MEAN", True),
        ("tf.losses.Reduction.MEAN if x else tf.losses.Reduction.NONE", True),
        ("reductions[0]", True),
        ("unknown", True),
        ("'weighted_mean'", True),
    ],
)
def test_reductions(reduction: str, divides: bool) -> None:
    loss = LOSS.format(f", reduction={reduction}")
    source = f"import tensorflow as tf\nfor unknown in reductions: pass\n{loss}{TWICE[0]}\n"
    if divides:
        check_flagged(source, "KX105", "its reduction has already divided it")
    else:
        check_not_found(source, "KX105")


@pytest.mark.parametrize(
    "call",
    [
        "tf.losses.sparse_softmax_cross_entropy(labels, logits, tf.to_float(mask))",
        "tf.losses.sigmoid_cross_entropy(labels, logits, weights=mask)",
        "tf.contrib.losses.softmax_cross_entropy(logits, labels, weights=mask)",
        "keras_xent.v1.softmax_cross_entropy(labels, logits, weights=mask)",
    ],
)
def test_every_function_that_divides(call: str) -> None:
    check_flagged(
        f"import keras_xent\nimport tensorflow as tf\nloss = {call}\n"
        "loss *= n / tf.reduce_sum(mask)\n",
        "KX105",
        "loss is divided by tf.reduce_sum(mask), but its reduction has already divided it",
        line=4,
    )


def test_a_sum_that_was_imported() -> None:
    check_flagged(
        "import tensorflow as tf\nfrom tensorflow import reduce_sum as total\n"
        f"{LOSS.format('')}mean = loss / total(mask)\n",
        "KX105",
        "loss is divided by total(mask)",
    )


def test_weights_that_are_only_of_the_same_dtype() -> None:
    check_not_found(
        "import tensorflow as tf\n"
        "loss = tf.losses.softmax_cross_entropy(labels, logits, tf.cast(mask, tf.float32))\n"
        "loss /= tf.reduce_sum(tf.cast(other, tf.float32))\n",
        "KX105",
    )


def test_weights_that_only_have_no_name() -> None:
    check_not_found(
        "import tensorflow as tf\n"
        "loss = tf.losses.softmax_cross_entropy(labels, logits, batch()['mask'].weights)\n"
        "loss /= tf.reduce_sum(other()['size'].value)\n",
        "KX105",
    )


def test_a_loss_without_weights() -> None:
    check_not_found(
        f"import tensorflow as tf\n{LOSS.format('')}{ONCE[0]}\n"
        f"loss = tf.losses.softmax_cross_entropy(labels, logits)\n{TWICE[0]}\n",
        "KX105",
    )


def test_other_functions() -> None:
    check_flagged(
        "import tensorflow as tf\n"
        "mean = tf.losses.compute_weighted_loss(losses, mask) / tf.reduce_sum(mask)\n",
        "KX105",
        "If you want only one division",
    )
    check_not_found(
        "import tensorflow as tf\n"
        "losses = tf.nn.softmax_cross_entropy_with_logits_v2(y, x) * mask\n"
        "mean = tf.reduce_sum(losses) / tf.reduce_sum(mask)\n",
        "KX105",
    )


def test_it_is_counted_among_the_mistakes_of_the_program() -> None:
    assert RULE.is_defect


def test_a_long_chain_of_assignments_ends() -> None:
    chain = "n = n * 2.0\n" * 1000 + "mean = loss / n\n"
    check_not_found(f"import tensorflow as tf\n{LOSS.format('')}{chain}", "KX105")
