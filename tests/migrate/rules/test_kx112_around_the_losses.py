"""KX112."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf
from migrate import executing
from migrate.tools import check_flagged, check_not_found, ported

import keras_xent
from keras_xent_cli.migrate.finding import Action

keras = tf.keras

TF = "import tensorflow.compat.v1 as tf\n"
LOSS = "loss = tf.losses.softmax_cross_entropy(labels, logits)\n"
COLLECTION = [
    ("total = tf.losses.get_total_loss()", "get_total_loss"),
    ("total = slim.losses.get_total_loss()", "get_total_loss"),
    ("all = tf.losses.get_losses(scope)", "get_losses"),
    ("all = tf.get_collection(tf.GraphKeys.LOSSES)", "get_losses"),
    ("all = tf.get_collection_ref(key='losses')", "get_losses"),
    ("all = (tf.get_collection if x else tf.get_collection_ref)('losses')", "get_losses"),
    ("tf.losses.add_loss(x)", "add_loss"),
]
ESTIMATORS = [
    ("s = tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)", "estimatorspec"),
    ("s = tf.estimator.EstimatorSpec(mode, None, loss, train_op=op)", "estimatorspec"),
    ("s = tf.estimator.tpu.TPUEstimatorSpec(mode=mode, loss=loss)", "estimatorspec"),
    ("s = tf.contrib.learn.ModelFnOps(mode, p, loss, train_op=op)", "estimatorspec"),
    ("e = tf.estimator.Estimator(model_fn, params=p)", "model_fn"),
    ("e = tf.contrib.tpu.TPUEstimator(model_fn=model_fn)", "model_fn"),
    ("from tensorflow.estimator import Estimator\ne = Estimator(model_fn)", "model_fn"),
    ("from tensorflow.python.estimator import estimator as e\ne.Estimator(f)", "model_fn"),
    ("import tensorflow_estimator as t\ne = t.estimator.Estimator(model_fn=f)", "model_fn"),
    ("e = tf.contrib.tpu.TPUEstimator(model_fn, params=p)", "model_fn"),
    ("s = tf.contrib.tpu.TPUEstimatorSpec(mode, None, loss, train_op=op)", "estimatorspec"),
    ("s = tf.contrib.learn.ModelFnOps(mode, loss=loss)", "estimatorspec"),
]


@pytest.mark.parametrize(("line", "section"), COLLECTION)
def test_the_collection_is_named_on_the_way_to_keras(line: str, section: str) -> None:
    source = f"{TF}import tf_slim as slim\n{LOSS}{line}\n"
    check_flagged(source, "KX112", f"collections-and-estimators.md#{section}", 4, target="keras")
    # In a TF1 graph keras_xent.v1 needs nothing.
    assert "KX112" not in [finding.rule for finding in ported(source)[1]]


@pytest.mark.parametrize(("line", "section"), ESTIMATORS)
def test_estimators_are_named(line: str, section: str) -> None:
    source = f"{TF}{LOSS}{line}\n"
    check_flagged(source, "KX112", f"estimators.md#{section}", target="keras")
    # On keras_xent.v1 nothing has to be done about the loss.
    check_flagged(source, "KX112", "2.15 is the last version with Estimators", action=Action.NOTED)


def test_to_v1_all_of_estimators_is_one_line() -> None:
    source = f"{TF}{LOSS}" + "\n".join(line for line, _ in ESTIMATORS[:6])
    check_flagged(source, "KX112", "(5 more places in this file)", 3, action=Action.NOTED)


@pytest.mark.parametrize(
    "line",
    [
        "all = tf.losses.get_regularization_losses()",
        "all = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)",
        "all = tf.get_collection('mine')",
        "all = tf.get_collection(**arguments)",
        "self.add_loss(x)",
        "model.add_loss(x)",
        "tf.keras.layers.Layer().add_loss(x)",
        "total = losses.get_total_loss()",
        "s = tf.estimator.EstimatorSpec(mode, predictions=p)",
        "s = tf.estimator.EstimatorSpec(mode, p)",
        "s = tf.estimator.EstimatorSpec(mode, loss=None)",
        "e = tf.estimator.DNNClassifier([10])",
        "e = sklearn.Estimator(model_fn)",
        "from mine import EstimatorSpec\ns = EstimatorSpec(mode, loss=loss)",
    ],
)
def test_not_found(line: str) -> None:
    check_not_found(f"{TF}{LOSS}{line}\n", "KX112")


@pytest.mark.parametrize("line", [line for line, _ in [*COLLECTION, *ESTIMATORS]])
def test_files_without_the_functions_are_left_alone(line: str) -> None:
    check_not_found(f"{TF}import tf_slim as slim\n{line}\n", "KX112")


def test_each_is_said_once_a_file() -> None:
    lines = [line for line, _ in [*COLLECTION, *ESTIMATORS]]
    source = f"{TF}import tf_slim as slim\n{LOSS}" + "\n".join(lines * 2)
    found = [each for each in ported(source, "keras")[1] if each.rule == "KX112"]
    assert len(found) == 5
    assert found[0].message.endswith("#get_total_loss (3 more places in this file)")


def test_a_comment_silences_the_one_and_not_the_next() -> None:
    line = "tf.losses.add_loss(x)"
    source = f"{TF}{LOSS}{line}  # keras-xent: ignore\n{line}\n"
    found = check_flagged(source, "KX112", "#add_loss", 4, target="keras")
    assert "more place" not in found.message


def test_where_the_collection_is_read_elsewhere_the_note_has_the_link() -> None:
    _, findings = ported(f"{TF}{LOSS}total = tf.losses.get_total_loss()\n", "keras")
    assert findings[0].note.endswith(
        "How to replace the collection: "
        "migration_guide/collections-and-estimators.md#where-each-term-goes"
    )


# What is said, followed.

FEATURES = np.random.RandomState(0).normal(size=(6, 4)).astype(np.float32)
KERNEL = np.random.RandomState(1).normal(size=(4, 3)).astype(np.float32)
LABELS = np.eye(3, dtype=np.float32)[[0, 2, 1, 1, 0, 2]]

BEFORE = """\
import tensorflow as tf


def total(labels, features, kernel):
    hidden = tf.nn.relu(tf.matmul(features, kernel))
    tf.losses.add_loss(0.5 * tf.reduce_mean(tf.square(hidden)))
    tf.losses.softmax_cross_entropy(labels, hidden)
    return {}
"""


def of_tf1(total: str) -> float:
    """What the program gives in a graph, which its port gives too."""
    source = BEFORE.format(total)
    values: list[float] = []
    for text in (source, ported(source)[0]):
        with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
            loss = executing.program(text)["total"](LABELS, FEATURES, KERNEL)
            values.append(float(session.run(loss)))
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    return values[0]


class Activity(keras.layers.Layer):
    """What `add_loss` is to become."""

    def call(self, inputs: Any) -> Any:
        self.add_loss(0.5 * tf.reduce_mean(tf.square(inputs)))
        return inputs


def made_of_layers() -> Any:
    dense = keras.layers.Dense(3, "relu", use_bias=False)
    model = keras.Sequential([keras.Input([4]), dense, Activity()])
    model.set_weights([KERNEL])
    return model


def loss_object() -> keras_xent.CategoricalCrossentropy:
    return keras_xent.CategoricalCrossentropy(
        from_logits=True, reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS
    )


def compiled() -> float:
    model = made_of_layers()
    model.compile("sgd", loss=loss_object())
    history = model.fit(FEATURES, LABELS, batch_size=6, verbose=0)
    return history.history["loss"][0]


def in_a_loop() -> float:
    model = made_of_layers()
    loss = loss_object()(LABELS, model(FEATURES))
    return float(loss + sum(model.losses))


def in_variables() -> float:
    hidden = tf.nn.relu(FEATURES @ KERNEL)
    activity = 0.5 * tf.reduce_mean(tf.square(hidden))
    cross_entropy = loss_object()(LABELS, hidden)
    return float(activity + cross_entropy)


@pytest.mark.parametrize(
    ("total", "after"),
    [
        ("tf.losses.get_total_loss()", compiled),
        ("tf.losses.get_total_loss()", in_a_loop),
        ("tf.add_n(tf.losses.get_losses())", in_variables),
        ("tf.add_n(tf.get_collection(tf.GraphKeys.LOSSES))", in_variables),
    ],
)
def test_what_takes_its_place_is_the_same(total: str, after: Callable[[], float]) -> None:
    assert after() == pytest.approx(of_tf1(total), rel=1e-5)


def test_estimators_are_there_up_to_2_15() -> None:
    version = tuple(map(int, tf.__version__.split(".")[:2]))
    assert hasattr(tf.compat.v1, "estimator") == (version < (2, 16))
    if version < (2, 16):
        assert hasattr(tf.compat.v1.estimator.tpu, "TPUEstimator")
