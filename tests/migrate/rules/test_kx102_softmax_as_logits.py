"""KX102."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_not_found, check_stays_v1

from keras_xent_cli.migrate.rules.kx102_softmax_as_logits import RULE

IMPORTS = "import tensorflow.compat.v1 as tf\nfrom tensorflow.contrib import slim\n"

SOFTMAX = [
    ("logits = tf.nn.softmax(x)", "they are the output of tf.nn.softmax(…)"),
    ("x = tf.nn.softmax(x)\nlogits = x", "they are the output of tf.nn.softmax(…)"),
    (
        "logits = tf.layers.dense(x, 3, activation=tf.nn.softmax)",
        "they are the output of tf.layers.dense(…, activation=tf.nn.softmax)",
    ),
    (
        "logits = slim.fully_connected(x, 3, activation_fn=tf.nn.softmax)",
        "activation_fn=tf.nn.softmax",
    ),
    ("logits = tf.keras.layers.Dense(3, activation='softmax')(x)", "activation='softmax'"),
    ("logits = tf.keras.layers.Softmax()(x)", "they are the output of tf.keras.layers.Softmax()"),
    ("logits = tf.keras.activations.softmax(x)", "output of tf.keras.activations.softmax"),
]
OTHERS = [
    "logits = tf.layers.dense(x, 3)",
    "logits = tf.layers.dense(x, 3, activation=tf.nn.relu)",
    "logits = tf.nn.log_softmax(x)",
    "logits = tf.matmul(tf.nn.softmax(x), w)",
    "p = tf.nn.softmax(logits)",
    "logits = x",
]


@pytest.mark.parametrize(("line", "message"), SOFTMAX)
def test_flagged(line: str, message: str) -> None:
    source = f"{IMPORTS}{line}\nvalue = tf.losses.softmax_cross_entropy(labels, logits)\n"
    check_flagged(source, "KX102", message)
    check_stays_v1(source, "its logits look like probabilities")


@pytest.mark.parametrize("line", OTHERS)
def test_not_found(line: str) -> None:
    check_not_found(
        f"{IMPORTS}{line}\nvalue = tf.losses.softmax_cross_entropy(labels, logits)\n", "KX102"
    )


@pytest.mark.parametrize(
    "name", ["probs", "y_prob", "probabilities", "softmax", "softmax_out", "net['probs']"]
)
def test_names(name: str) -> None:
    check_flagged(
        f"{IMPORTS}value = tf.nn.softmax_cross_entropy_with_logits_v2(labels, {name})\n",
        "KX102",
        "their name is ",
    )


@pytest.mark.parametrize(
    "name", ["logits", "softmax_logits", "problem_outputs", "probe", "net", "tf.nn.relu(probs)"]
)
def test_other_names(name: str) -> None:
    check_not_found(
        f"{IMPORTS}value = tf.nn.softmax_cross_entropy_with_logits_v2(labels, {name})\n", "KX102"
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("tf.losses.sigmoid_cross_entropy(y, tf.sigmoid(x))", "The loss applies a sigmoid"),
        ("tf.losses.sigmoid_cross_entropy(y, tf.nn.softmax(x))", "The loss applies a sigmoid"),
        ("tf.losses.sparse_softmax_cross_entropy(y, tf.nn.softmax(x))", "applies a softmax itself"),
        (
            "tf.nn.sigmoid_cross_entropy_with_logits(\n"
            "    labels=y, logits=tf.layers.dense(x, 1, activation=tf.nn.sigmoid))",
            "activation=tf.nn.sigmoid",
        ),
    ],
)
def test_the_other_losses(call: str, message: str) -> None:
    source = f"{IMPORTS}value = {call}\n"
    check_flagged(source, "KX102", message)
    check_stays_v1(source, "its logits look like probabilities")


def test_after_the_call() -> None:
    check_not_found(
        f"{IMPORTS}value = tf.losses.softmax_cross_entropy(labels, x)\nx = tf.nn.softmax(x)\n",
        "KX102",
    )


def test_it_is_counted_among_the_mistakes_of_the_program() -> None:
    assert RULE.is_defect
