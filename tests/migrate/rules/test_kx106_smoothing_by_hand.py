"""KX106."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_not_found

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
]


@pytest.mark.parametrize("line", BY_HAND)
def test_flagged(line: str) -> None:
    check_flagged(
        f"import tensorflow as tf\n{line}\nz = tf.losses.softmax_cross_entropy(hot, x)\n",
        "KX106",
        "smoothed by hand",
    )


def test_in_the_call() -> None:
    check_flagged(
        "import tensorflow as tf\n"
        "z = tf.nn.softmax_cross_entropy_with_logits_v2(\n"
        "    labels=hot * (1 - eps) + eps / n, logits=x)\n",
        "KX106",
        "smoothed by hand (line 3)",
        line=2,
    )


def test_of_the_sigmoid() -> None:
    check_flagged(
        "import tensorflow as tf\n"
        "z = tf.losses.sigmoid_cross_entropy(y * (1 - eps) + eps / 2, x)\n",
        "KX106",
        "label_smoothing=eps is labels * (1 - eps) + eps / 2; use it",
    )


@pytest.mark.parametrize("line", OTHERS)
def test_not_found(line: str) -> None:
    check_not_found(
        f"import tensorflow as tf\n{line}\nz = tf.losses.softmax_cross_entropy(hot, x)\n", "KX106"
    )
