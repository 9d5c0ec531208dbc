"""KX109."""

from __future__ import annotations

import importlib
import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_slim
from migrate import executing
from migrate.tools import check_flagged, check_noop, check_not_found, ported

from keras_xent_cli.migrate.tensorflow.tensorflow_names import is_missing_in_tf2

TF = "import tensorflow as tf\n"
SLIM = f"{TF}from tensorflow.contrib import slim\n"
LOSS = "z = tf.losses.softmax_cross_entropy(y, x)\n"

# What a file says, and what the advice makes of it beside tf_slim's function, which is the same.
ADVICE = {
    "absolute_difference(p, t)": "absolute_difference(predictions=p, labels=t)",
    "absolute_difference(p, t, 0.3)": "absolute_difference(predictions=p, labels=t, weights=0.3)",
    "absolute_difference(p, t, w)": "absolute_difference(predictions=p, labels=t, weights=w)",
    "log_loss(p, t)": "log_loss(predictions=p, labels=t)",
    "log_loss(p, t, w, 1e-3)": "log_loss(predictions=p, labels=t, weights=w, epsilon=1e-3)",
    "mean_squared_error(p, t, w)": "mean_squared_error(predictions=p, labels=t, weights=w)",
    "cosine_distance(p, t, 1)": "cosine_distance(predictions=p, labels=t, axis=1)",
    "cosine_distance(p, t, 1, w[:, 0])": (
        "cosine_distance(predictions=p, labels=t, axis=1, weights=w[:, :1])"
    ),
    "hinge_loss(p, t)": (
        "hinge_loss(logits=p, labels=t, loss_collection=None, "
        "reduction=tf.compat.v1.losses.Reduction.NONE)"
    ),
    "add_loss(t[0, 0])": "add_loss(t[0, 0])",
    "add_loss(t[0, 0], 'mine')": "add_loss(t[0, 0], 'mine')",
    "get_losses()": "get_losses()",
    "get_regularization_losses()": "get_regularization_losses()",
    "get_total_loss()": "get_total_loss()",
    "get_total_loss(False)": "get_total_loss(False)",
    "compute_weighted_loss(p, 0.3)": "keras_xent.v1.compute_weighted_loss(p, 0.3)",
    "compute_weighted_loss(p)": "keras_xent.v1.compute_weighted_loss(p)",
    "compute_weighted_loss(p, w)": "keras_xent.v1.compute_weighted_loss(p, w)",
}


@pytest.mark.parametrize("call", sorted(ADVICE))
def test_the_advice_computes_the_same(call: str) -> None:
    """Whoever follows it gets the same value and the same collections."""
    advised = ADVICE[call]
    if not advised.startswith("keras_xent"):
        advised = f"tf.compat.v1.losses.{advised}"
    finding = check_flagged(f"{SLIM}z = slim.losses.{call}\n", "KX109", "is in tf.contrib", line=3)
    name = call.split("(")[0]
    assert f"use tf_slim.losses.{name}, which is the same function" in finding.message
    assert advised.split("(")[0] in finding.message
    for keyword in ("labels=", "predictions=", "logits=", "loss_collection=None"):
        assert keyword not in advised or keyword in finding.message
    theirs = in_a_graph(f"slim.losses.{call}")
    ours = in_a_graph(advised)
    assert theirs[1] == ours[1]
    for their, our in zip(theirs[0], ours[0]):
        np.testing.assert_allclose(our, their, rtol=1e-5)


def test_what_tf1_computes_otherwise() -> None:
    """The advice says so."""
    call = "mean_pairwise_squared_error({})"
    finding = check_flagged(f"{SLIM}z = slim.losses.{call}\n", "KX109", "computes something else")
    assert "use tf_slim.losses.mean_pairwise_squared_error" in finding.message
    theirs = in_a_graph("slim.losses." + call.format("p, t"))
    ours = in_a_graph("tf.compat.v1.losses." + call.format("t, p"))
    assert abs(theirs[0][0] - ours[0][0]) > 0.01


def test_the_order_matters() -> None:
    """The reason for which the keywords are in the advice."""
    theirs = in_a_graph("slim.losses.log_loss(p, t)")[0][0]
    assert abs(theirs - in_a_graph("tf.compat.v1.losses.log_loss(p, t)")[0][0]) > 0.1


def in_a_graph(expression: str) -> tuple[list[np.ndarray], list[int]]:
    """The values of an expression, and how many losses the graph's collections have then."""
    import keras_xent

    random = np.random.RandomState(0)
    p, t, w = (random.uniform(0.1, 0.9, (4, 3)).astype(np.float32) for _ in range(3))
    with tf.Graph().as_default() as graph:
        graph.add_to_collection("losses", tf.constant(1.5))
        graph.add_to_collection("regularization_losses", tf.constant(0.25))
        names = {"tf": tf, "slim": tf_slim, "keras_xent": keras_xent}
        tensors = {
            "p": tf.constant(p),
            "t": tf.constant(np.round(t)),
            "w": tf.constant(w * (w > 0.4)),
        }
        value: Any = eval(expression, {**names, **tensors})
        counts = [len(graph.get_collection(name)) for name in ("losses", "mine")]
        with tf.compat.v1.Session(graph=graph) as session:
            fetched = value if isinstance(value, list) else [] if value is None else [value]
            return session.run(fetched), counts


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            f"{TF}from tensorflow.contrib.losses import log_loss\nz = log_loss(p, y)\n",
            "is in tf.contrib, which TensorFlow 2 doesn't have: use tf_slim.losses.log_loss",
        ),
        (
            f"{SLIM}z = slim.losses.sum_of_squares(x, y)\n",
            "is in tf.contrib, which TensorFlow 2 doesn't have: see TensorFlow's guide",
        ),
        (
            f"{TF}\nz = tf.contrib.losses.metric_learning.triplet_semihard_loss(y, x)\n",
            "is in tf.contrib, which TensorFlow 2 doesn't have: see TensorFlow's guide",
        ),
        (
            f"{TF}from tensorflow.contrib.losses import metric_learning as m\n"
            "z = m.triplet_semihard_loss(y, x)\n",
            "is in tf.contrib, which TensorFlow 2 doesn't have: see TensorFlow's guide",
        ),
    ],
)
def test_other_losses(source: str, message: str) -> None:
    check_flagged(source, "KX109", message, line=3)


def test_losses_are_named_once() -> None:
    """KX110 has nothing to add, and neither has the import of what is named."""
    _, findings = ported(f"{SLIM}z = slim.losses.compute_weighted_loss(l, w)\n")
    assert [finding.rule for finding in findings] == ["KX109"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (f"{SLIM}{LOSS}x = slim.conv2d(x, 3)\n", "tensorflow.contrib.slim"),
        (f"{SLIM}{LOSS}", "tensorflow.contrib.slim"),  # nothing uses it, and it can't be imported
        (f"{TF}import tensorflow.contrib.slim as slim\n{LOSS}", "tensorflow.contrib.slim"),
        (
            f"{TF}from tensorflow.contrib.layers import flatten, conv2d\n{LOSS}x = flatten(x)\n",
            "tensorflow.contrib.layers.conv2d, tensorflow.contrib.layers.flatten",
        ),
        (f"{TF}\n{LOSS}x = tf.contrib.layers.flatten(tf.contrib.rnn.x)\n", "{}.layers, {}.rnn"),
        (
            f"{TF}from tensorflow.examples.tutorials.mnist import input_data\n{LOSS}",
            "tensorflow.examples.tutorials.mnist.input_data",
        ),
        (f"{TF}from tensorflow import flags, placeholder as p\n{LOSS}", "flags, tensorflow.place"),
        (f"{TF}import tensorflow.contrib.eager as tfe\nx = keras_xent.v1\n{LOSS}", "{}.eager"),
        (
            f"{TF}try:\n  from tensorflow.contrib import tpu\nexcept KeyError:\n  pass\n{LOSS}",
            "{}.tpu",
        ),
        (
            f"{SLIM}import tensorflow.contrib.eager as tfe\n"
            "z = slim.losses.softmax_cross_entropy(x, y)\n",
            "{}.eager",
        ),
    ],
)
def test_what_tensorflow_2_does_not_have_is_named_once(source: str, names: str) -> None:
    names = names.replace("{}", "tensorflow.contrib")
    finding = check_flagged(source, "KX109", names)
    assert finding.message.startswith("TensorFlow 2 doesn't have tensorflow.")
    slim = "slim is now the package tf_slim (import tf_slim as slim)"
    assert (slim in finding.message) == ("contrib.slim" in names)
    assert ("see TensorFlow's guide" in finding.message) == ("contrib.slim" not in names)
    new, _ = ported(source)
    check_flagged(new, "KX109", names)  # it is as true of what was ported


def test_slim_and_other_packages() -> None:
    check_flagged(
        f"{SLIM}{LOSS}x = slim.conv2d(x, 3)\ny = tf.contrib.rnn.x\n",
        "KX109",
        "TensorFlow 2 doesn't have tensorflow.contrib.rnn, tensorflow.contrib.slim: slim is now "
        "the package tf_slim (import tf_slim as slim); for the rest, see TensorFlow's guide",
    )


def test_the_only_use_is_ported() -> None:
    """The import goes with it, and the file is done."""
    source = f"{SLIM}z = slim.losses.softmax_cross_entropy(x, y)\n"
    new, (finding,) = ported(source)
    assert finding.rule == "KX005"
    assert "slim" not in new
    assert ported(new) == (new, ())


def test_what_is_said_of_slim() -> None:
    before = (
        f"{SLIM}\n\ndef loss(labels, logits, weights):\n    logits = slim.flatten(logits)\n"
        "    return slim.losses.softmax_cross_entropy(logits, labels)\n"
    )
    new, _ = ported(before)
    check_flagged(before, "KX109", "import tf_slim as slim")
    after = new.replace("from tensorflow.contrib import slim", "import tf_slim as slim")
    assert after != new
    namespace: dict = {}
    exec(after.replace("tensorflow as", "tensorflow.compat.v1 as"), namespace)
    executing.check_same(before, [after])


@pytest.mark.parametrize(
    "name",
    ["tensorflow.contrib.slim", "tensorflow.examples.x", "tensorflow.flags", "tensorflow.log"],
)
def test_tensorflow_2_lacks_it(name: str) -> None:
    assert is_missing_in_tf2(name)
    module, _, attribute = name.rpartition(".")
    try:
        found = hasattr(importlib.import_module(module), attribute)
    except ImportError:
        found = False
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        f"{SLIM}x = slim.fully_connected(x, 3)\n",  # no loss is here
        f"{TF}{LOSS}",
        f"{SLIM}z = slim.losses.softmax_cross_entropy(x, y)\n",  # KX005
        f"import tf_slim as slim\n{TF}{LOSS}x = slim.conv2d(x, 3, 3)\n",
        f"import tf_slim as slim\n{TF}{LOSS}x = slim.losses.log_loss(p, y)\n",
        f"{TF}from tensorflow import nn, reduce_mean\n{LOSS}",
        # It counts on a failure.
        f"{TF}{LOSS}try:\n  from tensorflow.contrib import x\nexcept ImportError:\n  tpu = None\n",
        f"{TF}{LOSS}try:\n  from tensorflow.contrib import tpu\nexcept (ValueError, ImportError):\n"
        "  raise\nx = tpu.x\n",
        f"{TF}{LOSS}try:\n  y = tf.contrib.rnn.x\nexcept AttributeError:\n  pass\n",
        f"{TF}{LOSS}try:\n  y = tf.contrib.rnn.x\nexcept:\n  pass\n",
        f"{TF}from .contrib import slim\nfrom tensorflow.contrib2 import y\n{LOSS}",
    ],
)
def test_not_found(source: str) -> None:
    check_not_found(source, "KX109")


@pytest.mark.parametrize(
    "call", ["log_loss(p, y)", "compute_weighted_loss(l, w)", "get_total_loss()", "add_loss(l)"]
)
def test_the_package_tf_slim_has_all_of_it(call: str) -> None:
    """TensorFlow 2 runs it, and it shares the collections with keras_xent.v1."""
    check_noop(f"import tf_slim as slim\nz = slim.losses.{call}\n")
    check_noop(f"from tf_slim.losses import loss_ops\nz = loss_ops.{call}\n")
    name = re.sub(r"\(.*", "", call)
    assert hasattr(tf_slim.losses, name)
