"""With Keras's own arguments the sparse loss is Keras's: values, shapes, dtypes and gradients."""

from __future__ import annotations

from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import tensorflow as tf
from loss_cases import LOSS_DTYPES, Case, check_same, make_weights, shapes, weights_and_reduction

import keras_xent
from keras_xent import SparseCategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3

keras = tf.keras


@st.composite
def cases(draw: Any) -> Case:
    shape = shapes(draw)
    weights_kind, reduction = weights_and_reduction(draw, shape)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    arguments: dict[str, Any] = {
        "from_logits": draw(st.booleans()),
        "ignore_class": draw(st.sampled_from([None, None, -1, 0, 255])),
        "reduction": reduction,
    }
    dtype = draw(st.sampled_from(LOSS_DTYPES))
    if dtype is not None:
        arguments["dtype"] = dtype
    if not IS_KERAS_3:
        # With a mask Keras 2 can't do without the weights' rank.
        hypothesis.assume(arguments["ignore_class"] is None or weights_kind != "(N,T,1)")

    labels = rng.integers(0, shape[-1], shape[:-1])
    # Keras 3 takes no lists of another depth than the predictions'.
    forms = ["int32", "int64", "float32", *([] if IS_KERAS_3 else ["lists"])]
    if arguments["ignore_class"] is not None:
        labels = np.where(rng.uniform(size=labels.shape) < 0.4, arguments["ignore_class"], labels)
        # Of none that is kept Keras 2 makes NaN: see test_differences.
        hypothesis.assume(IS_KERAS_3 or (labels != arguments["ignore_class"]).any())
    if arguments["ignore_class"] in (None, 0):
        forms += ["uint8", "int8"]
    if draw(st.booleans()):
        labels = labels[..., None]
    predictions = rng.normal(size=shape) * draw(st.sampled_from([1.0, 4.0]))
    if not arguments["from_logits"]:
        predictions = np.exp(np.clip(predictions, -5, 5)) * 0.3
    form = draw(st.sampled_from(forms))
    if form == "lists":
        labels, predictions = labels.tolist(), predictions.tolist()
    else:
        labels = labels.astype(form)
        predictions = predictions.astype(draw(st.sampled_from(["float16", "float32", "float64"])))
    return Case(arguments, labels, predictions, make_weights(weights_kind, shape[:-1], rng))


@hypothesis.given(case=cases(), backend=st.sampled_from(["auto", "portable"]))
@hypothesis.settings(max_examples=80)
def test_values_shapes_dtypes_and_gradients(case: Case, backend: str) -> None:
    keras_xent.set_backend(backend)
    theirs = keras.losses.SparseCategoricalCrossentropy(**case.arguments)
    check_same(SparseCategoricalCrossentropy(**case.arguments), theirs, case)
