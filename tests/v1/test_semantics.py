"""What ports get wrong in silence, and where the docstrings say that we differ from TF1."""

from __future__ import annotations

from typing import Any, List

import numpy as np
import pytest
import tensorflow as tf
import tf1

LOGITS = np.array([[1, 2, 3], [3, 1, 2], [0, 0, 1], [2, -1, 1]], np.float32)
LABELS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
INFINITE = np.array([[0, -np.inf, 1], [1, 2, 3]], np.float32)
placeholder = tf.compat.v1.placeholder


def losses_of(logits: Any = LOGITS, labels: Any = LABELS) -> np.ndarray:
    return tf.nn.softmax_cross_entropy_with_logits(labels, logits).numpy()


def both(*arguments: Any, **keywords: Any) -> List[Any]:
    """Our loss and TF1's, which agree."""
    ours = tf1.OURS.softmax_cross_entropy(*arguments, **keywords)
    theirs = tf1.THEIRS.softmax_cross_entropy(*arguments, **keywords)
    tf1.assert_same([ours], [theirs])
    return [ours.numpy(), theirs.numpy()]


class TestPitfalls:
    def test_the_default_divides_by_the_count_of_nonzero_weights(self, backend: str) -> None:
        weights = [1.0, 0.0, 2.0, 0.0]
        total = float(np.sum(losses_of() * weights))
        assert both(LABELS, LOGITS, weights) == pytest.approx([total / 2] * 2)
        batch = both(LABELS, LOGITS, weights, reduction="weighted_sum_over_batch_size")
        assert batch == pytest.approx([total / 4] * 2)

    def test_weights_of_zero_alone_give_zero_not_nan(self, backend: str) -> None:
        assert both(LABELS, LOGITS, [0.0] * 4) == [0, 0]
        assert both(LABELS, LOGITS, 0.0, reduction="weighted_mean") == [0, 0]

    def test_a_row_without_a_label_adds_nothing_and_still_counts(self, backend: str) -> None:
        labels = tf.one_hot([0, -1, 2, -1], 3)
        expected = float(losses_of()[[0, 2]].sum()) / 4
        assert both(labels, LOGITS) == pytest.approx([expected] * 2)

    def test_smoothing_gives_a_row_without_a_label_a_loss(self, backend: str) -> None:
        labels = tf.one_hot([-1], 3)
        uniform = np.full([1, 3], 0.1 / 3, np.float32)
        expected = float(losses_of(LOGITS[:1], uniform)[0])
        assert both(labels, LOGITS[:1], label_smoothing=0.1) == pytest.approx([expected] * 2)

    @pytest.mark.parametrize("traced", [False, True])
    def test_the_output_of_a_softmax_is_taken_as_logits(self, backend: str, traced: bool) -> None:
        def run(functions: tf1.Functions) -> Any:
            def loss(logits: Any) -> Any:
                return functions.softmax_cross_entropy(LABELS, tf.nn.softmax(logits))

            return (tf.function(loss) if traced else loss)(tf.constant(LOGITS)).numpy()

        ours, theirs = run(tf1.OURS), run(tf1.THEIRS)
        twice = losses_of(tf.nn.softmax(LOGITS)).mean()
        assert [ours, theirs] == pytest.approx([twice] * 2)
        assert abs(ours - losses_of().mean()) > 0.1

    def test_a_scalar_weight_cancels_in_the_weighted_mean(self, backend: str) -> None:
        mean = both(LABELS, LOGITS, 0.4, reduction="weighted_mean")
        assert mean == pytest.approx([losses_of().mean()] * 2)

    def test_weights_have_a_gradient_through_the_weighted_means_denominator(
        self, backend: str
    ) -> None:
        weights = np.array([1, 0, 2, 0.5], np.float32)

        def run(functions: tf1.Functions) -> List[Any]:
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

    def test_swapped_arguments_leave_the_network_without_a_gradient(self, backend: str) -> None:
        for functions in (tf1.OURS, tf1.THEIRS):
            logits = tf.constant(LOGITS)
            with tf.GradientTape() as tape:
                tape.watch(logits)
                loss = functions.softmax_cross_entropy(logits, LABELS)
            assert tape.gradient(loss, logits) is None

    def test_minimizing_unreduced_losses_minimizes_their_sum(self, backend: str) -> None:
        def gradient(reduction: str) -> Any:
            return tf1.by_tape(
                lambda logits: tf1.OURS.softmax_cross_entropy(LABELS, logits, reduction=reduction),
                LOGITS,
            )[1]

        tf1.assert_same([gradient("none")], [gradient("weighted_sum")])

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
    def test_the_result_has_the_logits_dtype(self, backend: str, dtype: str) -> None:
        logits = tf.cast(LOGITS, dtype)
        assert tf1.OURS.softmax_cross_entropy(LABELS, logits, [1.0, 0, 2, 0]).dtype == dtype
        assert tf1.OURS.compute_weighted_loss(logits).dtype == dtype


class TestDifferences:
    def test_labels_of_a_weighted_loss_are_never_broadcast(self, backend: str) -> None:
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            labels = placeholder(tf.float32, None)
            theirs = tf1.THEIRS.softmax_cross_entropy(labels, LOGITS[:2])
            ours = tf1.OURS.softmax_cross_entropy(labels, LOGITS[:2])
            assert session.run(theirs, {labels: LABELS[:1]}) == pytest.approx(1.407606)
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(ours, {labels: LABELS[:1]})

    def test_a_smoothing_above_one_is_refused(self, backend: str) -> None:
        theirs = tf1.THEIRS.softmax_cross_entropy(LABELS[:2], LOGITS[:2], label_smoothing=2.0)
        assert float(theirs) == pytest.approx(0.407606, rel=1e-5)
        with pytest.raises(ValueError, match=r"label_smoothing is 2\.0"):
            tf1.OURS.softmax_cross_entropy(LABELS[:2], LOGITS[:2], label_smoothing=2.0)

    def test_a_smoothing_that_is_a_constant_of_the_graph_is_taken(self, backend: str) -> None:
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            logits = tf.compat.v1.placeholder_with_default(LOGITS, [None, 3])
            smoothing = tf.constant(0.1)
            with pytest.raises(TypeError):
                tf1.THEIRS.softmax_cross_entropy(LABELS, logits, label_smoothing=smoothing)
            ours = session.run(
                tf1.OURS.softmax_cross_entropy(LABELS, logits, label_smoothing=smoothing)
            )
        theirs = tf1.THEIRS.softmax_cross_entropy(LABELS, LOGITS, label_smoothing=0.1)
        tf1.assert_same([ours], [theirs])

    def test_float64_is_not_rounded_to_float32(self, backend: str) -> None:
        logits, weights = LOGITS.astype(np.float64) / 3, [1.0, 0.0, 2.0, 0.5]
        exact = np.sum(losses_of(logits, LABELS.astype(np.float64)) * weights) / 3
        ours = tf1.OURS.softmax_cross_entropy(LABELS, logits, weights).numpy()
        theirs = tf1.THEIRS.softmax_cross_entropy(LABELS, logits, weights).numpy()
        assert abs(ours - exact) < 1e-15
        assert 1e-12 < abs(theirs - exact) < 1e-6
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
        self, backend: str
    ) -> None:
        labels = LABELS[[1, 0]]
        assert tf1.OURS.softmax_cross_entropy(labels, INFINITE) == np.inf
        assert tf1.THEIRS.softmax_cross_entropy(labels, INFINITE) == np.inf

    def test_an_axis_may_count_from_the_end(self, backend: str) -> None:
        labels = np.full([2, 3], 0.5, np.float32)
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf1.THEIRS.softmax_cross_entropy_with_logits_v2(labels, LOGITS[:2], axis=-2)
        tf1.assert_same(
            [tf1.OURS.softmax_cross_entropy_with_logits_v2(labels, LOGITS[:2], axis=-2)],
            [tf1.THEIRS.softmax_cross_entropy_with_logits_v2(labels, LOGITS[:2], axis=0)],
        )

    def test_the_logits_gradient_has_a_derivative_to_the_labels(self, backend: str) -> None:
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

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
    def test_results_keep_their_name_in_every_dtype(self, backend: str, dtype: str) -> None:
        def names(functions: tf1.Functions) -> List[str]:
            with tf.Graph().as_default():
                logits = placeholder(dtype, [None, 3])
                return [
                    functions.softmax_cross_entropy(logits, logits).op.name,
                    functions.compute_weighted_loss(logits).op.name,
                    functions.softmax_cross_entropy_with_logits_v2(logits, logits).op.name,
                ]

        nn = "softmax_cross_entropy_with_logits"
        assert names(tf1.OURS) == [
            "softmax_cross_entropy_loss/value",
            "weighted_loss/value",
            f"{nn}/Reshape_2",
        ]
        assert names(tf1.THEIRS) == [
            "softmax_cross_entropy_loss/Cast_2",
            "weighted_loss/Cast_2",
            f"{nn}/Reshape_2" if dtype == "float64" else f"{nn}/Cast_2",
        ]
