"""A verified call is silent where it is right, and fails where it is not, in every mode."""

from __future__ import annotations

import contextlib
from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1
from verified_calls import (
    FAILURES,
    FUNCTIONS,
    LABELS,
    LOGITS,
    WEIGHTS,
    break_ours,
    loss,
    twice_the_gradient,
    with_gradients,
)

from keras_xent import ops, v1
from keras_xent.testing import VerificationError, verify


def test_every_function_is_here() -> None:
    assert set(FUNCTIONS) == set(v1.__all__)


# One of each kind of oracle.
KINDS = [
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "sigmoid_cross_entropy_with_logits",
    "compute_weighted_loss",
]


class TestEveryFunction:
    @pytest.mark.parametrize(
        ("mode", "function"),
        [
            *(("eager", function) for function in FUNCTIONS),
            *(("tf1_graph", function) for function in KINDS),
        ],
    )
    def test_silence_if_it_is_right(self, mode: str, function: str) -> None:
        run = with_gradients(FUNCTIONS[function])
        expected = modes.eager(run, LOGITS, LABELS, WEIGHTS)
        with verify():
            found = modes.MODES[mode](run, LOGITS, LABELS, WEIGHTS)
        # The same in number, too: nothing turns None into a gradient.
        tf1.assert_same(found, expected)

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_a_wrong_value_fails(self, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
        break_ours(monkeypatch, lambda tensor: tensor * 1.0001)
        FUNCTIONS[function](LOGITS, LABELS, WEIGHTS)
        with verify(), pytest.raises(FAILURES, match=f"v1.{function} differs .* in its value"):
            FUNCTIONS[function](LOGITS, LABELS, WEIGHTS)

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_a_wrong_gradient_fails(self, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
        break_ours(monkeypatch, twice_the_gradient)
        inputs = [tf.constant(each) for each in (LOGITS, LABELS, WEIGHTS)]
        tf1.by_tape(FUNCTIONS[function], *inputs)
        with verify(), pytest.raises(FAILURES, match=f"v1.{function} differs .* in its gradient"):
            tf1.by_tape(FUNCTIONS[function], *inputs)

    # How a graph fails doesn't depend on the function. A trace: test_counting.py. A graph that
    # doesn't know all shapes: test_verification_graphs.py.
    @pytest.mark.parametrize("function", ["softmax_cross_entropy", "compute_weighted_loss"])
    def test_a_graph_fails_in_its_wrong_value_and_in_its_wrong_gradient(
        self, function: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upstream = np.ones(FUNCTIONS[function](LOGITS, LABELS, WEIGHTS).shape, np.float32)
        break_ours(monkeypatch, lambda tensor: twice_the_gradient(tensor) * 1.0001)
        with verify(), tf.Graph().as_default(), tf.compat.v1.Session() as session:
            arrays = (LOGITS, LABELS, WEIGHTS, upstream)
            inputs = [tf.compat.v1.placeholder(each.dtype, each.shape) for each in arrays]
            value = FUNCTIONS[function](*inputs[:3])
            # The upstream gradient is fed, so the gradient doesn't depend on the value's check.
            gradient = tf.gradients(value, inputs[0], inputs[3])
            feed = dict(zip(inputs, arrays))
            for fetch, where in ((value, "value"), (gradient, "gradient")):
                failure = f"v1.{function} differs .* in its {where}"
                with pytest.raises(tf.errors.InvalidArgumentError, match=failure):
                    session.run(fetch, feed)


@pytest.mark.parametrize("index", [0, 2])
def test_a_wrong_gradient_to_one_input_fails(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    right = ops.softmax_cross_entropy

    def broken(logits: Any, labels: Any, weights: Any, **keywords: Any) -> Any:
        inputs = [logits, labels, weights]
        inputs[index] = twice_the_gradient(inputs[index])
        return right(*inputs, **keywords)

    monkeypatch.setattr(ops, "softmax_cross_entropy", broken)
    name = ["logits", "labels", "weights"][index]
    with verify(), pytest.raises(VerificationError, match=f"gradient with respect to {name}"):
        tf1.by_tape(loss, LOGITS, LABELS, WEIGHTS)


def test_a_gradient_to_labels_that_tf1_stops_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unstopped:
        def __getattr__(self, name: str) -> Any:
            return getattr(tf, name)

        def stop_gradient(self, tensor: Any, name: Any = None) -> Any:
            return tf.identity(tensor)

    monkeypatch.setattr("keras_xent.v1.softmax.tf", Unstopped())
    with verify(), pytest.raises(VerificationError, match="gradient with respect to onehot_la"):
        tf1.by_tape(loss, LOGITS, LABELS, WEIGHTS)


# In a graph, it is raised while the gradient is added, in whatever way.
@pytest.mark.parametrize(
    "context",
    [contextlib.nullcontext, lambda: tf.Graph().as_default()],
    ids=["eager", "graph"],
)
def test_a_gradient_that_is_left_out_fails(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = ops.softmax_cross_entropy
    monkeypatch.setattr(
        ops,
        "softmax_cross_entropy",
        lambda logits, labels, weights, **keywords: right(
            tf.stop_gradient(logits), labels, weights, **keywords
        ),
    )
    run = with_gradients(loss)
    message = r"to logits:\s+keras_xent returns no gradient, but TensorFlow"
    with context():
        inputs = [tf.constant(each) for each in (LOGITS, LABELS, WEIGHTS)]
        run(*inputs)
        with verify(), pytest.raises(VerificationError, match=message):
            run(*inputs)


def test_complex_losses_have_their_gradients() -> None:
    # TensorFlow takes them, and they are not verified.
    losses = tf.constant([1 + 2j, 3 - 1j])
    with tf.GradientTape(persistent=True) as tape, verify():
        tape.watch(losses)
        value = v1.compute_weighted_loss(losses, [1.0, 2.0], reduction="weighted_sum")
    np.testing.assert_allclose(tape.gradient(value, losses), [1, 2])


def test_swapped_arguments_still_have_no_gradient() -> None:
    logits = tf.constant(LOGITS)
    with verify(), tf.GradientTape() as tape:
        tape.watch(logits)
        value = v1.softmax_cross_entropy(logits, LABELS)
    assert tape.gradient(value, logits) is None


def test_the_message_tells_the_numbers_the_shapes_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    break_ours(monkeypatch, lambda tensor: 2 * tensor)
    theirs = tf1.THEIRS.softmax_cross_entropy(LABELS, LOGITS, WEIGHTS, 0.1).numpy()
    parts = [
        f"keras_xent {2 * theirs:.9f}"[:16],
        f"TensorFlow {theirs:.9f}"[:16],
        "logits: float32 of shape (4, 3)",
        "weights: float32 of shape (4,)",
        "label_smoothing: 0.1",
        "reduction: 'weighted_sum_by_nonzero_weights'",
        "use TensorFlow's function",
    ]
    with verify(), pytest.raises(VerificationError) as caught:
        loss(LOGITS, LABELS, WEIGHTS)
    for part in parts:
        assert part in str(caught.value)
    with verify(), pytest.raises(tf.errors.InvalidArgumentError) as in_graph:
        modes.traced(loss, LOGITS, LABELS, WEIGHTS)
    text = str(in_graph.value).replace("[", "").replace("]", "").replace("\\'", "'")
    for part in parts:
        assert part in text


def test_another_dtype_or_shape_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    break_ours(monkeypatch, lambda tensor: tf.cast(tensor, tf.float64))
    with verify(), pytest.raises(VerificationError, match="in the dtype of its value"):
        loss(LOGITS, LABELS, WEIGHTS)
    monkeypatch.undo()
    break_ours(monkeypatch, lambda tensor: tensor[None])
    message = r"shapes: keras_xent \[1\], TensorFlow \[\]"
    with verify(), pytest.raises(VerificationError, match=message):
        loss(LOGITS, LABELS, WEIGHTS)
