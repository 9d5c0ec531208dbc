"""KX111."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_noop, check_not_found, ported

TF1 = "import tensorflow.compat.v1 as tf\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mean_squared_error", "for mean_squared_error, tf.math.squared_difference(predictions"),
        ("huber_loss", "Pass it the loss of each element: for huber_loss, 0.5 * tf.minimum"),
        ("log_loss", "for log_loss, -labels * tf.math.log("),
        ("absolute_difference", "for absolute_difference, tf.abs(predictions - labels)"),
        ("hinge_loss", "for hinge_loss, tf.nn.relu("),
        ("cosine_distance", "for cosine_distance, 1 - tf.reduce_sum("),
        ("mean_pairwise_squared_error", "weights pairs, so there is no formula for it"),
    ],
)
def test_flagged(name: str, message: str) -> None:
    source = f"{TF1}z = tf.losses.{name}(y, x)\n"
    check_flagged(source, "KX111", message, line=2, target="keras")
    assert ported(source, "keras")[0] == source
    # tensorflow.compat.v1 has it in TensorFlow 2 as well: under v1 there is nothing to do.
    check_noop(source, "v1")
    plain = source.replace(".compat.v1", "") + "s = tf.Session()\n"
    found = check_flagged(plain, "KX111", message, line=2)
    assert found.message.startswith(f"the codemod doesn't port TF1's {name}. ")
    assert ("no formula" in found.message) == (name == "mean_pairwise_squared_error")


def test_once_a_file() -> None:
    source = (
        "import tensorflow as tf\nx = tf.losses.huber_loss\n"
        + "z = tf.losses.mean_squared_error(y, x)\n" * 2
    )
    found = check_flagged(
        source, "KX111", "port TF1's huber_loss, mean_squared_error (2 times). ", line=2
    )
    assert "keras_xent.v1.compute_weighted_loss(losses, weights)" in found.message


@pytest.mark.parametrize(
    "source",
    [
        "import tensorflow as tf\nz = tf.losses.huber_loss(y, x)\n",  # TF2 has none of that name
        "import tensorflow as tf\nz = tf.losses.mean_squared_error(y, x)\ns = tf.Session()\n",
        "from tensorflow.losses import log_loss\nz = log_loss(y, x)\n",
        "from tensorflow.losses import mean_squared_error\nz = mean_squared_error(x, y)\n",
        "from tensorflow.losses import *\nz = mean_squared_error(x, y)\n",
        "from tensorflow.compat.v1.losses import *\nz = huber_loss(x, y)\n",
        "from tensorflow import *\nz = losses.huber_loss(x, y)\n",
        f"{TF1}class A:\n    l = tf.losses\n    def f(self): self.l.mean_squared_error(y, x)\n",
        f"{TF1}def f(m=tf.losses):\n    return m.log_loss(y, x)\n",
        "from tensorflow import losses as l\nz = l.hinge_loss(y, x)\n",
        "import tensorflow as tf\nlosses = tf.losses\nz = losses.cosine_distance(y, x)\n",
    ],
)
def test_ways(source: str) -> None:
    check_flagged(source, "KX111", "doesn't port", target="keras")
    if "compat.v1" not in source:
        check_flagged(source, "KX111", "doesn't port")


@pytest.mark.parametrize(
    "source",
    [
        "import tensorflow as tf\nz = tf.losses.mean_squared_error(y, x)\n",  # TF2's, of Keras
        "import tensorflow as tf\nz = tf.keras.losses.mean_squared_error(y, x)\n",
        "import tensorflow.compat.v2 as tf\nz = tf.losses.huber_loss(y, x)\n",
        "from tensorflow import *\nz = losses.mean_squared_error(y, x)\n",  # perhaps of Keras
        "from tensorflow.keras.losses import *\nz = mean_squared_error(x, y)\n",
        "from tensorflow.compat.v2 import *\nz = losses.huber_loss(x, y)\n",
        f"{TF1}f(tf.losses)\nz = self.log_loss(y, x)\n",
        "from sklearn.metrics import log_loss\nz = log_loss(y, x)\n",
        f"{TF1}z = tf.losses.add_loss(x)\n",
        f"{TF1}z = tf.metrics.mean_squared_error(y, x)\n",
        f"{TF1}tf.losses.huber_loss = f\n",
        "def f(tf): return tf.losses.huber_loss(y, x)\n",
        "if x:\n    from tensorflow.losses import log_loss as f\n"
        "else:\n    from tensorflow.losses import huber_loss as f\nz = f(y, x)\n",
    ],
)
def test_not_found(source: str) -> None:
    check_not_found(source, "KX111")
