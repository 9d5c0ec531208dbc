"""Verification in graphs: names, collections, control flow, functions traced before, XLA."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1
from verified_calls import (
    FAILURES,
    LABELS,
    LOGITS,
    WEIGHTS,
    break_ours,
    loss,
    losses,
    twice_the_gradient,
    with_gradients,
)

from keras_xent import ops, v1
from keras_xent._verification import counting, verification
from keras_xent.testing import verify

placeholder = tf.compat.v1.placeholder


class TestGraphs:
    def collected_losses(self) -> Any:
        logits = placeholder(tf.float32, [None, 3], name="logits")
        labels = placeholder(tf.float32, [None, 3], name="labels")
        v1.softmax_cross_entropy(labels, logits)
        v1.softmax_cross_entropy(labels, logits, 0.4, scope="aux")
        return labels, logits

    def build(self) -> Any:
        labels, logits = self.collected_losses()
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

    def test_every_way_to_find_the_loss_runs_the_check(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_ours(monkeypatch, lambda tensor: 2 * tensor)
        with verify(), tf.Graph().as_default(), tf.compat.v1.Session() as session:
            self.collected_losses()
            for fetch in (
                "softmax_cross_entropy_loss/value:0",
                tf.compat.v1.losses.get_losses(),
                tf.compat.v1.losses.get_total_loss(),
            ):
                with pytest.raises(tf.errors.InvalidArgumentError, match="in its value"):
                    session.run(fetch, {"logits:0": LOGITS, "labels:0": LABELS})

    def test_what_is_traced_before_stays_unverified_and_inside_verified(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_ours(monkeypatch, lambda tensor: 2 * tensor)
        before, inside = (tf.function(loss, autograph=False) for _ in range(2))
        before(LOGITS, LABELS, WEIGHTS)
        with verify():
            before(LOGITS, LABELS, WEIGHTS)
            with pytest.raises(tf.errors.InvalidArgumentError):
                inside(LOGITS, LABELS, WEIGHTS)
        with pytest.raises(tf.errors.InvalidArgumentError):
            inside(LOGITS, LABELS, WEIGHTS)

    def test_branches_in_loops_have_verified_gradients(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Silence if it is right, in a TF1 graph too: test_verification_derivatives.py.
        def looped(logits: Any, labels: Any, weights: Any) -> Any:
            def step(i: Any, total: Any) -> Any:
                scaled = logits * tf.cast(i, tf.float32)
                each = tf.cond(
                    i > 0, lambda: losses(scaled, labels, weights), lambda: tf.zeros([len(LOGITS)])
                )
                return i + 1, total + tf.reduce_sum(each)

            return tf.while_loop(lambda i, _: i < 3, step, (0, 0.0))[1]

        break_ours(monkeypatch, twice_the_gradient)
        with verify(), pytest.raises(FAILURES, match="in its gradient"):
            modes.traced(with_gradients(looped), LOGITS, LABELS, WEIGHTS)


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

    def test_code_traced_before_it_is_compiled_runs_and_compares_nothing(self) -> None:
        inputs = [tf.constant(each) for each in (LOGITS, LABELS, WEIGHTS)]
        run = with_gradients(loss)
        inner = tf.function(run, autograph=False)
        outer = tf.function(lambda *given: inner(*given), autograph=False, jit_compile=True)
        with verify():
            inner(*inputs)
            before = dict(counting._counts)
            found = outer(*inputs)
            assert counting._counts == before
            inner(*inputs)
            assert counting._counts != before
        tf1.assert_same(found, run(*inputs))
