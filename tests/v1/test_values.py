"""Values and gradients are TF1's, for every reduction, dtype, rank, weights and labels."""

from __future__ import annotations

from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import tf1

import keras_xent

DTYPES = ["float16", "bfloat16", "float32", "float64"]

examples = hypothesis.settings(max_examples=40)


@st.composite
def shapes(draw: Any) -> list[int]:
    """Logits' shapes of rank 1 to 4."""
    outer = draw(st.lists(st.integers(1, 3), max_size=3))
    return [*outer, draw(st.integers(1, 6))]


@st.composite
def labels_for(draw: Any, shape: list[int], seed: int) -> np.ndarray:
    kind = draw(st.sampled_from(["bool", "uint8", "int32", "int64", "float32", "float64", "soft"]))
    if kind == "soft":
        return tf1.soft_labels_of(shape, draw(st.sampled_from(DTYPES)), seed)
    return tf1.one_hot_of(shape, kind, seed)


@st.composite
def weights_for(draw: Any, shape: list[int], seed: int) -> Any:
    """A scalar of any make, or an array in which some dimensions are 1.

    Weights are multiples of 1/2, so that no order of summation rounds their sum.
    """
    scalars = [1.0, 0, 0.0, 2, 0.5, -1.5, True, False, np.float32(0.5), np.float64(3), np.int64(2)]
    if draw(st.booleans()):
        return draw(st.sampled_from(scalars))
    dims = [draw(st.sampled_from([1, dim])) for dim in shape]
    values = np.random.RandomState(seed + 3).choice([0.0, 0.0, 0.5, 1.0, 2.0, -1.0], size=dims)
    dtype = draw(st.sampled_from(["float32", "float32", "float64", "float16", "int32", "bool"]))
    return values.astype(dtype)


def scale_of(losses: np.ndarray, weights: Any) -> float:
    """How large the largest sum can become; no denominator is below 1/2."""
    heaviest = float(np.max(np.abs(np.asarray(weights, np.float64)), initial=1))
    return 1 + 4 * heaviest * float(np.sum(np.abs(losses)))


def gradient_scale(weights: Any) -> float:
    return 4 * float(np.max(np.abs(np.asarray(weights, np.float64)), initial=1))


def is_float(weights: Any) -> bool:
    return np.asarray(weights).dtype.kind == "f"


def all_of(run: Any) -> tuple[list[list[Any]], list[Any]]:
    """What `run` returns of ours on each backend, and of TF1's."""
    ours = []
    for choice in ("auto", "portable"):
        keras_xent.set_backend(choice)
        ours.append(run(tf1.OURS))
    return ours, run(tf1.THEIRS)


@examples
@hypothesis.given(data=st.data())
def test_softmax_cross_entropy_is_tf1s(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10**6), "seed")
    shape = data.draw(shapes(), "shape")
    dtype = data.draw(st.sampled_from(DTYPES), "dtype")
    logits = tf1.logits_of(shape, dtype, seed)
    labels = data.draw(labels_for(shape, seed), "labels")
    weights = data.draw(weights_for(shape[:-1], seed), "weights")
    smoothing = data.draw(st.sampled_from([0, 0.1, 0.5, 1.0, -0.3]), "label_smoothing")
    reduction, name = data.draw(st.sampled_from(list(tf1.REDUCTIONS.items())), "reduction")

    def run(functions: tf1.Functions) -> list[Any]:
        def loss(logits: Any, *given: Any) -> Any:
            return functions.softmax_cross_entropy(
                labels,
                logits,
                *(given or [weights]),
                label_smoothing=smoothing,
                reduction=reduction if functions is tf1.OURS else name,
            )

        inputs = [logits, weights] if is_float(weights) else [logits]
        return tf1.by_tape(loss, *inputs)

    each_backends, theirs = all_of(run)
    losses = tf1.THEIRS.softmax_cross_entropy(
        labels, logits.astype("float64"), label_smoothing=smoothing, reduction="none"
    )
    scale = scale_of(losses.numpy(), weights)
    for ours in each_backends:
        tf1.assert_same(ours[:1], theirs[:1], dtype, scale)
        tf1.assert_same(ours[1:2], theirs[1:2], dtype, gradient_scale(weights))
        tf1.assert_same(ours[2:], theirs[2:], dtype, scale)


@examples
@hypothesis.given(data=st.data())
def test_softmax_cross_entropy_with_logits_v2_is_tf1s(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10**6), "seed")
    shape = data.draw(shapes(), "shape")
    dtype = data.draw(st.sampled_from(DTYPES), "dtype")
    logits = tf1.logits_of(shape, dtype, seed)
    labels = data.draw(labels_for(shape, seed), "labels")
    axis = data.draw(st.sampled_from([None, -1, *range(len(shape))]), "axis")
    keyword = data.draw(st.sampled_from(["axis", "dim"]), "keyword")
    arguments: dict[str, Any] = {keyword: axis}

    def run(functions: tf1.Functions) -> list[Any]:
        def losses(logits: Any, *given: Any) -> Any:
            return functions.softmax_cross_entropy_with_logits_v2(
                *(given or [labels]), logits, **arguments
            )

        inputs = [logits, labels] if is_float(labels) else [logits]
        return tf1.by_tape(losses, *inputs)

    each_backends, theirs = all_of(run)
    # A gradient to the labels is a log of a softmax, as large as a loss.
    for ours in each_backends:
        tf1.assert_same(ours, theirs, dtype, scale=30)


@st.composite
def columns_for(draw: Any, array: Any) -> Any:
    """The array, or the same with a last dimension of 1."""
    return np.asarray(array)[..., None] if draw(st.booleans()) else array


@examples
@hypothesis.given(data=st.data())
def test_sparse_softmax_cross_entropy_is_tf1s(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10**6), "seed")
    shape = data.draw(shapes(), "shape")
    dtype = data.draw(st.sampled_from(DTYPES), "dtype")
    logits = tf1.logits_of(shape, dtype, seed)
    ids = tf1.ids_of(shape, data.draw(st.sampled_from(["int32", "int64"]), "ids"), seed)
    weights = data.draw(weights_for(shape[:-1], seed), "weights")
    losses = tf1.THEIRS.sparse_softmax_cross_entropy(
        ids, logits.astype("float64"), reduction="none"
    )
    scale = scale_of(losses.numpy(), weights)
    labels = data.draw(columns_for(ids), "labels")
    if labels is ids:
        # Logits with one dimension too many are squeezed too.
        logits = data.draw(columns_for(logits), "logits")
    if np.ndim(weights):
        weights = data.draw(columns_for(weights), "weights")
    reduction, name = data.draw(st.sampled_from(list(tf1.REDUCTIONS.items())), "reduction")

    def run(functions: tf1.Functions) -> list[Any]:
        def loss(logits: Any, *given: Any) -> Any:
            return functions.sparse_softmax_cross_entropy(
                labels,
                logits,
                *(given or [weights]),
                reduction=reduction if functions is tf1.OURS else name,
            )

        inputs = [logits, weights] if is_float(weights) else [logits]
        return tf1.by_tape(loss, *inputs)

    each_backends, theirs = all_of(run)
    for ours in each_backends:
        tf1.assert_same(ours[:1], theirs[:1], dtype, scale)
        tf1.assert_same(ours[1:2], theirs[1:2], dtype, gradient_scale(weights))
        tf1.assert_same(ours[2:], theirs[2:], dtype, scale)


@examples
@hypothesis.given(data=st.data())
def test_sigmoid_cross_entropy_is_tf1s(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10**6), "seed")
    shape = data.draw(shapes(), "shape")[data.draw(st.integers(0, 1), "scalars") :]
    dtype = data.draw(st.sampled_from(DTYPES), "dtype")
    logits = tf1.logits_of(shape, dtype, seed)
    kind = data.draw(st.sampled_from(["bool", "uint8", "int32", "float32", "float64"]), "kind")
    labels = tf1.bits_of(shape, kind, seed)
    if data.draw(st.booleans(), "soft"):
        labels = np.random.RandomState(seed).uniform(size=shape).astype(logits.dtype)
    weights = data.draw(weights_for(shape, seed), "weights")
    smoothing = data.draw(st.sampled_from([0, 0.1, 0.5, 1.0, -0.3]), "label_smoothing")
    reduction, name = data.draw(st.sampled_from(list(tf1.REDUCTIONS.items())), "reduction")

    def run(functions: tf1.Functions) -> list[Any]:
        def loss(logits: Any, labels: Any, *given: Any) -> Any:
            return functions.sigmoid_cross_entropy(
                labels,
                logits,
                *(given or [weights]),
                label_smoothing=smoothing,
                reduction=reduction if functions is tf1.OURS else name,
            )

        return tf1.by_tape(loss, logits, labels, *([weights] if is_float(weights) else []))

    each_backends, theirs = all_of(run)
    losses = tf1.THEIRS.sigmoid_cross_entropy(
        labels, logits.astype("float64"), label_smoothing=smoothing, reduction="none"
    )
    scale = scale_of(losses.numpy(), weights)
    # A gradient to the labels is as large as a logit.
    to_inputs = 3 if is_float(labels) else 2
    for ours in each_backends:
        tf1.assert_same(ours[:1], theirs[:1], dtype, scale)
        tf1.assert_same(ours[1:to_inputs], theirs[1:to_inputs], dtype, 4 * gradient_scale(weights))
        tf1.assert_same(ours[to_inputs:], theirs[to_inputs:], dtype, scale)


@examples
@hypothesis.given(data=st.data())
def test_the_other_nn_functions_are_tf1s(data: st.DataObject) -> None:
    function = data.draw(st.sampled_from(tf1.NN[1:]), "function")
    seed = data.draw(st.integers(0, 10**6), "seed")
    shape = data.draw(shapes(), "shape")
    dtype = data.draw(st.sampled_from(DTYPES), "dtype")
    logits = tf1.logits_of(shape, dtype, seed)
    arguments: dict[str, Any] = {}
    if function.startswith("sparse"):
        labels = tf1.ids_of(shape, data.draw(st.sampled_from(["int32", "int64"]), "ids"), seed)
    else:
        # TF1's sigmoid casts no labels.
        labels = tf1.soft_labels_of(shape, dtype, seed)
    if function == "softmax_cross_entropy_with_logits":
        arguments["dim"] = data.draw(st.sampled_from([None, -1, *range(len(shape))]), "dim")

    def run(functions: tf1.Functions) -> list[Any]:
        def losses(logits: Any, labels: Any) -> Any:
            return getattr(functions, function)(labels=labels, logits=logits, **arguments)

        return tf1.by_tape(losses, logits, labels)

    each_backends, theirs = all_of(run)
    for ours in each_backends:
        assert len(ours) == (3 if function.startswith("sigmoid") else 2)
        # Without a distribution along another axis, a gradient is as large as the labels' sum.
        tf1.assert_same(ours, theirs, dtype, scale=30)


@examples
@hypothesis.given(data=st.data())
def test_compute_weighted_loss_is_tf1s(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10**6), "seed")
    shape = data.draw(shapes(), "shape")[1:]
    dtype = data.draw(st.sampled_from([*DTYPES, "int32"]), "dtype")
    losses = tf1.logits_of(shape, dtype, seed)
    weights = data.draw(weights_for(shape, seed), "weights")
    reduction, name = data.draw(st.sampled_from(list(tf1.REDUCTIONS.items())), "reduction")

    def run(functions: tf1.Functions) -> list[Any]:
        def loss(losses: Any, *given: Any) -> Any:
            return functions.compute_weighted_loss(
                losses,
                *(given or [weights]),
                reduction=reduction if functions is tf1.OURS else name,
            )

        inputs = [losses, weights] if is_float(weights) else [losses]
        return tf1.by_tape(loss, *inputs)

    each_backends, theirs = all_of(run)
    precision = "float32" if dtype == "int32" else dtype
    for ours in each_backends:
        tf1.assert_same(ours, theirs, precision, scale_of(losses, weights))
