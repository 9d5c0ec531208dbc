"""What in a program keeps `--to keras` from the loss object."""

from __future__ import annotations

import json
import time

import pytest
from migrate.tools import check_loss_object, check_stays_v1, ported

from keras_xent_cli.migrate.keras_target.surroundings import TRAITS, Surroundings, look_around

LOSS = "import tensorflow as tf\n{}\n\n\ndef f(y, x):\n    return {}(y, x)\n"
FUNCTION = "tf.losses.softmax_cross_entropy"

BETRAYALS = [
    ("collection", "total = tf.losses.get_total_loss()"),
    ("collection", "all = tf.losses.get_losses()"),
    ("collection", "all = tf.get_collection('losses')"),
    ("collection", "all = tf.get_collection_ref(tf.GraphKeys.LOSSES)"),
    ("collection", "get = tf.get_collection"),
    ("collection", "slim.learning.train(op)"),
    ("collection", "from tensorflow.contrib.slim import learning"),
    ("floatx", "tf.keras.backend.set_floatx('float16')"),
    ("floatx", "tf.keras.mixed_precision.set_global_policy(p)"),
    ("floatx", "policy = tf.keras.mixed_precision.Policy('mixed_bfloat16')"),
    ("floatx", "from tensorflow.keras import mixed_precision as m"),
    ("name", "hook = {'loss': 'softmax_cross_entropy_loss/value:0'}"),
    ("name", "x = g.get_tensor_by_name('softmax_cross_entropy_with_logits_1/Reshape_2:0')"),
    ("name", "x = g.get_tensor_by_name('sparse_softmax_cross_entropy_loss/value:0')"),
    ("name", "x = g.get_tensor_by_name('sigmoid_cross_entropy_loss_1/value:0')"),
    ("name", "x = 'SparseSoftmaxCrossEntropyWithLogits/SparseSoftmaxCrossEntropyWithLogits:0'"),
    ("name", "x = g.get_tensor_by_name('logistic_loss:0')"),
    ("name", "x = g.get_tensor_by_name('Identity_1:0')"),
    ("name", "x = g.get_tensor_by_name('StopGradient:0')"),
    ("distribution", "s = tf.distribute.get_strategy()"),
    ("distribution", "s = tf1.distribute.MirroredStrategy()"),
    ("distribution", "s = contrib.distribute.OneDeviceStrategy('')"),
    ("distribution", "from tensorflow import distribute"),
    ("distribution", "n = context.num_replicas_in_sync"),
    ("distribution", "e = TPUEstimator()"),
    ("distribution", "o = CrossShardOptimizer(o)"),
]
INNOCENT = [
    "z = tf.nn.softmax_cross_entropy_with_logits_v2(y, x)",
    "z = tf.losses.softmax_cross_entropy(y, x)",
    "z = tf.losses.sparse_softmax_cross_entropy(y, x)",
    "x = tf.nn.log_softmax(x)",
    "# to deal in the Software without restriction, to use, copy, merge, publish, distribute",
    "# distributed on an 'AS IS' BASIS",
    "x = Dense(3, activation='relu')(x)",
    "z = tf.losses.sigmoid_cross_entropy(y, x)",
    "x = tf.log_sigmoid(x)",
    "c = tf.losses.get_regularization_loss()",
    "x = tf.nn.softmax(x)",
    "m = tf.keras.layers.Masking()(x)",
    "from tensorflow.contrib import mixed_precision",
    "class Identity: pass",
]


@pytest.mark.parametrize(("trait", "line"), BETRAYALS)
def test_traits(trait: str, line: str) -> None:
    found = look_around([("a.py", b""), ("b.py", b"\n\n" + line.encode())])
    assert dict(found.places)[trait] == "b.py:3"
    assert dict(found.reasons())[trait] == _reason(trait, "b.py:3")


@pytest.mark.parametrize("line", INNOCENT)
def test_no_trait(line: str) -> None:
    assert look_around([("a.py", line.encode())]) == Surroundings()


@pytest.mark.parametrize(("trait", "line"), BETRAYALS)
def test_in_a_notebook(trait: str, line: str) -> None:
    """There every quote of the source stands behind a backslash."""
    content = json.dumps({"cells": [{"source": line.replace("'", '"')}]}).encode()
    assert trait in dict(look_around([("a.ipynb", content)]).places)


def test_the_first_place_counts() -> None:
    sources = [("a.py", b"x\nset_floatx(x)\nset_floatx(x)\n"), ("b.py", b"set_floatx(x)")]
    assert look_around(sources).places == (("floatx", "a.py:2"),)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_line_endings(ending: bytes) -> None:
    content = b"# keras\nx = 1\nset_floatx(x)\n".replace(b"\n", ending)
    assert look_around([("a.py", content)]).places == (("floatx", "a.py:3"),)
    commented = b"x = 1\n# set_floatx(x)\n".replace(b"\n", ending)
    assert look_around([("a.py", commented)]).places == ()


@pytest.mark.parametrize(
    ("line", "assigned"),
    [
        ("model.y = x", {"y"}),
        ("a.model.y = x", {"y"}),
        ("z, model.y = x", {"y"}),
        ("model.y, z = x", {"y"}),
        ("model.y, model.z = x", {"y", "z"}),
        ("setattr(model, 'y', x)", {"y"}),
        ("model.y == x", set()),
        ("self.y = x", set()),
        ("cls.y = x", set()),
        ("model.y", set()),
    ],
)
def test_assigned(line: str, assigned: set[str]) -> None:
    assert look_around([("a.py", line.encode())]).assigned == assigned


@pytest.mark.parametrize(
    ("line", "subclassed"),
    [
        ("class A(B): pass", {"B"}),
        ("class A(m.B, C, metaclass=D): pass", {"B", "C", "D", "metaclass"}),
        ("class A(\n    B,\n): pass", {"B"}),
        ("from m import B as C", {"B"}),
        ("class A: pass", set()),
        ("class A(tf.keras.Model): pass", set()),
    ],
)
def test_subclassed(line: str, subclassed: set[str]) -> None:
    assert look_around([("a.py", line.encode())]).subclassed == subclassed


def test_one_long_line() -> None:
    """A notebook with a picture in it."""
    content = b"a.b, " * 100_000 + b"A" * 1_000_000
    before = time.process_time()
    look_around([("a.ipynb", content)])
    assert time.process_time() - before < 5


@pytest.mark.parametrize("trait", sorted(TRAITS))
def test_no_loss_object(trait: str) -> None:
    line = dict(reversed(BETRAYALS))[trait]
    check_stays_v1(LOSS.format(line, FUNCTION), _reason(trait, "file.py:2"))


def test_collection_is_nothing_to_what_does_not_join_it() -> None:
    reads = "total = tf.losses.get_total_loss()"
    check_loss_object(LOSS.format(reads, "tf.nn.softmax_cross_entropy_with_logits_v2"))
    source = LOSS.format(reads, FUNCTION)
    check_loss_object(source.replace("(y, x)\n", "(y, x, loss_collection=None)\n"))


def test_another_file_decides() -> None:
    source = LOSS.format("", FUNCTION)
    assert "CategoricalCrossentropy" in ported(source, "keras")[0]


def _reason(trait: str, place: str) -> str:
    return TRAITS[trait].reason.format(place=place)
