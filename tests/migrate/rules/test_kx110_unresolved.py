"""KX110."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_noop, ported

UNKNOWN = [
    "from compat import tf\nz = tf.losses.softmax_cross_entropy(y, x)\n",
    "from .compat import tf\nz = tf.losses.softmax_cross_entropy(y, x)\n",
    "from project.utils import tf_compat\nz = tf_compat.nn.softmax_cross_entropy_with_logits(y)\n",
    "from tensorflow import *\nz = losses.softmax_cross_entropy(y, x)\n",
    "from tensorflow.losses import *\nz = softmax_cross_entropy(y, x)\n",
    "def f(tf):\n    return tf.losses.softmax_cross_entropy(y, x)\n",
    "import tensorflow as tf\ntf = wrap(tf)\nz = tf.losses.compute_weighted_loss(x)\n",
    "from compat import tf\nz = tf.losses.sparse_softmax_cross_entropy(y, x)\n",
    "def f(tf):\n    return tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n",
    "class A:\n    def f(self):\n        return self.tf.losses.softmax_cross_entropy(y, x)\n",
    "try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = load()\n"
    "z = tf.losses.softmax_cross_entropy(y, x)\n",
    "import tensorflow as tf\nlosses = tf.losses if x else make()\n"
    "z = losses.softmax_cross_entropy(y, x)\n",
]


@pytest.mark.parametrize("source", UNKNOWN)
def test_flagged(source: str) -> None:
    check_flagged(source, "KX110", "it can't be told whether this is TensorFlow 1's")
    for target in ("v1", "keras"):
        assert ported(source, target)[0] == source


def test_handed_on_by_an_import() -> None:
    source = "from tensorflow.losses import softmax_cross_entropy\n"
    check_flagged(source, "KX110", "is imported and not used here", line=1)


def test_in_an_f_string() -> None:
    """Before Python 3.12 it has no place of its own in the text."""
    source = 'import tensorflow as tf\nz = f"""\n{tf.losses.softmax_cross_entropy(y, x)}"""\n'
    new, findings = ported(source)
    assert new != source or [finding.rule for finding in findings] == ["KX110"]


@pytest.mark.parametrize(
    "source",
    [
        "import optax\nz = optax.losses.softmax_cross_entropy(x, y)\n",
        "from tensorflow.keras import backend\nz = backend.softmax_cross_entropy(x, y)\n",
        "import mesh_tensorflow as mtf\nz = mtf.layers.softmax_cross_entropy_with_logits(x, y)\n",
        "import tensorflow.compat.v2 as tf\nz = tf.losses.softmax_cross_entropy(y, x)\n",
        "z = self.softmax_cross_entropy(y, x)\n",
        "def softmax_cross_entropy(y, x): pass\nz = softmax_cross_entropy(y, x)\n",
        "from .losses import softmax_cross_entropy\nz = softmax_cross_entropy(y, x)\n",
    ],
)
def test_noop(source: str) -> None:
    check_noop(source)
