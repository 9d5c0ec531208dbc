"""KX110."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import TARGETS, check_flagged, check_noop, ported

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
    "import tensorflow as tf\nclass A:\n    tfl = tf.losses\n    def f(self):\n"
    "        return self.tfl.sigmoid_cross_entropy(y, x)\n",
    "import tensorflow as tf\nclass A:\n    def f(self):\n        self.n = tf.nn\n"
    "        return self.n.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n",
    "from tensorflow import losses\nclass A:\n    x = losses\n"
    "z = A.x.softmax_cross_entropy(y, x)\n",
    "class A:\n    import tensorflow.losses as x\nz = A().x.softmax_cross_entropy(y, x)\n",
    "import tensorflow as tf\nM = {'l': tf.losses}\nz = M['l'].softmax_cross_entropy(y, x)\n",
    "import tensorflow as tf\ndef f(m=tf.losses):\n    return m.softmax_cross_entropy(y, x)\n",
    "import tensorflow as tf\nlosses = tf.losses if x else make()\n"
    "z = losses.softmax_cross_entropy(y, x)\n",
]


@pytest.mark.parametrize("source", UNKNOWN)
def test_flagged(source: str) -> None:
    check_flagged(source, "KX110", "the codemod can't know whether this is TF1's function")
    for target in ("v1", "keras"):
        assert ported(source, target)[0] == source


def test_handed_on_by_an_import() -> None:
    source = "from tensorflow.losses import softmax_cross_entropy\n"
    finding = check_flagged(source, "KX110", "can import it from keras_xent.v1", line=1)
    assert finding.message.endswith("keras_xent.v1")


@pytest.mark.parametrize("module", ["tensorflow.contrib.losses", "tf_slim.losses"])
def test_handed_on_in_another_order(module: str) -> None:
    source = f"from {module} import softmax_cross_entropy\n"
    check_flagged(source, "KX110", "from keras_xent.v1, which expects the labels first")


THROUGH_KERAS = [
    "from keras import backend as K\nz = K.tf.nn.{}\n",
    "import keras.backend as K\nz = K.tf.nn.{}\n",
    "import keras\nz = keras.backend.tf.nn.{}\n",
    "from keras.backend import tf\nz = tf.nn.{}\n",
    "import tensorflow as tf\nz = tf.keras.backend.tf.nn.{}\n",
    "from tensorflow.keras import backend as K\nz = K.tf.nn.{}\n",
    "from tensorflow.python.keras import backend as K\nz = K.tf.nn.{}\n",
    "from keras.backend import tensorflow_backend as K\nz = K.tf.nn.{}\n",
    "from keras.layers.core import K\nz = K.tensorflow.nn.{}\n",
    "import mesh_tensorflow as mtf\nz = mtf.ops.tf.nn.{}\n",
    "import mesh_tensorflow as mtf\nz = mtf.ops.tf1.nn.{}\n",
    "import mesh_tensorflow as mtf\nz = mtf.ops.tf_v1.nn.{}\n",
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", THROUGH_KERAS)
@pytest.mark.parametrize(
    "function",
    [
        "softmax_cross_entropy_with_logits_v2(labels=y, logits=x)",
        "softmax_cross_entropy_with_logits(labels=y, logits=x)",
        "sparse_softmax_cross_entropy_with_logits(labels=y, logits=x)",
        "sigmoid_cross_entropy_with_logits(labels=y, logits=x)",
    ],
)
def test_tensorflow_reached_through_another_library(
    source: str, function: str, target: str
) -> None:
    check_flagged(source.format(function), "KX110", "import it from", line=2, target=target)


def test_what_is_said_of_tensorflow_in_keras() -> None:
    before = THROUGH_KERAS[0].format("sigmoid_cross_entropy_with_logits(labels=y, logits=x)")
    imported = "import tensorflow.compat.v1 as tf\n" + before.replace("K.tf.nn", "tf.nn")
    new, (finding,) = ported(imported)
    assert "z = keras_xent.v1.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n" in new
    assert finding.rule == "KX011"


def test_what_is_said_of_slim_from_elsewhere() -> None:
    """Its arguments are in another order than those of keras_xent.v1."""
    before = (
        "from project import slim\n\n\ndef loss(labels, logits, weights):\n"
        "    return slim.losses.softmax_cross_entropy(logits, labels)\n"
    )
    check_flagged(before, "KX110", "import it from tf_slim, which expects the logits first")
    imported = before.replace("from project import slim", "import tf_slim as slim")
    new, _ = ported(imported)
    assert "keras_xent.v1" in new
    executing.check_same(imported, [new])


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
        "import tensorflow as tf\nf(tf.losses)\nz = self.softmax_cross_entropy(y, x)\n",
        "import tensorflow as tf\nf(tf.keras.losses)\nz = x.softmax_cross_entropy(y, x)\n",
        "import tensorflow as tf\nf(tf.nn)\nz = x.softmax_cross_entropy(y, x)\n",
        "import tensorflow as tf\nf(tf.losses)\nx.softmax_cross_entropy = y\n",
        "def softmax_cross_entropy(y, x): pass\nz = softmax_cross_entropy(y, x)\n",
        "from .losses import softmax_cross_entropy\nz = softmax_cross_entropy(y, x)\n",
        "from losses import *\nz = softmax_cross_entropy(y, x)\n",
    ],
)
def test_noop(source: str) -> None:
    check_noop(source)


@pytest.mark.parametrize(
    "library",
    ["jax", "keras", "keras_xent", "mesh_tensorflow", "optax", "tf_keras", "tf_slim", "torch"],
)
def test_other_libraries(library: str) -> None:
    check_noop(f"import {library} as x\nz = x.nn.sigmoid_cross_entropy_with_logits(y, x)\n")


CLONE = "def clone(module):\n    return copy.copy(module)\n"
TF2 = "import tensorflow.compat.v2 as tf\n"
OF_TF2 = [
    "from tensorflow.compat.v2 import *\n",
    "from tensorflow.compat.v2 import *\nnn = clone(nn)\n",
    f"from tensorflow.compat.v2 import *\n{TF2}nn = clone(tf.nn)\n",
    "from tensorflow.compat.v2 import *\nnn = clone(nn)\nnn.relu = other\n",
    f"{TF2}nn = clone(tf.nn)\n",
    f"{TF2}tf = clone(tf)\nnn = tf.nn\n",
    f"{TF2}module = clone(tf)\nnn = clone(module.nn)\n",
]
FUNCTIONS = [
    "softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits",
    "sigmoid_cross_entropy_with_logits",
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("imports", OF_TF2)
def test_what_a_function_makes_of_tensorflow_2(imports: str, function: str) -> None:
    """It isn't ported, for it may be something else; but it isn't TF1's."""
    check_noop(f"import copy\n\n{CLONE}\n{imports}z = nn.{function}(labels=y, logits=x)\n")


@pytest.mark.parametrize(
    "copied",
    [
        "copy.copy(module)",
        "functools.partial(module)",
        "inspect.unwrap(module)",
        "types.SimpleNamespace(**vars(module))",
        "tf.keras.models.clone_model(module)",
        "tf_inspect.unwrap(module)",
    ],
)
def test_how_a_function_copies_tensorflow_2(copied: str) -> None:
    check_noop(
        "import copy\nimport functools\nimport inspect\nimport types\n\nimport tensorflow as tf\n"
        "import tensorflow.compat.v2 as tf2\nfrom tensorflow.python.util import tf_inspect\n\n\n"
        f"def clone(module):\n    return {copied}\n\n\n"
        "nn = clone(tf2.nn)\nz = nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n"
    )


WRAPPED_TF1 = [
    "nn = clone(tf1.nn)",
    "tf1 = clone(tf1)\nnn = tf1.nn",
    "nn = clone(tf2.nn) if x else tf1.nn",
    "nn = clone(tf2.nn) if x else clone(tf1.nn)",
    "nn = pick(tf2.nn)",
    "nn = pick_by_name(tf2.nn)",
    "nn = pick_elsewhere(tf2.nn)",
    "nn = importing(tf2.nn)",
    "nn = by_default(tf2.nn)",
    "nn = decorated(tf2.nn)",
    "nn = imported(tf2.nn)",
    "nn = clone(tf2.nn, tf1.nn)",
    "nn = clone(project.nn)",
    "nn = clone(project.ops)",
    "nn = clone(tf2.nn)\nnn.{} = other",
    "nn = clone(plain.nn)",
    "nn = plain_by_name(tf2.nn)",
    "nn = tf2.nn\nnn = clone(nn)",  # which is TF2's, but not followed
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("line", WRAPPED_TF1)
def test_what_a_function_may_make_of_tensorflow_1(line: str, function: str) -> None:
    source = (
        "import copy\nimport project\nimport tensorflow as plain\n"
        "import tensorflow.compat.v1 as tf1\nimport tensorflow.compat.v2 as tf2\n"
        "from project import imported\n"
        f"{CLONE}"
        "def pick(module):\n    return tf1.nn if old else module\n"
        "def pick_by_name(module):\n    return getattr(tf1, name)\n"
        "def plain_by_name(module):\n    return plain.__dict__[name]\n"
        "def pick_elsewhere(module):\n    return pick(module)\n"
        "def importing(module):\n    from tensorflow.compat.v1 import nn as n\n    return n\n"
        "def by_default(module, other=tf1.nn):\n    return other\n"
        "@other\ndef decorated(module):\n    return module\n"
        f"{line.format(function)}\nz = nn.{function}(labels=y, logits=x)\n"
    )
    for target in TARGETS:
        new, findings = ported(source, target)
        assert new == source
        assert ("KX110", source.count("\n")) in [(each.rule, each.line) for each in findings]


def test_another_library_that_a_function_returns() -> None:
    check_noop(
        "import optax\nimport tensorflow as tf\n\n\ndef get(module):\n    return module\n\n\n"
        "losses = get(optax.losses)\nz = losses.softmax_cross_entropy(a, b)\n"
    )


@pytest.mark.parametrize(
    "name",
    [
        "(y := tf.losses).{}",
        "(tf if (y := x) else tf).losses.{}",
        "(tf.losses if f(a) else tf.losses).{}",
    ],
)
@pytest.mark.parametrize("target", TARGETS)
def test_a_name_that_does_more_is_reported(name: str, target: str) -> None:
    """Another name in its place would lose y or the call."""
    name = name.format("softmax_cross_entropy")
    source = f"import tensorflow as tf\nz = {name}(a, b)\n"
    message = f"{name}: the codemod doesn't port a name with an assignment, a call, an await"
    check_flagged(source, "KX110", message, line=2, target=target)
    assert ported(source, target)[0] == source
