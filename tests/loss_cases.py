"""Random arguments and inputs of Keras's losses, and what they share."""

from __future__ import annotations

from typing import Any, NamedTuple

import hypothesis
import hypothesis.strategies as st
import numpy as np
import tensorflow as tf

from keras_xent._keras import IS_KERAS_3

if IS_KERAS_3:
    REDUCTIONS = ["sum", "sum_over_batch_size", "mean", "mean_with_sample_weight", "none", None]
    LOSS_DTYPES = [None, "float16", "bfloat16", "float32", "float64"]
else:
    REDUCTIONS = ["auto", "sum", "sum_over_batch_size", "none"]
    LOSS_DTYPES = [None]

# Keras computes in the loss's dtype, ours in float32 or wider.
TOLERANCES = {"float16": 1e-2, "bfloat16": 6e-2, "float32": 1e-5, "float64": 1e-12}


class Case(NamedTuple):
    arguments: dict[str, Any]
    labels: Any
    predictions: Any
    weights: Any


def make_weights(kind: str | None, losses_shape: Any, rng: np.random.Generator) -> Any:
    if kind is None:
        return None
    if kind == "scalar":
        # Keras 2 rounds a Python float to float32.
        return 0.4 if IS_KERAS_3 else np.float64(0.4)
    shape = {
        "(N,)": losses_shape[:1],
        "(N,1)": (losses_shape[0], 1),
        "(N,T)": losses_shape,
        "(N,T,1)": (*losses_shape, 1),
    }[kind]
    # A third of them zero.
    return rng.uniform(0.1, 2.0, shape) * (rng.uniform(size=shape) > 0.33)


def shapes(draw: Any, fewest_classes: int = 2) -> tuple[int, ...]:
    """Of predictions, of rank 2 or 3."""
    rank = draw(st.sampled_from([2, 3]))
    rest = draw(st.tuples(*[st.integers(1, 4)] * (rank - 1)))
    return (*rest, draw(st.integers(fewest_classes, 5)))


def weights_and_reduction(draw: Any, shape: tuple[int, ...]) -> tuple[str | None, str | None]:
    """A kind of weights and a reduction for which Keras does as documented."""
    rank = len(shape)
    kinds: list[str | None] = [None, "scalar", "(N,1)", "(N,T)", "(N,T,1)"] if rank == 3 else []
    kinds = kinds or [None, "scalar", "(N,)", "(N,1)"]
    if rank == 3 and not IS_KERAS_3:
        kinds.append("(N,)")  # Keras 3 does something else: see test_differences.
    weights_kind = draw(st.sampled_from(kinds))
    reduction = draw(st.sampled_from(REDUCTIONS))
    if reduction == "mean_with_sample_weight":
        # Keras sums weights before it broadcasts them: see test_differences.
        hypothesis.assume(weights_kind != "scalar" and (weights_kind != "(N,1)" or rank == 2))
    if reduction in ("none", None):
        # Keras 3 gives one loss the shape of a scalar weight: see test_differences.
        hypothesis.assume(weights_kind != "scalar" or shape[:-1] != (1,))
    return weights_kind, reduction


def check_same(loss: Any, expected_loss: Any, case: Case) -> None:
    """The two losses give the same values, shapes and dtypes, and the same gradients."""

    def run(each: Any) -> Any:
        predictions = case.predictions
        if isinstance(predictions, list):
            return each(case.labels, predictions, case.weights), None
        predictions = tf.constant(predictions)
        with tf.GradientTape() as tape:
            tape.watch(predictions)
            value = each(case.labels, predictions, case.weights)
            total = tf.reduce_sum(tf.cast(value, tf.float64))
        return value, tape.gradient(total, predictions)

    (value, gradient), (expected, expected_gradient) = run(loss), run(expected_loss)
    assert value.dtype == expected.dtype
    assert value.shape == expected.shape
    check_close(value, expected, value.dtype.name)
    if gradient is not None:
        assert gradient.dtype == expected_gradient.dtype
        dtypes = (value.dtype.name, gradient.dtype.name)
        check_close(gradient, expected_gradient, max(dtypes, key=TOLERANCES.__getitem__))


def check_close(value: Any, expected: Any, dtype: str) -> None:
    tolerance = TOLERANCES[dtype]
    np.testing.assert_allclose(
        tf.cast(value, tf.float64), tf.cast(expected, tf.float64), rtol=tolerance, atol=tolerance
    )
