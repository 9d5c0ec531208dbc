"""With Keras's own arguments the loss is Keras's: values, shapes, dtypes and gradients."""

from __future__ import annotations

from typing import Any

import hypothesis
import hypothesis.strategies as st
import modes
import numpy as np
import pytest
import tensorflow as tf
from loss_cases import (
    LOSS_DTYPES,
    REDUCTIONS,
    TOLERANCES,
    Case,
    check_same,
    make_weights,
    shapes,
    weights_and_reduction,
)

from keras_xent import CategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3

keras = tf.keras

@st.composite
def cases(draw: Any) -> Case:
    shape = shapes(draw)
    weights_kind, reduction = weights_and_reduction(draw, shape)

    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    arguments = {
        "from_logits": draw(st.booleans()),
        "label_smoothing": draw(st.sampled_from([0.0, 0.1, 0.7, 1.0])),
        "reduction": reduction,
    }
    dtype = draw(st.sampled_from(LOSS_DTYPES))
    if dtype is not None:
        arguments["dtype"] = dtype

    labels = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    predictions = rng.normal(size=shape) * draw(st.sampled_from([1.0, 4.0]))
    if not arguments["from_logits"]:
        predictions = np.exp(np.clip(predictions, -5, 5)) * 0.3
    label_form = draw(st.sampled_from(["float32", "float64", "int32", "bool", "soft", "lists"]))
    if label_form == "soft":
        labels = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    elif label_form != "lists":
        labels = labels.astype(label_form)
    prediction_form = draw(st.sampled_from(["float16", "float32", "float64"]))
    if label_form == "lists":
        # Keras 3 wants both as lists or neither.
        labels, predictions = labels.tolist(), predictions.tolist()
    else:
        predictions = predictions.astype(prediction_form)
    return Case(arguments, labels, predictions, make_weights(weights_kind, shape[:-1], rng))


@hypothesis.given(cases())
@hypothesis.settings(max_examples=80)
def test_values_shapes_dtypes_and_gradients(case: Case) -> None:
    theirs = keras.losses.CategoricalCrossentropy(**case.arguments)
    check_same(CategoricalCrossentropy(**case.arguments), theirs, case)


@pytest.mark.parametrize("mode", ["traced", "compiled", "traced_unknown_shapes"])
@pytest.mark.parametrize("from_logits", [True, False])
def test_values_in_graphs(mode: str, from_logits: bool) -> None:
    if mode == "traced_unknown_shapes" and not from_logits and IS_KERAS_3:
        pytest.skip("Keras 3 needs to know the rank of probabilities")
    rng = np.random.default_rng(0)
    labels = np.eye(5, dtype=np.float32)[rng.integers(0, 5, (4, 3))]
    predictions = rng.uniform(0.1, 1.0, (4, 3, 5)).astype(np.float32)
    arguments = {"from_logits": from_logits, "label_smoothing": 0.1}
    ours = modes.once(mode, CategoricalCrossentropy(**arguments))
    theirs = keras.losses.CategoricalCrossentropy(**arguments)
    shapes_of_weights = {
        # Traced once for each; the test above has all of them.
        "traced": [(), (4, 3, 1)],
        "compiled": [(4, 3, 1)],
        "traced_unknown_shapes": [(), (4, 1), (4, 3), (4, 3, 1)],
    }
    for shape in shapes_of_weights[mode]:
        weights = rng.uniform(0, 1, shape).astype(np.float32)
        np.testing.assert_allclose(
            ours(labels, predictions, weights),
            theirs(labels, predictions, weights),
            rtol=1e-5,
            err_msg=f"weights of shape {shape}",
        )


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "none"])
def test_weights_with_one_more_dimension_give_keras_s_shape(reduction: str) -> None:
    labels = np.eye(3, dtype=np.float32)[[0, 2, 1, 0]]
    logits = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    weights = np.float32([[1], [0], [2], [0.5]])
    ours = CategoricalCrossentropy(from_logits=True, reduction=reduction)
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, reduction=reduction)
    value = ours(labels, logits, weights)
    np.testing.assert_allclose(value, theirs(labels, logits, weights), rtol=1e-6)
    if reduction == "none":
        assert value.shape == ([4, 1] if IS_KERAS_3 else [4])


def test_predictions_of_rank_1_are_one_sample() -> None:
    labels, logits = np.float32([0, 1, 0]), np.float32([0.3, 2.0, -1.0])
    for reduction in REDUCTIONS:
        arguments = {"from_logits": True, "reduction": reduction}
        value = CategoricalCrossentropy(**arguments)(labels, logits)
        expected = keras.losses.CategoricalCrossentropy(**arguments)(labels, logits)
        np.testing.assert_allclose(value, expected, rtol=1e-6)
        assert value.shape == []


def test_labels_with_one_more_dimension_are_squeezed() -> None:
    rng = np.random.default_rng(2)
    labels = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 4)]
    logits = rng.normal(size=(4, 3)).astype(np.float32)
    ours, theirs = CategoricalCrossentropy(from_logits=True), tf.constant(labels)
    expected = keras.losses.CategoricalCrossentropy(from_logits=True)(theirs, tf.constant(logits))
    for extended in [(labels[..., None], logits), (labels, logits[..., None])]:
        assert float(ours(*extended)) == pytest.approx(float(expected))


def test_without_a_dtype_it_computes_in_keras_s() -> None:
    labels, logits = np.eye(3), np.eye(3) * 0.3
    value = CategoricalCrossentropy(from_logits=True)(labels, logits)
    assert value.dtype == (tf.float32 if IS_KERAS_3 else tf.float64)
    keras.backend.set_floatx("float64")
    try:
        value = CategoricalCrossentropy(from_logits=True)(labels, logits.astype(np.float32))
        expected = keras.losses.CategoricalCrossentropy(from_logits=True)(
            labels, logits.astype(np.float32)
        )
    finally:
        keras.backend.set_floatx("float32")
    assert value.dtype == expected.dtype == (tf.float64 if IS_KERAS_3 else tf.float32)
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_integer_predictions_are_cast_to_floatx() -> None:
    value = CategoricalCrossentropy(from_logits=True)(np.array([[0, 1]]), np.array([[1, 2]]))
    assert value.dtype == tf.float32
    assert float(value) == pytest.approx(np.log(1 + np.exp(-1.0)), rel=1e-6)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
@pytest.mark.parametrize("from_logits", [True, False])
def test_gradients_to_predictions_labels_and_weights(mode: str, from_logits: bool) -> None:
    rng = np.random.default_rng(3)
    cases = [
        (shape, {"from_logits": from_logits, "label_smoothing": 0.2, "reduction": reduction})
        for shape in ((4, 5), (4, 3, 5))
        for reduction in ("sum", "sum_over_batch_size", "none")
    ]
    if mode != "eager":
        cases = [cases[0], cases[4], cases[5]]
    inputs = []
    for shape, _ in cases:
        labels = rng.dirichlet(np.ones(5), shape[:-1]).astype(np.float32)
        predictions = rng.uniform(0.1, 1, shape).astype(np.float32)
        weights = rng.uniform(0, 1, shape[:-1]).astype(np.float32)
        weights.flat[1] = 0
        inputs += [labels, predictions, weights]

    def gradients(loss_class: Any, mode: str) -> Any:
        def run(*tensors: tf.Tensor) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                total = 0.0
                for n, (_, arguments) in enumerate(cases):
                    total += tf.reduce_sum(loss_class(**arguments)(*tensors[3 * n : 3 * n + 3]))
            return tape.gradient(total, tensors)

        return modes.MODES[mode](run, *inputs)

    ours = gradients(CategoricalCrossentropy, mode)
    theirs = gradients(keras.losses.CategoricalCrossentropy, "eager")
    for n, (gradient, expected) in enumerate(zip(ours, theirs)):
        np.testing.assert_allclose(
            gradient, expected, rtol=1e-5, atol=1e-6, err_msg=str(cases[n // 3])
        )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_gradients_have_the_predictions_dtype(dtype: str) -> None:
    labels, logits = tf.constant(np.eye(4), dtype), tf.constant(np.eye(4) * 0.5, dtype)
    arguments = {"from_logits": True}
    if IS_KERAS_3:
        arguments["dtype"] = dtype

    def gradient(loss: Any) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(labels, logits)
        return tape.gradient(value, logits)

    ours = gradient(CategoricalCrossentropy(**arguments))
    theirs = gradient(keras.losses.CategoricalCrossentropy(**arguments))
    assert ours.dtype == theirs.dtype == tf.as_dtype(dtype)
    tolerance = TOLERANCES[dtype]
    np.testing.assert_allclose(
        tf.cast(ours, tf.float64), tf.cast(theirs, tf.float64), rtol=tolerance, atol=tolerance
    )
