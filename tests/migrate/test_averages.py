"""Whether only the mean of a call's result is taken; KX011's tests have the programs."""

from __future__ import annotations

import pytest

from keras_xent_cli.migrate.averages import is_only_averaged
from keras_xent_cli.migrate.module import Module

CALL = "tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"return tf.reduce_mean({CALL})", True),
        (f"z = {CALL}; return tf.reduce_mean(z)", True),
        (f"z = {CALL}; return 0", False),
        (f"z = {CALL}; return np.mean(z)", False),
        (f"z = {CALL}; return reduce_mean(z)", False),
        (f"z, w = {CALL}, 1; return tf.reduce_mean(z)", False),
        (f"self.z = {CALL}; return tf.reduce_mean(self.z)", False),
        (f"z = {CALL}; return tf.reduce_mean(z, keepdims=True)", False),
        (f"z = {CALL}; del z", False),
        (f"z = {CALL}; z += x; return tf.reduce_mean(z)", False),
        (f"z = {CALL}; m = tf.reduce_mean(z); return locals()", False),
        (f"z = {CALL}; m = tf.reduce_mean(z); return vars()", False),
        (f"z = {CALL}; m = tf.reduce_mean(z); return globals()", False),
        (f"z = {CALL}; m = tf.reduce_mean(z); return eval('z')", False),
    ],
)
def test_in_a_function(body: str, expected: bool) -> None:
    module = Module(f"import tensorflow as tf\nimport numpy as np\ndef f(x, y):\n    {body}\n")
    assert is_only_averaged(module, module.calls[0]) == expected


def test_at_the_top_level() -> None:
    """Others may import the variable."""
    module = Module(f"import tensorflow as tf\nz = {CALL}\nm = tf.reduce_mean(z)\n")
    assert not is_only_averaged(module, module.calls[0])
