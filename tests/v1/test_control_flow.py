"""The losses inside conditionals, loops and processes of TF1's kind."""

from __future__ import annotations

import functools
from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent

LOGITS = tf1.logits_of([4, 3])
WEIGHTS = np.array([1, 0, 2, 0.5], np.float32)
Loss = Callable[..., Any]


def loss_of(functions: tf1.Functions, name: str) -> Loss:
    loss = getattr(functions, name)
    return functools.partial(loss, label_smoothing=0.1) if name in tf1.SMOOTHED else loss


def inputs_of(name: str) -> list[np.ndarray]:
    weights = WEIGHTS[:, None] if name.startswith("sigmoid") else WEIGHTS
    return [tf1.labels_of(name, [4, 3]), LOGITS, weights]


def false_branch(loss: Loss, labels: Any, logits: Any, weights: Any) -> Any:
    return tf.compat.v1.cond(
        tf.reduce_sum(weights) > 100,
        lambda: loss(labels, logits, weights),
        lambda: loss(labels, 2 * logits, weights),
    )


def loop(loss: Loss, labels: Any, logits: Any, weights: Any) -> Any:
    def step(i: Any, total: Any) -> Any:
        return i + 1, total + loss(labels, logits * tf.cast(i, tf.float32), weights)

    return tf.while_loop(lambda i, total: i < 3, step, (0, 0.0))[1]


def branch_in_loop(loss: Loss, labels: Any, logits: Any, weights: Any) -> Any:
    def step(i: Any, total: Any) -> Any:
        scaled = logits * tf.cast(i, tf.float32)
        return i + 1, total + tf.cond(i > 0, lambda: loss(labels, scaled, weights), lambda: 0.0)

    return tf.while_loop(lambda i, total: i < 3, step, (0, 0.0))[1]


def loop_in_branch(loss: Loss, labels: Any, logits: Any, weights: Any) -> Any:
    return tf.cond(
        tf.reduce_sum(weights) > 1, lambda: loop(loss, labels, logits, weights), lambda: 0.0
    )


def mapped(loss: Loss, labels: Any, logits: Any, weights: Any) -> Any:
    def one(row: Any) -> Any:
        label, logit, weight = row
        return loss(label, logit, weight)

    return tf.reduce_sum(tf.map_fn(one, (labels, logits, weights), fn_output_signature=tf.float32))


def scanned(loss: Loss, labels: Any, logits: Any, weights: Any) -> Any:
    def one(total: Any, row: Any) -> Any:
        label, logit, weight = row
        return total + loss(label, logit, weight)

    return tf.scan(one, (labels, logits, weights), initializer=0.0)[-1]


def in_a_function(loss: Loss, labels: Any, logits: Any, weights: Any) -> Any:
    return tf.function(loss, autograph=False)(labels, logits, weights)


CONSTRUCTS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        false_branch,
        branch_in_loop,
        loop_in_branch,
        mapped,
        scanned,
        in_a_function,
    )
}


@functools.lru_cache(maxsize=None)
def expected(loss: str, construct: str) -> list[Any]:
    labels, *inputs = [tf.constant(each) for each in inputs_of(loss)]
    function = loss_of(tf1.THEIRS, loss)
    return tf1.by_tape(lambda *others: CONSTRUCTS[construct](function, labels, *others), *inputs)


def in_session(
    construct: Callable[..., Any], name: str, batch_size: int | None = 4
) -> list[Any]:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        inputs = inputs_of(name)
        fed = [
            tf.compat.v1.placeholder(each.dtype, [batch_size, *each.shape[1:]]) for each in inputs
        ]
        value = construct(loss_of(tf1.OURS, name), *fed)
        return list(session.run([value, *tf.gradients(value, fed[1:])], dict(zip(fed, inputs))))


def in_session_of_any_batch(construct: Callable[..., Any], name: str) -> list[Any]:
    """Here the shapes are checked when the graph runs, which takes twice as long."""
    return in_session(construct, name, None)


def in_function(construct: Callable[..., Any], name: str) -> list[Any]:
    # The constructs have no statement for AutoGraph to convert.
    @functools.partial(tf.function, autograph=False)
    def run(labels: Any, logits: Any, weights: Any) -> Any:
        return tf1.by_tape(
            lambda logits, weights: construct(loss_of(tf1.OURS, name), labels, logits, weights),
            logits,
            weights,
        )

    return list(run(*[tf.constant(each) for each in inputs_of(name)]))


# Functions, the other losses and the portable backend have the same gradient function, so a few
# constructs, which contain others, are enough. A branch in a loop in a function: "looped" in
# test_verification_derivatives.py.
RUNS = [
    *(
        ("auto", in_session, "softmax_cross_entropy", name)
        for name in ("false_branch", "loop_in_branch", "mapped", "scanned", "in_a_function")
    ),
    ("auto", in_session_of_any_batch, "softmax_cross_entropy", "branch_in_loop"),
    ("auto", in_function, "softmax_cross_entropy", "loop_in_branch"),
    ("portable", in_session_of_any_batch, "softmax_cross_entropy", "branch_in_loop"),
    ("portable", in_function, "softmax_cross_entropy", "loop_in_branch"),
    ("auto", in_session, "sparse_softmax_cross_entropy", "mapped"),
    ("auto", in_session, "sigmoid_cross_entropy", "mapped"),
]


@pytest.mark.parametrize(("choice", "run", "loss", "name"), RUNS)
def test_control_flow_gives_tf1s_value_and_gradients(
    choice: str, run: Callable[..., list[Any]], loss: str, name: str
) -> None:
    keras_xent.set_backend(choice)
    tf1.assert_same(run(CONSTRUCTS[name], loss), expected(loss, name), scale=8)


def row_gradients(loss: Loss, labels: Any, logits: Any) -> Any:
    """Each row's own gradient, which differentially private training needs."""

    def one(row: Any) -> Any:
        label, logit = row
        return tf1.by_tape(lambda logit: loss(label, logit), logit)

    return tf.vectorized_map(one, (labels, logits))


def gradient_of_rows(loss: Loss, labels: Any, logits: Any) -> Any:
    return tf1.by_tape(lambda logits: rows_alone(loss, labels, logits)[0], logits)


def rows_alone(loss: Loss, labels: Any, logits: Any) -> Any:
    return [tf.vectorized_map(lambda row: loss(*row), (labels, logits))]


@functools.lru_cache(maxsize=None)
def expected_rows(loss: str) -> list[Any]:
    """The value and the gradient of each row, from one call a row."""
    function = loss_of(tf1.THEIRS, loss)
    rows = [
        tf1.by_tape(lambda logit, label=label: function(label, logit), logit)
        for label, logit in zip(*inputs_of(loss)[:2])
    ]
    return [np.stack(each) for each in zip(*rows)]


@pytest.mark.parametrize(
    ("choice", "run", "loss"),
    [
        # The other losses alone are in their gradient of rows.
        ("auto", rows_alone, "softmax_cross_entropy"),
        *(("auto", run, loss) for run in (row_gradients, gradient_of_rows) for loss in tf1.LABELS),
        ("portable", row_gradients, "sigmoid_cross_entropy"),
        ("portable", gradient_of_rows, "softmax_cross_entropy"),
    ],
)
def test_vectorized_map_gives_tf1s_rows(choice: str, run: Callable[..., Any], loss: str) -> None:
    keras_xent.set_backend(choice)
    labels, logits = (tf.constant(each) for each in inputs_of(loss)[:2])
    expected = expected_rows(loss)[: 1 if run is rows_alone else 2]
    tf1.assert_same(run(loss_of(tf1.OURS, loss), labels, logits), expected, scale=8)


# A process as TF1 programs are: no eager execution, control flow and variables of TF1.
_TF1_PROCESS = """
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

import keras_xent

assert not tf.executing_eagerly()
assert not tf.control_flow_v2_enabled()
random = np.random.RandomState(0)
x_data, weights_data = random.randn(8, 5).astype("float32"), np.array([1, 0, 2, 1] * 2, "float32")
y_data = np.eye(3, dtype="float32")[random.randint(3, size=8)]


def train(losses, batch_size):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [batch_size, 5])
        y = tf.placeholder(tf.float32, [batch_size, 3])
        weights = tf.placeholder(tf.float32, [batch_size])
        kernel = tf.get_variable("kernel", [5, 3], initializer=tf.zeros_initializer())
        logits = tf.matmul(x, kernel)
        # Collected.
        losses.softmax_cross_entropy(y, logits, weights, label_smoothing=0.1)
        losses.sparse_softmax_cross_entropy(tf.argmax(y, 1)[:, None], logits, weights[:, None])
        losses.sigmoid_cross_entropy(y, logits, weights[:, None], label_smoothing=0.1)

        def step(i, total):
            loss = losses.softmax_cross_entropy(y, logits, weights, loss_collection=None)
            return i + 1, total + tf.cond(i > 0, lambda: loss, lambda: tf.zeros([]))

        looped = tf.while_loop(lambda i, total: i < 3, step, [0, tf.zeros([])])[1]
        total = tf.losses.get_total_loss() + 0.1 * looped
        step = tf.train.GradientDescentOptimizer(0.5).minimize(total)
        session.run(tf.global_variables_initializer())
        feed = {x: x_data, y: y_data, weights: weights_data}
        losses = [session.run([total, step], feed)[0] for _ in range(3)]
        graph_def = session.graph.as_graph_def()
        nodes = list(graph_def.node) + [
            node for function in graph_def.library.function for node in function.node_def
        ]
        native = any(node.op.startswith("KerasXent>") for node in nodes)
        return losses, session.run(kernel), native


def row_gradients(softmax_cross_entropy):
    def one(row):
        logits, labels = row
        loss = softmax_cross_entropy(labels, logits, loss_collection=None)
        return tf.gradients(loss, logits)[0]

    with tf.Graph().as_default(), tf.Session() as session:
        rows = tf.constant(x_data[:, :3]), tf.constant(y_data)
        return session.run(tf.vectorized_map(one, rows, fallback_to_while_loop=False))


np.testing.assert_allclose(
    row_gradients(keras_xent.v1.softmax_cross_entropy),
    row_gradients(tf.losses.softmax_cross_entropy),
    rtol=1e-5,
)
ours = train(keras_xent.v1, None)
theirs = train(tf.losses, 8)
np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5)
np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5, atol=1e-6)
assert ours[0][-1] < ours[0][0] / 1.05
assert ours[2] == (keras_xent.backend().name == "native")
print("ok")
"""


def test_a_process_without_v2_behavior_trains_as_on_tf1s_own_loss() -> None:
    assert tf1.run_python(_TF1_PROCESS) == "ok\n"
