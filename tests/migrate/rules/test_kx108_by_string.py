"""KX108."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_not_found, ported


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("f = getattr(tf.losses, name)", "known only when it runs"),
        ("f = getattr(tf.losses, name, None)", "known only when it runs"),
        ("f = getattr(tf.contrib.losses, name)", "known only when it runs"),
        ("f = getattr(tf.losses, 'softmax_cross_entropy')", "write the name out"),
        ("f = getattr(tf.losses, 'sparse_softmax_cross_entropy')", "write the name out"),
        ("f = getattr(tf.nn, 'sigmoid_cross_entropy_with_logits')", "write the name out"),
        ("f = getattr(tf.nn, 'softmax_cross_entropy_with_logits_v2')", "write the name out"),
        (
            "x = hasattr(tf.nn, 'softmax_cross_entropy_with_logits_v2')",
            "keep the branch that was taken",
        ),
        ("x = hasattr(tf.losses, 'softmax_cross_entropy')", "keep the branch that was taken"),
        ("setattr(tf.losses, 'softmax_cross_entropy', f)", "write the name out"),
        ("tf.losses.softmax_cross_entropy = f", "is replaced here"),
        ("tf.nn.softmax_cross_entropy_with_logits = f", "is replaced here"),
    ],
)
def test_flagged(line: str, message: str) -> None:
    source = f"import tensorflow.compat.v1 as tf\n{line}\n"
    check_flagged(source, "KX108", message, line=2)
    assert ported(source)[0] == source


@pytest.mark.parametrize(
    "line",
    [
        "f = getattr(tf.losses, 'mean_squared_error')",
        "f = getattr(tf.train, name)",
        "f = getattr(tf.nn, 'relu')",
        "x = hasattr(tf, 'contrib')",
        "f = getattr(FLAGS, 'softmax_cross_entropy')",
        "f = getattr(*things)",
        "self.softmax_cross_entropy = f",
        "softmax_cross_entropy = f",
    ],
)
def test_not_found(line: str) -> None:
    check_not_found(f"import tensorflow.compat.v1 as tf\n{line}\n", "KX108")
