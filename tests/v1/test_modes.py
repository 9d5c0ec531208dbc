"""The numbers are TF1's in every way that TensorFlow runs a function."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Callable, Sequence

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent


@dataclasses.dataclass(frozen=True)
class Case:
    """One call, as a function of its tensors."""

    inputs: Sequence[np.ndarray]
    call: Callable[..., Any]
    dtype: str = "float32"


def loss_case(
    shape: Sequence[int],
    weights: Any,
    dtype: str = "float32",
    name: str = "softmax_cross_entropy",
    labels: Any = None,
    **arguments: Any,
) -> Case:
    labels = tf1.labels_of(name, shape) if labels is None else labels
    inputs = [labels, tf1.logits_of(shape, dtype), np.asarray(weights, np.float32)]

    def call(functions: tf1.Functions, labels: Any, logits: Any, weights: Any) -> Any:
        return getattr(functions, name)(labels, logits, weights, **arguments)

    return Case(inputs, call, dtype)


def sparse_case(shape: Sequence[int], weights: Any, ids_shape: Any = None, **others: Any) -> Case:
    name = "sparse_softmax_cross_entropy"
    ids = tf1.ids_of(shape, "int64")
    labels = ids if ids_shape is None else ids.reshape(ids_shape)
    return loss_case(shape, weights, name=name, labels=labels, **others)


def sigmoid_case(shape: Sequence[int], weights: Any, labels: Any = None, **others: Any) -> Case:
    return loss_case(shape, weights, name="sigmoid_cross_entropy", labels=labels, **others)


def nn_case(
    shape: Sequence[int],
    dtype: str = "float32",
    name: str = "softmax_cross_entropy_with_logits_v2",
    **arguments: Any,
) -> Case:
    def call(functions: tf1.Functions, labels: Any, logits: Any) -> Any:
        return getattr(functions, name)(labels=labels, logits=logits, **arguments)

    is_sparse = name.startswith("sparse")
    labels = tf1.ids_of(shape) if is_sparse else tf1.soft_labels_of(shape, dtype)
    return Case([labels, tf1.logits_of(shape, dtype)], call, dtype)


def weighting_case(shape: Sequence[int], weights: Any, reduction: str) -> Case:
    def call(functions: tf1.Functions, losses: Any, weights: Any) -> Any:
        return functions.compute_weighted_loss(losses, weights, reduction=reduction)

    return Case([tf1.logits_of(shape), np.asarray(weights, np.float32)], call)


CASES: dict[str, Case] = {
    "masked": loss_case([4, 3], [1, 0, 2, 0.5]),
    "scalar weight": loss_case([2, 5], 0.4, label_smoothing=0.1, reduction="weighted_mean"),
    "sequence": loss_case([2, 3, 4], [[1], [0]], reduction="weighted_mean"),
    "unreduced": loss_case([2, 2, 3], [[1, 0], [2, 1]], label_smoothing=0.2, reduction="none"),
    "one row": loss_case([4], 2.0, reduction="weighted_sum"),
    "half": loss_case([4, 5], [1, 0, 1, 2], "float16", reduction="weighted_sum_over_batch_size"),
    "bfloat16": loss_case([4, 5], [1, 0, 1, 2], "bfloat16"),
    "double": loss_case([4, 5], [1, 0, 1, 2], "float64", label_smoothing=0.1),
    "nn": nn_case([2, 3, 4], axis=-1),
    "nn first axis": nn_case([3, 2, 4], axis=0),
    "nn middle axis": nn_case([2, 3, 4], "float64", axis=1),
    "nn old": nn_case([3, 2, 4], name="softmax_cross_entropy_with_logits", dim=0),
    "nn old last axis": nn_case([3, 2, 4], name="softmax_cross_entropy_with_logits"),
    "sparse": sparse_case([4, 3], [1, 0, 2, 0.5]),
    "sparse columns": sparse_case(
        [4, 3], [[1], [0], [2], [0.5]], [4, 1], reduction="weighted_mean"
    ),
    "sparse column of ids": sparse_case([4, 3], [1, 0, 2, 0.5], [4, 1], reduction="weighted_sum"),
    "sparse column of weights": sparse_case([4, 3], [[1], [0], [2], [0.5]], reduction="none"),
    "sparse sequence": sparse_case([2, 3, 4], [[1], [0]], dtype="bfloat16"),
    "sparse sequence of columns": sparse_case(
        [2, 3, 4], [[[1], [0], [1]]], [2, 3, 1], dtype="float64"
    ),
    "sparse one row": sparse_case([4], [0.5], [1], dtype="float16"),
    "sparse nn": nn_case([2, 3, 4], name="sparse_softmax_cross_entropy_with_logits"),
    "sparse nn matrix": nn_case([4, 3], "float16", "sparse_softmax_cross_entropy_with_logits"),
    "sigmoid": sigmoid_case([4, 3], [[1], [0], [2], [0.5]], label_smoothing=0.1),
    "sigmoid unreduced": sigmoid_case(
        [2, 2], [[1, 0], [2, 1]], tf1.soft_labels_of([2, 2]), reduction="none", label_smoothing=0.2
    ),
    "sigmoid scalar": sigmoid_case([], 0.5, dtype="float64", reduction="weighted_mean"),
    "sigmoid soft half": sigmoid_case(
        [4, 5], 0.5, tf1.soft_labels_of([4, 5], "float16"), dtype="float16"
    ),
    "sigmoid nn": nn_case([2, 3, 4], name="sigmoid_cross_entropy_with_logits"),
    "weighting": weighting_case([2, 3], [[1, 0, 2]], "weighted_sum_by_nonzero_weights"),
    "weighted mean": weighting_case([2, 3], [[1], [2]], "weighted_mean"),
}
# One case of each kind of function.
ONE_OF_EACH = ["masked", "unreduced", "nn middle axis", "sparse columns", "sigmoid nn", "weighting"]
# Between them these hold every branch.
FEW_CASES = [*ONE_OF_EACH, "scalar weight", "bfloat16", "sparse sequence", "sparse nn"]
FEW_CASES += ["sigmoid unreduced"]
# What else one trace that knows no shape is called with: other ranks and weights.
OTHER_RANKS: dict[str, list[Sequence[Any]]] = {
    "scalar weight": [loss_case([4], 2.0).inputs],
    "sparse columns": [sparse_case([4], [0.5], [1]).inputs, sparse_case([4, 3], 2.0).inputs],
    "sigmoid unreduced": [sigmoid_case([], 0.5, np.float32(0.3)).inputs],
    "weighting": [
        [tf1.logits_of([2, 3]), np.float32([[1], [2]])],
        [tf1.logits_of([]), np.float32(2)],
    ],
}
# Watched by a tape the forward pass keeps its gradient; tf.gradients comes too late for that.
# In graphs "auto" runs the native op, though it traces both (tests/ops/test_dispatch.py).
WAYS = [
    pytest.param(*way, name, id="-".join([*way[:2], way[2].__name__, name]))
    for ways, names in (
        ([("auto", "eager", tf1.by_tape), ("portable", "eager", tf1.by_tape)], list(CASES)),
        ([("auto", "traced_unknown_shapes", tf1.by_tape)], FEW_CASES),
        # What is particular to these ways doesn't depend on the case.
        ([("auto", "traced", tf1.by_tape)], [*ONE_OF_EACH, "scalar weight", "sparse sequence"]),
        ([("auto", "tf1_graph", tf1.by_tf_gradients)], ONE_OF_EACH),
        (
            [("auto", "traced", tf1.by_tf_gradients)],
            ["unreduced", "nn middle axis", "sparse columns"],
        ),
        (
            [("portable", "traced_unknown_shapes", tf1.by_tape)],
            ["masked", "nn middle axis", "sparse columns"],
        ),
        # The losses in portable sessions: test_sessions.py.
        ([("portable", "tf1_graph", tf1.by_tf_gradients)], ["nn middle axis"]),
        ([("auto", "compiled", tf1.by_tape)], ["nn middle axis", "sparse columns"]),
        (
            [
                ("auto", "traced_then_compiled", tf1.by_tape),
                ("auto", "compiled_unknown_shapes", tf1.by_tape),
            ],
            ["sparse columns"],
        ),
    )
    for way in ways
    for name in names
]


def inputs_of(name: str) -> list[Sequence[np.ndarray]]:
    return [CASES[name].inputs, *OTHER_RANKS.get(name, [])]


@functools.lru_cache(maxsize=None)
def expected(name: str, index: int) -> list[Any]:
    call = functools.partial(CASES[name].call, tf1.THEIRS)
    return tf1.by_tape(call, *inputs_of(name)[index])


@pytest.mark.parametrize(("choice", "mode", "gradients", "name"), WAYS)
def test_every_mode_has_tf1s_value_and_gradients(
    choice: str, mode: str, gradients: Callable[..., Any], name: str
) -> None:
    keras_xent.set_backend(choice)
    case = CASES[name]
    call = functools.partial(case.call, tf1.OURS)
    run = modes.once(mode, lambda *inputs: gradients(call, *inputs))
    calls = inputs_of(name) if mode == "traced_unknown_shapes" else [case.inputs]
    for i, inputs in enumerate(calls):
        tf1.assert_same(list(run(*inputs)), expected(name, i), case.dtype, scale=8)


SHAPES: list[Any] = [[None, 3], [None, None, 3], [None, None], [4, 3], [3], None]
# Here a gradient is built beside them, on both backends. Its shape is TensorFlow's doing.
WITH_GRADIENTS = [None, 3]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_static_shapes_are_tf1s(shape: list[Any] | None) -> None:
    def static_shapes(functions: tf1.Functions) -> list[str]:
        with tf.Graph().as_default():
            logits = tf.compat.v1.placeholder(tf.float32, shape)
            labels = tf.compat.v1.placeholder(tf.int32, shape)
            weights: Any = 1.0
            if shape is not None:
                weights = tf.compat.v1.placeholder(tf.float32, shape[:-1])
            results = [functions.softmax_cross_entropy_with_logits_v2(labels, logits)]
            reductions = ["none", *(["weighted_sum"] if shape in (None, WITH_GRADIENTS) else [])]
            for reduction in reductions:
                results += [
                    functions.softmax_cross_entropy(labels, logits, weights, reduction=reduction),
                    functions.compute_weighted_loss(logits, 2.0, reduction=reduction),
                ]
            if shape == WITH_GRADIENTS:
                results += tf.gradients(results[:2], logits)
            return [str(tensor.shape) for tensor in results]

    expected = static_shapes(tf1.THEIRS)
    for choice in ("auto", "portable") if shape == WITH_GRADIENTS else ("auto",):
        keras_xent.set_backend(choice)
        assert static_shapes(tf1.OURS) == expected, choice


@pytest.mark.parametrize(
    ("known", "shape"),
    [
        *(("both", shape) for shape in SHAPES),
        # TF1 raises an IndexError for a scalar id and logits of unknown rank.
        *(("labels", shape) for shape in ([None, 3], [None, None])),
        *(("logits", shape) for shape in ([None, 3], [None, None], [3])),
    ],
)
def test_static_shapes_of_the_other_losses_are_as_well_known_as_tf1s(
    known: str, shape: list[Any] | None
) -> None:
    def results(functions: tf1.Functions) -> list[Any]:
        with tf.Graph().as_default():
            logits = tf.compat.v1.placeholder(tf.float32, shape if known != "labels" else None)
            of_labels = shape if known != "logits" else None
            bits = tf.compat.v1.placeholder(tf.float32, of_labels)
            ids = tf.compat.v1.placeholder(tf.int32, of_labels and of_labels[:-1])
            found = [
                functions.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits),
                functions.sigmoid_cross_entropy_with_logits(labels=bits, logits=logits),
                functions.sparse_softmax_cross_entropy(ids, logits, reduction="none"),
                functions.sigmoid_cross_entropy(bits, logits, reduction="none"),
            ]
            if known == "both" and shape == WITH_GRADIENTS:
                found += tf.gradients(found[2:], logits)
            return [tensor.shape for tensor in found]

    for ours, theirs in zip(results(tf1.OURS), results(tf1.THEIRS)):
        assert str(theirs.merge_with(ours)) == str(ours)


def test_static_shapes_without_an_inner_axis_are_tf1s() -> None:
    def static_shapes(functions: tf1.Functions) -> list[Any]:
        with tf.Graph().as_default():
            logits = tf.compat.v1.placeholder(tf.float32, [None, 5, 7])
            labels = tf.compat.v1.placeholder(tf.float32, [None, 5, 7])
            losses = functions.softmax_cross_entropy_with_logits_v2
            return [losses(labels, logits, axis=axis).shape.as_list() for axis in range(3)]

    expected = static_shapes(tf1.THEIRS)
    for choice in ("auto", "portable"):
        keras_xent.set_backend(choice)
        assert static_shapes(tf1.OURS) == expected, choice


def second_derivative(
    functions: tf1.Functions, mode: str, by: Callable[..., Any], name: str
) -> list[Any]:
    """The square of the gradient's length, and its gradient."""
    labels, logits = tf1.labels_of(name, [4, 3]), tf1.logits_of([4, 3])
    smoothing = {"label_smoothing": 0.1} if name in tf1.SMOOTHED else {}

    def length(logits: Any) -> Any:
        loss = getattr(functions, name)
        _, gradient = by(lambda x: loss(labels, x, 2.0, **smoothing), logits)
        return tf.reduce_sum(tf.square(gradient))

    return modes.MODES[mode](lambda logits: by(length, logits), logits)


@functools.lru_cache(maxsize=None)
def their_second_derivative(name: str) -> list[Any]:
    return second_derivative(tf1.THEIRS, "eager", tf1.by_tape, name)


@pytest.mark.parametrize(
    ("choice", "gradients", "name"),
    [
        # By tapes in every mode: tests/ops. What a tape does in a session, it does to all losses.
        ("auto", tf1.by_tape, "softmax_cross_entropy"),
        *(("auto", tf1.by_tf_gradients, name) for name in tf1.LABELS),
        ("portable", tf1.by_tape, "softmax_cross_entropy"),
        ("portable", tf1.by_tf_gradients, "sparse_softmax_cross_entropy"),
        ("portable", tf1.by_tf_gradients, "sigmoid_cross_entropy"),
    ],
)
def test_the_logits_gradient_can_be_differentiated_again(
    choice: str, gradients: Callable[..., Any], name: str
) -> None:
    keras_xent.set_backend(choice)
    found = second_derivative(tf1.OURS, "tf1_graph", gradients, name)
    tf1.assert_same(found, their_second_derivative(name))


@pytest.mark.parametrize("name", tf1.LABELS)
def test_a_jacobian_of_unreduced_losses_is_tf1s(name: str) -> None:
    logits, labels = tf.constant(tf1.logits_of([4, 3])), tf1.labels_of(name, [4, 3])

    def jacobian(functions: tf1.Functions, **how: Any) -> list[Any]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(logits)
            losses = getattr(functions, name)(labels, logits, reduction="none")
        return [tape.jacobian(losses, logits, **how)]

    expected = jacobian(tf1.THEIRS, experimental_use_pfor=False)
    # For all rows at once, both backends run the same ops.
    for choice in ("auto", "portable") if name == "softmax_cross_entropy" else ("auto",):
        keras_xent.set_backend(choice)
        tf1.assert_same(jacobian(tf1.OURS), expected)
