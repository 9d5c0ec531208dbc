"""A verified call is silent where it is right, and fails where it is not, in every mode."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1

from keras_xent import Reduction, ops, v1
from keras_xent._verification import verification
from keras_xent.ops import weighting
from keras_xent.testing import VerificationError, verify

LOGITS, LABELS = tf1.logits_of([4, 3]), tf1.soft_labels_of([4, 3])
WEIGHTS = np.array([1, 0, 2, 0.5], np.float32)
placeholder = tf.compat.v1.placeholder
OPS = ["softmax_cross_entropy", "sparse_softmax_cross_entropy", "sigmoid_cross_entropy"]
FAILURES = (VerificationError, tf.errors.InvalidArgumentError)
# XLA drops assertions.
MODES = ["eager", "traced_unknown_shapes", "tf1_graph"]


def loss(logits: Any, labels: Any, weights: Any) -> Any:
    return v1.softmax_cross_entropy(labels, logits, weights, 0.1)


def losses(logits: Any, labels: Any, _: Any) -> Any:
    return v1.softmax_cross_entropy_with_logits_v2(labels, logits)


def weighted(logits: Any, _: Any, weights: Any) -> Any:
    return v1.compute_weighted_loss(logits[:, 0], weights, reduction="weighted_mean")


def older_losses(logits: Any, labels: Any, _: Any) -> Any:
    return v1.softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def sparse(logits: Any, labels: Any, weights: Any) -> Any:
    return v1.sparse_softmax_cross_entropy(tf.argmax(labels, -1), logits, weights)


def sparse_losses(logits: Any, labels: Any, _: Any) -> Any:
    ids = tf.argmax(labels, -1)
    return v1.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)


def sigmoid(logits: Any, labels: Any, weights: Any) -> Any:
    return v1.sigmoid_cross_entropy(labels, logits, weights[:, tf.newaxis], 0.1)


def sigmoid_losses(logits: Any, labels: Any, _: Any) -> Any:
    return v1.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)


FUNCTIONS: Dict[str, Callable[..., Any]] = {
    "softmax_cross_entropy": loss,
    "softmax_cross_entropy_with_logits": older_losses,
    "sparse_softmax_cross_entropy": sparse,
    "sparse_softmax_cross_entropy_with_logits": sparse_losses,
    "sigmoid_cross_entropy": sigmoid,
    "sigmoid_cross_entropy_with_logits": sigmoid_losses,
    "softmax_cross_entropy_with_logits_v2": losses,
    "compute_weighted_loss": weighted,
}


def with_gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*inputs: Any) -> List[Any]:
        if tf.executing_eagerly() or isinstance(tf.compat.v1.get_default_graph(), _FUNC_GRAPH):
            return tf1.by_tape(function, *inputs)
        return tf1.by_tf_gradients(function, *inputs)

    return run


@tf.function
def _traced() -> Any:
    return tf.constant(0)


_FUNC_GRAPH = type(_traced.get_concrete_function().graph)


@tf.custom_gradient
def twice_the_gradient(tensor: Any) -> Any:
    return tf.identity(tensor), lambda gradient: 2 * gradient


def break_ours(monkeypatch: pytest.MonkeyPatch, broken: Callable[[Any], Any]) -> None:
    def breaks(right: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **keywords: broken(right(*args, **keywords))

    for name in OPS:
        monkeypatch.setattr(ops, name, breaks(getattr(ops, name)))
    # What v1.compute_weighted_loss calls. The ops that call it too are twice as wrong.
    monkeypatch.setattr(weighting, "reduce_losses", breaks(weighting.reduce_losses))


def test_every_function_is_here() -> None:
    assert set(FUNCTIONS) == set(v1.__all__)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("function", FUNCTIONS)
class TestEveryFunctionInEveryMode:
    def test_silence_where_it_is_right(self, mode: str, function: str) -> None:
        run = with_gradients(FUNCTIONS[function])
        expected = modes.MODES[mode](run, LOGITS, LABELS, WEIGHTS)
        with verify():
            found = modes.MODES[mode](run, LOGITS, LABELS, WEIGHTS)
        # The same in number, too: nothing turns None into a gradient.
        tf1.assert_same(found, expected)

    def test_a_wrong_value_fails(
        self, mode: str, function: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_ours(monkeypatch, lambda tensor: tensor * 1.0001)
        run = FUNCTIONS[function]
        modes.MODES[mode](run, LOGITS, LABELS, WEIGHTS)
        with verify(), pytest.raises(FAILURES, match=f"v1.{function} differs .* in its value"):
            modes.MODES[mode](run, LOGITS, LABELS, WEIGHTS)

    def test_a_wrong_gradient_fails(
        self, mode: str, function: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_ours(monkeypatch, twice_the_gradient)
        run = with_gradients(FUNCTIONS[function])
        modes.MODES[mode](run, LOGITS, LABELS, WEIGHTS)
        with verify(), pytest.raises(FAILURES, match=f"v1.{function} differs .* in the gradient"):
            modes.MODES[mode](run, LOGITS, LABELS, WEIGHTS)


@pytest.mark.parametrize("index", [0, 2])
def test_a_wrong_gradient_to_one_input_fails(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    right = ops.softmax_cross_entropy

    def broken(logits: Any, labels: Any, weights: Any, **keywords: Any) -> Any:
        inputs = [logits, labels, weights]
        inputs[index] = twice_the_gradient(inputs[index])
        return right(*inputs, **keywords)

    monkeypatch.setattr(ops, "softmax_cross_entropy", broken)
    name = ["logits", "labels", "weights"][index]
    with verify(), pytest.raises(VerificationError, match=f"gradient that it sends to {name}"):
        tf1.by_tape(loss, LOGITS, LABELS, WEIGHTS)


def test_a_gradient_to_labels_that_tf1_stops_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unstopped:
        def __getattr__(self, name: str) -> Any:
            return getattr(tf, name)

        def stop_gradient(self, tensor: Any, name: Any = None) -> Any:
            return tf.identity(tensor)

    monkeypatch.setattr("keras_xent.v1.softmax.tf", Unstopped())
    with verify(), pytest.raises(VerificationError, match="gradient that it sends to onehot_la"):
        tf1.by_tape(loss, LOGITS, LABELS, WEIGHTS)


@pytest.mark.parametrize("mode", MODES)
def test_a_gradient_that_is_left_out_fails(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = ops.softmax_cross_entropy
    monkeypatch.setattr(
        ops,
        "softmax_cross_entropy",
        lambda logits, labels, weights, **keywords: right(
            tf.stop_gradient(logits), labels, weights, **keywords
        ),
    )
    run = with_gradients(loss)
    modes.MODES[mode](run, LOGITS, LABELS, WEIGHTS)
    with verify(), pytest.raises(
        VerificationError, match=r"sends to logits:\s+keras_xent sends none, TensorFlow does"
    ):
        modes.MODES[mode](run, LOGITS, LABELS, WEIGHTS)


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
        "Use TensorFlow's function",
    ]
    with verify(), pytest.raises(VerificationError) as caught:
        loss(LOGITS, LABELS, WEIGHTS)
    for part in parts:
        assert part in str(caught.value)
    with verify(), pytest.raises(tf.errors.InvalidArgumentError) as in_graph:
        tf.function(loss)(LOGITS, LABELS, WEIGHTS)
    text = str(in_graph.value).replace("[", "").replace("]", "").replace("\\'", "'")
    for part in parts:
        assert part in text


def test_another_dtype_or_shape_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    break_ours(monkeypatch, lambda tensor: tf.cast(tensor, tf.float64))
    with verify(), pytest.raises(VerificationError, match="its value's dtype"):
        loss(LOGITS, LABELS, WEIGHTS)
    monkeypatch.undo()
    break_ours(monkeypatch, lambda tensor: tensor[None])
    with verify(), pytest.raises(VerificationError, match=r"the shapes are \[1\] and \[\]"):
        loss(LOGITS, LABELS, WEIGHTS)


class TestGraphs:
    def build(self, loss_collection: Any = "losses") -> Any:
        logits = placeholder(tf.float32, [None, 3], name="logits")
        labels = placeholder(tf.float32, [None, 3], name="labels")
        v1.softmax_cross_entropy(labels, logits, loss_collection=loss_collection)
        v1.softmax_cross_entropy(labels, logits, 0.4, scope="aux")
        each = v1.softmax_cross_entropy_with_logits_v2(labels, logits)
        mean = v1.compute_weighted_loss(each, [1.0, 0.0, 2.0, 1.0])
        return each, mean

    def names(self) -> Any:
        with tf.Graph().as_default() as graph:
            results = [tensor.name for tensor in self.build()]
            keys = graph.get_all_collection_keys()
            collected = {key: [each.name for each in graph.get_collection(key)] for key in keys}
            return results, collected, graph._last_loss_reduction

    def test_names_collections_and_the_last_reduction_stay(self) -> None:
        expected = self.names()
        with verify():
            assert self.names() == expected
        assert expected[1]["losses"][0] == "softmax_cross_entropy_loss/value:0"

    def test_a_gradient_leaves_the_last_reduction_alone(self) -> None:
        with verify(), tf.Graph().as_default() as graph:
            logits = tf.constant(LOGITS)
            mean = v1.softmax_cross_entropy(LABELS, logits)
            v1.compute_weighted_loss([1.0], reduction="weighted_sum")
            tf.gradients(mean, logits)
            assert graph._last_loss_reduction == "weighted_sum"

    @pytest.mark.parametrize("how", ["name", "collection", "total"])
    def test_whoever_finds_the_loss_runs_the_check(
        self, how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_ours(monkeypatch, lambda tensor: 2 * tensor)
        with verify(), tf.Graph().as_default(), tf.compat.v1.Session() as session:
            self.build()
            fetch = {
                "name": "softmax_cross_entropy_loss/value:0",
                "collection": tf.compat.v1.losses.get_losses(),
                "total": tf.compat.v1.losses.get_total_loss(),
            }[how]
            with pytest.raises(tf.errors.InvalidArgumentError, match="in its value"):
                session.run(fetch, {"logits:0": LOGITS, "labels:0": LABELS})

    def test_what_is_traced_before_stays_unverified_and_inside_verified(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_ours(monkeypatch, lambda tensor: 2 * tensor)
        before, inside = tf.function(loss), tf.function(loss)
        before(LOGITS, LABELS, WEIGHTS)
        with verify():
            before(LOGITS, LABELS, WEIGHTS)
            with pytest.raises(tf.errors.InvalidArgumentError):
                inside(LOGITS, LABELS, WEIGHTS)
        with pytest.raises(tf.errors.InvalidArgumentError):
            inside(LOGITS, LABELS, WEIGHTS)

    @pytest.mark.parametrize("graph_of_tf1", [False, True])
    def test_branches_in_loops_have_verified_gradients(
        self, graph_of_tf1: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def looped(logits: Any, labels: Any, weights: Any) -> Any:
            def step(i: Any, total: Any) -> Any:
                scaled = logits * tf.cast(i, tf.float32)
                branch = tf.cond(i > 0, lambda: loss(scaled, labels, weights), lambda: 0.0)
                return i + 1, total + branch

            return tf.while_loop(lambda i, _: i < 3, step, (0, 0.0))[1]

        mode = modes.tf1_graph if graph_of_tf1 else modes.traced
        expected = mode(with_gradients(looped), LOGITS, LABELS, WEIGHTS)
        with verify():
            tf1.assert_same(mode(with_gradients(looped), LOGITS, LABELS, WEIGHTS), expected)
            break_ours(monkeypatch, twice_the_gradient)
            with pytest.raises(FAILURES, match="in the gradient"):
                mode(with_gradients(looped), LOGITS, LABELS, WEIGHTS)


class TestXla:
    def test_compiled_code_warns_once_and_is_not_verified(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verification, "_warned_of_xla", False)
        right = ops.softmax_cross_entropy
        monkeypatch.setattr(
            ops, "softmax_cross_entropy", lambda *args, **keywords: 2 * right(*args, **keywords)
        )
        expected = 2 * tf1.THEIRS.softmax_cross_entropy(LABELS, LOGITS, WEIGHTS, 0.1).numpy()
        with verify():
            with pytest.warns(RuntimeWarning, match="not verified"):
                found = modes.compiled(loss, LOGITS, LABELS, WEIGHTS)
            # A second warning would be an error.
            modes.compiled(losses, LOGITS, LABELS, WEIGHTS)
        np.testing.assert_allclose(found, expected, rtol=1e-6)

    def test_code_traced_before_it_is_compiled_runs(self) -> None:
        expected = modes.eager(with_gradients(loss), LOGITS, LABELS, WEIGHTS)
        with verify():
            found = modes.traced_then_compiled(with_gradients(loss), LOGITS, LABELS, WEIGHTS)
        tf1.assert_same(found, expected)


class TestOtherDerivatives:
    @pytest.mark.parametrize("mode", ["eager", "traced"])
    def test_second_derivatives_stay(self, mode: str) -> None:
        def second(logits: Any) -> Any:
            with tf.GradientTape() as outer:
                outer.watch(logits)
                first = tf1.by_tape(lambda logits: loss(logits, LABELS, WEIGHTS), logits)[1]
                total = tf.reduce_sum(first * first)
            return [outer.gradient(total, logits)]

        expected = modes.MODES[mode](second, LOGITS)
        with verify():
            tf1.assert_same(modes.MODES[mode](second, LOGITS), expected)

    @pytest.mark.parametrize("mode", ["eager", "traced"])
    def test_tangents_stay(self, mode: str) -> None:
        def tangent(logits: Any) -> Any:
            with tf.autodiff.ForwardAccumulator(logits, tf.ones_like(logits) * LABELS) as forward:
                value = loss(logits, LABELS, WEIGHTS)
            return [forward.jvp(value)]

        expected = modes.MODES[mode](tangent, LOGITS)
        with verify():
            tf1.assert_same(modes.MODES[mode](tangent, LOGITS), expected)

    def test_a_persistent_tape_may_ask_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        logits = tf.constant(LOGITS)
        with verify(), tf.GradientTape(persistent=True) as tape:
            tape.watch(logits)
            value = losses(logits, LABELS, None)
        first = tape.gradient(value, logits)
        second = tape.gradient(value, logits, output_gradients=tf.constant(WEIGHTS))
        tf1.assert_same([second], [first * WEIGHTS[:, None]])


class TestDocumentedDifferences:
    def test_an_impossible_class_is_named(self) -> None:
        logits = np.array([[1, -np.inf], [1, 2]], np.float32)
        with verify():
            with pytest.raises(VerificationError, match=r"logits that are -inf: 1 \(if there"):
                v1.softmax_cross_entropy([[1, 0], [0, 1]], logits)
            # Infinity in both.
            v1.softmax_cross_entropy([[0, 1], [0, 1]], logits)
            # NaN in both.
            v1.softmax_cross_entropy([[0, 1], [0, 1]], logits * np.float32(np.nan))

    def test_a_negative_axis_is_counted_from_the_front_for_tensorflow(self) -> None:
        logits = tf1.logits_of([2, 3, 4])
        with verify():
            tf1.by_tape(
                lambda x: v1.softmax_cross_entropy_with_logits_v2(np.ones_like(logits) / 3, x, -2),
                logits,
            )

    def test_what_tensorflow_alone_refuses_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise ValueError("no such thing")

        monkeypatch.setattr(tf.compat.v1.losses, "softmax_cross_entropy", refuse)
        with verify(), pytest.raises(VerificationError, match=r"refuses the call(.|\n)*such thing"):
            loss(LOGITS, LABELS, WEIGHTS)

    def test_what_ours_refuses_it_refuses_in_its_own_words(self) -> None:
        with verify(), pytest.raises(ValueError, match=r"label_smoothing is 2\.0"):
            v1.softmax_cross_entropy(LABELS, LOGITS, label_smoothing=2.0)
        with verify(), pytest.raises(ValueError, match="must have the same shape"):
            v1.softmax_cross_entropy(LABELS[:1], LOGITS)


@pytest.mark.parametrize("weights", [2, True, [1, 0, 2, 0], [True, False, True, True], 0.0, [0.0]])
def test_every_form_of_weights_is_silent(weights: Any) -> None:
    for reduction in (Reduction.MEAN, Reduction.NONE):
        with verify():
            tf1.by_tape(
                lambda logits, reduction=reduction: v1.softmax_cross_entropy(
                    LABELS, logits, weights, reduction=reduction
                ),
                LOGITS,
            )
