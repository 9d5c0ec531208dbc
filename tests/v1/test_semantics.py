"""What ports get wrong in silence, and where the docstrings say that we differ from TF1."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent

LOGITS = np.array([[1, 2, 3], [3, 1, 2], [0, 0, 1], [2, -1, 1]], np.float32)
LABELS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
INFINITE = np.array([[0, -np.inf, 1], [1, 2, 3]], np.float32)
FUNCTIONS = [field.name for field in dataclasses.fields(tf1.Functions)]
placeholder = tf.compat.v1.placeholder


def losses_of(logits: Any = LOGITS, labels: Any = LABELS) -> np.ndarray:
    return tf.nn.softmax_cross_entropy_with_logits(labels, logits).numpy()


def both(*arguments: Any, **keywords: Any) -> list[Any]:
    """Our loss and TF1's, which agree."""
    ours = tf1.OURS.softmax_cross_entropy(*arguments, **keywords)
    theirs = tf1.THEIRS.softmax_cross_entropy(*arguments, **keywords)
    tf1.assert_same([ours], [theirs])
    return [ours.numpy(), theirs.numpy()]


class TestSilentChanges:
    def test_the_default_divides_by_the_count_of_nonzero_weights(self, eager_backend: str) -> None:
        weights = [1.0, 0.0, 2.0, 0.0]
        total = float(np.sum(losses_of() * weights))
        assert both(LABELS, LOGITS, weights) == pytest.approx([total / 2] * 2)
        batch = both(LABELS, LOGITS, weights, reduction="weighted_sum_over_batch_size")
        assert batch == pytest.approx([total / 4] * 2)

    def test_weights_of_zero_alone_give_zero_not_nan(self, eager_backend: str) -> None:
        assert both(LABELS, LOGITS, [0.0] * 4) == [0, 0]
        assert both(LABELS, LOGITS, 0.0, reduction="weighted_mean") == [0, 0]

    def test_a_row_without_a_label_adds_nothing_and_still_counts(self, eager_backend: str) -> None:
        labels = tf.one_hot([0, -1, 2, -1], 3)
        expected = float(losses_of()[[0, 2]].sum()) / 4
        assert both(labels, LOGITS) == pytest.approx([expected] * 2)

    def test_smoothing_gives_a_row_without_a_label_a_loss(self, eager_backend: str) -> None:
        labels = tf.one_hot([-1], 3)
        uniform = np.full([1, 3], 0.1 / 3, np.float32)
        expected = float(losses_of(LOGITS[:1], uniform)[0])
        assert both(labels, LOGITS[:1], label_smoothing=0.1) == pytest.approx([expected] * 2)

    @pytest.mark.parametrize("traced", [False, True])
    def test_the_output_of_a_softmax_is_taken_as_logits(
        self, eager_backend: str, traced: bool
    ) -> None:
        def run(functions: tf1.Functions) -> Any:
            def loss(logits: Any) -> Any:
                return functions.softmax_cross_entropy(LABELS, tf.nn.softmax(logits))

            run = tf.function(loss, autograph=False) if traced else loss
            return run(tf.constant(LOGITS)).numpy()

        ours, theirs = run(tf1.OURS), run(tf1.THEIRS)
        twice = losses_of(tf.nn.softmax(LOGITS)).mean()
        assert [ours, theirs] == pytest.approx([twice] * 2)
        assert abs(ours - losses_of().mean()) > 0.1

    def test_a_scalar_weight_cancels_in_the_weighted_mean(self, eager_backend: str) -> None:
        mean = both(LABELS, LOGITS, 0.4, reduction="weighted_mean")
        assert mean == pytest.approx([losses_of().mean()] * 2)

    def test_weights_have_a_gradient_through_the_weighted_means_denominator(
        self, eager_backend: str
    ) -> None:
        weights = np.array([1, 0, 2, 0.5], np.float32)

        def run(functions: tf1.Functions) -> list[Any]:
            return tf1.by_tape(
                lambda weights: functions.softmax_cross_entropy(
                    LABELS, LOGITS, weights, reduction="weighted_mean"
                ),
                weights,
            )

        ours, theirs = run(tf1.OURS), run(tf1.THEIRS)
        tf1.assert_same(ours, theirs)
        value, gradient = ours
        expected = (losses_of() - value.numpy()) / weights.sum()
        np.testing.assert_allclose(gradient, expected, rtol=1e-5)

    def test_swapped_arguments_leave_the_network_without_a_gradient(
        self, eager_backend: str
    ) -> None:
        for functions in (tf1.OURS, tf1.THEIRS):
            logits = tf.constant(LOGITS)
            with tf.GradientTape() as tape:
                tape.watch(logits)
                loss = functions.softmax_cross_entropy(logits, LABELS)
            assert tape.gradient(loss, logits) is None

    def test_minimizing_unreduced_losses_minimizes_their_sum(self, eager_backend: str) -> None:
        def gradient(reduction: str) -> Any:
            return tf1.by_tape(
                lambda logits: tf1.OURS.softmax_cross_entropy(LABELS, logits, reduction=reduction),
                LOGITS,
            )[1]

        tf1.assert_same([gradient("none")], [gradient("weighted_sum")])

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
    def test_the_result_has_the_logits_dtype(self, eager_backend: str, dtype: str) -> None:
        logits = tf.cast(LOGITS, dtype)
        assert tf1.OURS.softmax_cross_entropy(LABELS, logits, [1.0, 0, 2, 0]).dtype == dtype
        assert tf1.OURS.compute_weighted_loss(logits).dtype == dtype


class TestDifferences:
    @pytest.mark.parametrize(
        "name",
        ["softmax_cross_entropy", "sigmoid_cross_entropy", "sigmoid_cross_entropy_with_logits"],
    )
    def test_labels_are_never_broadcast(self, name: str) -> None:
        labels, logits = LABELS[:1], LOGITS[:2]
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            unknown = placeholder(tf.float32)
            given = {tf1.LABELS.get(name, "labels"): unknown, "logits": placeholder(tf.float32)}
            theirs = getattr(tf1.THEIRS, name)(**given)
            whole = {unknown: labels.repeat(2, 0), given["logits"]: logits}
            feed = {unknown: labels, given["logits"]: logits}
            expected = session.run(theirs, whole)
            tf1.assert_same([session.run(theirs, feed)], [expected])
            for choice in ("auto", "portable"):
                keras_xent.set_backend(choice)
                ours = getattr(tf1.OURS, name)(**given)
                tf1.assert_same([session.run(ours, whole)], [expected])
                with pytest.raises(tf.errors.InvalidArgumentError):
                    session.run(ours, feed)

    @pytest.mark.parametrize("name", tf1.SMOOTHED)
    def test_a_smoothing_above_one_raises_an_error(self, eager_backend: str, name: str) -> None:
        arguments = (LABELS[:2], LOGITS[:2])
        theirs = getattr(tf1.THEIRS, name)(*arguments, label_smoothing=2.0)
        # Labels of -1 and 2: what TF1 computes of them is finite, and no loss.
        assert np.isfinite(theirs)
        with pytest.raises(ValueError, match=r"label_smoothing is 2\.0"):
            getattr(tf1.OURS, name)(*arguments, label_smoothing=2.0)

    @pytest.mark.parametrize("name", tf1.SMOOTHED)
    def test_a_smoothing_that_is_a_constant_of_the_graph_is_taken(self, name: str) -> None:
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            logits = tf.constant(LOGITS)
            smoothing = tf.constant(0.1)
            with pytest.raises(TypeError):
                getattr(tf1.THEIRS, name)(LABELS, logits, label_smoothing=smoothing)
            ours = session.run(getattr(tf1.OURS, name)(LABELS, logits, label_smoothing=smoothing))
        theirs = getattr(tf1.THEIRS, name)(LABELS, LOGITS, label_smoothing=0.1)
        tf1.assert_same([ours], [theirs])

    @pytest.mark.parametrize("name", tf1.LABELS)
    def test_float64_is_not_rounded_to_float32(self, eager_backend: str, name: str) -> None:
        logits, weights = LOGITS.astype(np.float64) / 3, np.array([1, 0, 2, 0.5])
        labels = np.argmax(LABELS, -1) if name.startswith("sparse") else LABELS.astype(np.float64)
        if name.startswith("sigmoid"):
            weights = weights[:, np.newaxis]
        each = getattr(tf1.THEIRS, f"{name}_with_logits")(labels=labels, logits=logits)
        exact = np.sum(each * weights) / np.count_nonzero(each * weights)
        ours = getattr(tf1.OURS, name)(labels, logits, weights).numpy()
        theirs = getattr(tf1.THEIRS, name)(labels, logits, weights).numpy()
        assert abs(ours - exact) < 1e-15
        assert 1e-12 < abs(theirs - exact) < 1e-6

    def test_float64_losses_are_not_rounded_to_float32(self, eager_backend: str) -> None:
        third = np.full([3], 1 / 3)
        assert tf1.OURS.compute_weighted_loss(third).numpy() == 1 / 3
        assert tf1.THEIRS.compute_weighted_loss(third).numpy() == np.float32(1 / 3)

    def test_an_impossible_class_without_label_mass_adds_nothing(self, backend: str) -> None:
        labels = LABELS[[0, 0]]
        expected = [1.3132617, 2.407606]
        for name in ("softmax_cross_entropy", "softmax_cross_entropy_with_logits_v2"):
            arguments = {"reduction": "none"} if name == "softmax_cross_entropy" else {}
            ours = getattr(tf1.OURS, name)(labels, INFINITE, **arguments).numpy()
            theirs = getattr(tf1.THEIRS, name)(labels, INFINITE, **arguments).numpy()
            assert np.isnan(theirs[0])
            assert theirs[1] == pytest.approx(expected[1])
            if backend == "portable":
                # It runs TensorFlow's op.
                expected[0] = np.nan
            assert ours == pytest.approx(expected, nan_ok=True)

    def test_an_impossible_class_with_label_mass_is_an_infinite_loss_in_both(
        self, eager_backend: str
    ) -> None:
        labels = LABELS[[1, 0]]
        assert tf1.OURS.softmax_cross_entropy(labels, INFINITE) == np.inf
        assert tf1.THEIRS.softmax_cross_entropy(labels, INFINITE) == np.inf

    def test_an_axis_may_count_from_the_end(self, eager_backend: str) -> None:
        labels = np.full([2, 3], 0.5, np.float32)
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf1.THEIRS.softmax_cross_entropy_with_logits_v2(labels, LOGITS[:2], axis=-2)
        tf1.assert_same(
            [tf1.OURS.softmax_cross_entropy_with_logits_v2(labels, LOGITS[:2], axis=-2)],
            [tf1.THEIRS.softmax_cross_entropy_with_logits_v2(labels, LOGITS[:2], axis=0)],
        )

    def test_the_logits_gradient_has_a_derivative_to_the_labels(self, eager_backend: str) -> None:
        logits, labels = tf.constant(LOGITS), tf.constant(LABELS)

        def second(functions: tf1.Functions) -> Any:
            with tf.GradientTape() as outer:
                outer.watch(labels)
                with tf.GradientTape() as inner:
                    inner.watch(logits)
                    losses = functions.softmax_cross_entropy_with_logits_v2(labels, logits)
                gradient = inner.gradient(losses, logits)  # softmax - labels
            return outer.gradient(gradient, labels)

        np.testing.assert_allclose(second(tf1.OURS), -np.ones([4, 3]))
        theirs = second(tf1.THEIRS)
        assert theirs is None or not np.any(theirs)

    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_results_keep_their_name_in_every_dtype(self, name: str) -> None:
        def name_of(functions: tf1.Functions, dtype: str) -> str:
            with tf.Graph().as_default():
                logits = labels = placeholder(dtype, [4, 3])
                if name == "compute_weighted_loss":
                    return functions.compute_weighted_loss(logits).op.name
                if name.startswith("sparse"):
                    labels = placeholder(tf.int64, [4])
                given = {tf1.LABELS.get(name, "labels"): labels, "logits": logits}
                return getattr(functions, name)(**given).op.name

        expected = name_of(tf1.THEIRS, "float32")
        for dtype in ("float16", "bfloat16", "float64"):
            assert name_of(tf1.OURS, dtype) == expected
            # Its last op is a cast, but for losses of examples that it doesn't round.
            theirs = name_of(tf1.THEIRS, dtype)
            assert theirs == expected or re.search(r"/Cast(_\d)?$", theirs)
            assert theirs != expected or name in tf1.NN
