"""KX109."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_not_found

IMPORTS = "import tensorflow as tf\nfrom tensorflow.contrib import slim\n"
LOSS = "z = tf.losses.softmax_cross_entropy(y, x)\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "z = slim.losses.absolute_difference(x, y)",
            "tf.compat.v1.losses.absolute_difference shares its collection",
        ),
        (
            "z = tf.contrib.losses.get_total_loss()",
            "tf.compat.v1.losses.get_total_loss shares its collection",
        ),
        ("z = slim.losses.sum_of_squares(x, y)", "is contrib's, which TensorFlow 2 doesn't have"),
        ("z = slim.losses.compute_weighted_loss(losses, w)", "weights of fewer dimensions"),
        ("z = tf.contrib.losses.metric_learning.triplet_semihard_loss(y, x)", "is contrib's"),
    ],
)
def test_other_losses(line: str, message: str) -> None:
    check_flagged(f"{IMPORTS}{line}\n", "KX109", message, line=3)


def test_the_rest_is_named_once() -> None:
    check_flagged(
        f"{IMPORTS}{LOSS}x = slim.fully_connected(x, 3)\nx = tf.contrib.layers.flatten(x)\n",
        "KX109",
        "is used 2 more times in this file (slim.fully_connected first)",
        line=4,
    )
    check_flagged(
        f"{IMPORTS}{LOSS}x = slim.fully_connected(x, 3)\n", "KX109", "is used 1 more time in"
    )


@pytest.mark.parametrize(
    "source",
    [
        f"{IMPORTS}x = slim.fully_connected(x, 3)\n",  # no loss is here
        f"import tensorflow as tf\n{LOSS}",
        f"{IMPORTS}z = slim.losses.softmax_cross_entropy(x, y)\n",  # KX005
        "import tf_slim as slim\nimport tensorflow as tf\n" + LOSS + "x = slim.conv2d(x, 3, 3)\n",
    ],
)
def test_not_found(source: str) -> None:
    check_not_found(source, "KX109")
