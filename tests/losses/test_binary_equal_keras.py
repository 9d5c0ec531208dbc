"""With Keras's own arguments the binary loss is Keras's: values, shapes, dtypes and gradients."""

from __future__ import annotations

from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import tensorflow as tf
from loss_cases import LOSS_DTYPES, Case, check_same, make_weights, shapes, weights_and_reduction

import keras_xent
from keras_xent import BinaryCrossentropy

keras = tf.keras


@st.composite
def cases(draw: Any) -> Case:
    shape = shapes(draw, fewest_classes=1)
    weights_kind, reduction = weights_and_reduction(draw, shape)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    arguments: dict[str, Any] = {
        "from_logits": draw(st.booleans()),
        "label_smoothing": draw(st.sampled_from([0.0, 0.1, 0.7, 1.0])),
        "reduction": reduction,
    }
    if weights_kind is None and len(shape) == 3 and reduction != "mean_with_sample_weight":
        arguments["axis"] = draw(st.sampled_from([-1, 2, 1, -2, 0]))
    dtype = draw(st.sampled_from(LOSS_DTYPES))
    if dtype is not None:
        arguments["dtype"] = dtype
    labels = rng.integers(0, 2, shape)
    form = draw(st.sampled_from(["float32", "float64", "int32", "bool", "soft", "lists"]))
    predictions = rng.normal(size=shape) * draw(st.sampled_from([1.0, 4.0, 100.0]))
    if not arguments["from_logits"]:
        predictions = 1 / (1 + np.exp(-np.clip(predictions, -5, 5)))
    if form == "lists":
        # Keras 3 wants both as lists or neither.
        labels, predictions = labels.tolist(), predictions.tolist()
    else:
        labels = rng.uniform(size=shape) if form == "soft" else labels.astype(form)
        predictions = predictions.astype(draw(st.sampled_from(["float16", "float32", "float64"])))
    return Case(arguments, labels, predictions, make_weights(weights_kind, shape[:-1], rng))


@hypothesis.given(case=cases(), backend=st.sampled_from(["auto", "portable"]))
@hypothesis.settings(max_examples=80)
def test_values_shapes_dtypes_and_gradients(case: Case, backend: str) -> None:
    keras_xent.set_backend(backend)
    theirs = keras.losses.BinaryCrossentropy(**case.arguments)
    check_same(BinaryCrossentropy(**case.arguments), theirs, case)
