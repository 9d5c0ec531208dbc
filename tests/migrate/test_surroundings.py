"""What in a program keeps `--to keras` from the loss object, and why it has to.

Every trait has a program in which TF1's function and the loss object differ.
"""

from __future__ import annotations

import json
from typing import Tuple

import numpy as np
import pytest
import tensorflow as tf
from migrate.tools import check_loss_object, check_stays_v1, ported

import keras_xent
from keras_xent.migrate.surroundings import TRAITS, Surroundings, look_around

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
    ("mask", "e = tf.keras.layers.Embedding(9, 3, mask_zero=True)"),
    ("mask", "m = tf.keras.layers.Masking()(x)"),
    ("mask", "from tensorflow.keras.layers import Masking as M"),
    ("mask", "x._keras_mask = m"),
    ("mask", "keras.src.backend.set_keras_mask(x, m)"),
    ("mask", "def compute_mask(self, x): pass"),
    ("softmax", "model.add(Dense(3, activation='softmax'))"),
    ("softmax", 'model.add(Dense(3, "softmax"))'),
    ("softmax", "model.add(Dense(3, activation='sigmoid'))"),
    ("softmax", "model.add(Softmax())"),
    ("softmax", "from tensorflow.keras.activations import softmax as s"),
    ("softmax", "x = tf.nn.softmax(x)"),
    ("softmax", "net = f(activation_fn=tf.nn.softmax)"),
    ("softmax", "x = softmax (x)"),
    ("sigmoid", "x = tf.nn.sigmoid(x)"),
    ("sigmoid", "x = sigmoid (x)"),
    ("sigmoid", "model.add(tf.keras.layers.Activation(tf.sigmoid))"),
    ("model", "model = tf.keras.applications.ResNet50()"),
    ("model", "model = tf.keras.models.load_model('x')"),
    ("model", "model = hub.KerasLayer('x')"),
    ("model", "from tensorflow.keras import applications"),
    ("floatx", "tf.keras.backend.set_floatx('float16')"),
    ("name", "hook = {'loss': 'softmax_cross_entropy_loss/value:0'}"),
    ("name", "x = g.get_tensor_by_name('softmax_cross_entropy_with_logits_1/Reshape_2:0')"),
    ("name", "x = g.get_tensor_by_name('sparse_softmax_cross_entropy_loss/value:0')"),
    ("name", "x = g.get_tensor_by_name('sigmoid_cross_entropy_loss_1/value:0')"),
    ("name", "x = 'SparseSoftmaxCrossEntropyWithLogits/SparseSoftmaxCrossEntropyWithLogits:0'"),
    ("name", "x = g.get_tensor_by_name('logistic_loss:0')"),
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
    sources = [("a.py", b"x\nsoftmax(x)\nsoftmax(x)\n"), ("b.py", b"softmax(x)")]
    assert look_around(sources).places == (("softmax", "a.py:2"),)


@pytest.mark.parametrize("trait", sorted(TRAITS))
def test_no_loss_object(trait: str) -> None:
    line = dict(reversed(BETRAYALS))[trait]
    function = "tf.losses.sigmoid_cross_entropy" if trait == "sigmoid" else FUNCTION
    check_stays_v1(LOSS.format(line, function), _reason(trait, "file.py:2"))


def test_collection_is_nothing_to_what_does_not_join_it() -> None:
    reads = "total = tf.losses.get_total_loss()"
    check_loss_object(LOSS.format(reads, "tf.nn.softmax_cross_entropy_with_logits_v2"))
    source = LOSS.format(reads, FUNCTION)
    check_loss_object(source.replace("(y, x)\n", "(y, x, loss_collection=None)\n"))


def test_softmax_is_nothing_to_logits_that_are_made_otherwise() -> None:
    source = LOSS.format("p = tf.nn.softmax(x)", FUNCTION)
    check_loss_object(source.replace("(y, x)\n", "(y, tf.matmul(x, w) + b)\n"))
    check_stays_v1(source.replace("(y, x)\n", "(y, net(x))\n"), "where it makes the logits")


def test_a_sigmoid_is_nothing_to_a_softmax() -> None:
    check_loss_object(LOSS.format("p = tf.nn.sigmoid(x)", FUNCTION))
    source = LOSS.format("p = tf.nn.sigmoid(x)", "tf.losses.sigmoid_cross_entropy")
    check_loss_object(source.replace("(y, x)\n", "(y, tf.matmul(x, w) + b)\n"))


def test_another_file_decides() -> None:
    source = LOSS.format("", FUNCTION)
    assert "CategoricalCrossentropy" in ported(source, "keras")[0]


def _reason(trait: str, place: str) -> str:
    return TRAITS[trait].reason.format(place=place)


# Why they are there.


def _both(y_pred: tf.Tensor) -> Tuple[float, float]:
    labels = tf.one_hot([0, 1], 3)
    loss = keras_xent.CategoricalCrossentropy(
        from_logits=True, reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS
    )
    theirs = tf.compat.v1.losses.softmax_cross_entropy(labels, y_pred)
    return loss(labels, y_pred), theirs


X = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]], np.float32)


@pytest.mark.filterwarnings("ignore:CategoricalCrossentropy has from_logits=True")
@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_softmax_matters(activation: str) -> None:
    ours, theirs = _both(tf.keras.activations.get(activation)(tf.constant(X)))
    assert abs(ours - theirs) > 0.01


@pytest.mark.filterwarnings("ignore:CategoricalCrossentropy has from_logits=True")
def test_tensorflows_softmax_matters_in_a_graph() -> None:
    ours, theirs = tf.function(lambda x: _both(tf.nn.softmax(x)))(tf.constant(X))
    assert abs(ours - theirs) > 0.01
    same, theirs = tf.function(lambda x: _both(tf.nn.softmax(x) + 0.0))(tf.constant(X))
    np.testing.assert_allclose(same, theirs, rtol=1e-5)


def test_mask_matters() -> None:
    tensor = tf.constant(X)
    tensor._keras_mask = tf.constant([True, False])
    ours, theirs = _both(tensor)
    assert abs(ours - theirs) > 0.01
