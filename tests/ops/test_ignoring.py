"""A class to ignore: its examples add nothing, whatever their logits are."""

from __future__ import annotations

from typing import Any, Callable

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import ignoring, sparse_softmax_cross_entropy
from keras_xent.ops.spec import Spec
from keras_xent.reduction import V1_NAMES

RNG = np.random.default_rng(4)
CLEAN = (RNG.normal(size=(3, 5, 4)) * 2).astype("f")
IDS = RNG.integers(0, 5, (3, 4))
IDS[0, :2] = IDS[1, 3] = IDS[2] = -7
KEPT = IDS != -7
WEIGHTS = RNG.choice([0.0, 0.5, 2.0], (3, 4)).astype("f")
# Along axis 1, as the classes are.
WILD = CLEAN.copy()
WILD[0, :, 0] = np.inf
WILD[0, 1, 1] = np.nan
WILD[1, :, 3] = -np.inf
WILD[2, 0, 2] = -np.inf
every_logits = pytest.mark.parametrize("logits", [CLEAN, WILD], ids=["finite", "not finite"])
# A graph of "auto" has what one of "native" has.
both_backends = pytest.mark.parametrize("backend", ["auto", "portable"], indirect=True)


def ours(logits: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor, **arguments: Any) -> tf.Tensor:
    return sparse_softmax_cross_entropy(logits, ids, weights, axis=1, ignore_class=-7, **arguments)


def theirs(
    logits: tf.Tensor,
    ids: tf.Tensor,
    weights: tf.Tensor,
    label_smoothing: float = 0.0,
    reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> tf.Tensor:
    """TF1's loss of smoothed labels, of the examples that are kept, and weights of 0."""
    kept = tf.not_equal(ids, -7)
    rows = tf.boolean_mask(tf.transpose(logits, [0, 2, 1]), kept)
    labels = tf.one_hot(tf.boolean_mask(ids, kept), 5, dtype=rows.dtype)
    labels = labels * (1 - label_smoothing) + label_smoothing / 5
    each = tf.nn.softmax_cross_entropy_with_logits(labels, rows)
    losses = tf.scatter_nd(tf.where(kept), each, tf.shape(kept, tf.int64))
    weights = tf.where(kept, weights, 0)
    return tf.compat.v1.losses.compute_weighted_loss(
        losses, weights, loss_collection=None, reduction=V1_NAMES[Reduction(reduction)]
    )


def first_order(loss: Callable[..., tf.Tensor], **arguments: Any) -> Callable[..., Any]:
    def run(logits: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([logits, weights])
            value = loss(logits, ids, weights, **arguments)
        return [value, *tape.gradient(value, [logits, weights])]

    return run


def assert_close(found: Any, expected: Any, tolerance: float = 5e-6) -> None:
    for one, wanted in zip(found, expected):
        reference.assert_close(one, wanted, tolerance, tolerance)


@pytest.mark.parametrize(
    ("logits", "smoothing"),
    [(CLEAN, 0.2), (WILD, 0.0), (WILD, 0.2)],
    ids=["finite", "not finite", "not finite, smoothing"],
)
@pytest.mark.parametrize("reduction", list(Reduction))
def test_value_and_gradients_are_tf1s_of_the_others(
    logits: np.ndarray, smoothing: float, reduction: Reduction
) -> None:
    arguments = {"label_smoothing": smoothing, "reduction": reduction}
    others = [WEIGHTS[:, :1], np.float32(0.7)] if logits is WILD and smoothing else []
    for weights in (WEIGHTS, *others):
        # What TensorFlow adds to a gradient for an example that is not there is 0.
        expected = modes.eager(first_order(theirs, **arguments), logits, IDS, weights)
        for backend in ("auto", "portable"):
            keras_xent.set_backend(backend)
            found = modes.eager(first_order(ours, **arguments), logits, IDS, weights)
            assert_close(found, expected)
            np.testing.assert_array_equal(np.moveaxis(found[1].numpy(), 1, 2)[~KEPT], 0)


@pytest.mark.parametrize(
    ("mode", "backend"), [("traced", "portable"), ("compiled", "auto")], indirect=["backend"]
)
def test_every_mode_gives_the_same(mode: str, backend: str) -> None:
    run = first_order(ours, label_smoothing=0.1)
    expected = modes.eager(first_order(theirs, label_smoothing=0.1), WILD, IDS, WEIGHTS)
    assert_close(modes.MODES[mode](run, WILD, IDS, WEIGHTS), expected)


def traced_then_compiled(function: Callable[..., Any]) -> list[Callable[..., Any]]:
    """The function in a graph that knows no shapes, and that graph compiled by XLA."""
    signature = [tf.TensorSpec(None, dtype) for dtype in (tf.float32, tf.int64, tf.float32)]
    traced = tf.function(function, input_signature=signature, autograph=False)
    traced.get_concrete_function()
    compiled = tf.function(lambda *inputs: traced(*inputs), jit_compile=True, autograph=False)
    return [traced, compiled]


def test_so_does_a_trace_without_shapes_that_xla_compiles_later() -> None:
    def value_and_slopes(logits: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = ours(logits, ids, weights, label_smoothing=0.1)
        return [value, tape.gradient(value, logits)]

    expected = modes.eager(first_order(theirs, label_smoothing=0.1), WILD, IDS, WEIGHTS)
    for run in traced_then_compiled(value_and_slopes):
        assert_close(run(WILD, IDS, WEIGHTS), expected[:2])


def test_in_a_session_with_gradients() -> None:
    keras_xent.set_backend("portable")

    def run(logits: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
        value = ours(logits, ids, weights)
        return [value, *tf.gradients(value, [logits, weights])]

    in_session = modes.once("tf1_graph", run)
    for logits in (CLEAN, WILD):
        expected = modes.eager(first_order(theirs), logits, IDS, WEIGHTS)
        assert_close(in_session(logits, IDS, WEIGHTS), expected)


@pytest.mark.parametrize(
    ("mode", "backend"),
    [("eager", "auto"), ("eager", "portable"), ("traced", "auto")],
    indirect=["backend"],
)
def test_second_derivatives(mode: str, backend: str) -> None:
    def run_of(loss: Callable[..., tf.Tensor]) -> Callable[..., Any]:
        def run(logits: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
            inputs = [logits, weights]
            with tf.GradientTape() as outer:
                outer.watch(inputs)
                _, to_logits, to_weights = first_order(loss, reduction="mean")(logits, ids, weights)
                squares = tf.reduce_sum(to_logits**2) + tf.reduce_sum(to_weights**2)
            return outer.gradient(squares, inputs)

        return run

    # Of the kept examples alone TensorFlow's ops have a second derivative in every mode.
    in_mode = modes.once(mode, run_of(ours))
    for logits in (CLEAN, WILD):
        expected = modes.eager(run_of(theirs), logits, IDS, WEIGHTS)
        assert_close(in_mode(logits, IDS, WEIGHTS), expected)


@both_backends
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes(dtype: str, backend: str) -> None:
    logits = WILD.astype(reference.numpy_dtype(dtype))
    weights = WEIGHTS.astype("float64" if dtype == "float64" else "float32")
    expected = modes.eager(first_order(theirs), WILD, IDS, WEIGHTS)
    # Of float16 a graph keeps something else for the gradient.
    for call in (modes.eager, *([modes.traced] if dtype == "float16" else [])):
        found = call(first_order(ours), logits, IDS, weights)
        assert found[0].dtype == dtype
        # The logits are rounded first.
        assert_close(found, expected, {"float16": 5e-3, "bfloat16": 5e-2, "float64": 1e-6}[dtype])


@every_logits
def test_nothing_kept_gives_zero_and_no_gradient(logits: np.ndarray, eager_backend: str) -> None:
    for reduction in Reduction:
        found = modes.eager(
            first_order(ours, reduction=reduction), logits, np.full((3, 4), -7), WEIGHTS
        )
        for each in found:
            np.testing.assert_array_equal(each, np.zeros(each.shape))


# With "auto" all is in a conditional.
@pytest.mark.parametrize("backend", ["native", "portable"], indirect=True)
def test_nothing_of_the_logits_size_is_made_where_the_loss_is_finite(backend: str) -> None:
    """But for the gradient, and what TensorFlow's op makes: replaced logits are a Select."""
    run = tf.function(first_order(ours), autograph=False).get_concrete_function(
        *[tf.constant(array) for array in (CLEAN, IDS, WEIGHTS)]
    )
    selects = [op for op in run.graph.get_operations() if op.type.startswith("Select")]
    assert {op.outputs[0].shape.rank for op in selects} == {2}


@both_backends
def test_an_id_that_is_no_class_is_an_error_still(backend: str) -> None:
    for mode in ("eager", "traced"):
        in_mode = modes.once(mode, ours)
        for ids in (np.where(KEPT, 5, -7), np.where(KEPT, -1, -7)):
            with pytest.raises(tf.errors.InvalidArgumentError):
                in_mode(CLEAN, ids, WEIGHTS)


def test_the_ignored_class_may_be_a_class_or_none_that_the_ids_can_have() -> None:
    logits, ids = CLEAN[:, :, 0], IDS[:, 3]
    ids = np.where(ids < 0, 2, ids)
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits).numpy()
    found = sparse_softmax_cross_entropy(logits, ids, reduction="none", ignore_class=2)
    np.testing.assert_allclose(found, np.where(ids == 2, 0, each), rtol=1e-5)
    found = sparse_softmax_cross_entropy(
        logits, tf.constant(ids, tf.int32), reduction="none", ignore_class=2**40
    )
    np.testing.assert_allclose(found, each, rtol=1e-5)


def test_wrong_shapes_do_not_become_right_ones_beside_each_other() -> None:
    for run in traced_then_compiled(ours):
        np.testing.assert_allclose(run(CLEAN, IDS, WEIGHTS), ours(CLEAN, IDS, WEIGHTS), rtol=1e-5)
        for inputs in (
            (CLEAN, IDS, WEIGHTS[0]),
            (CLEAN[:1], IDS, WEIGHTS[:1]),
            (CLEAN[:1], IDS[:1], WEIGHTS),
            (CLEAN, IDS[:1], WEIGHTS),
        ):
            with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
                run(*inputs)


@pytest.mark.parametrize("backend", ["native", "portable"], indirect=True)
def test_in_a_mapped_function_and_for_jacobians(backend: str) -> None:
    def each(example: Any) -> list[tf.Tensor]:
        logits, ids, weights = example
        with tf.GradientTape() as tape:
            tape.watch([logits, weights])
            value = sparse_softmax_cross_entropy(
                logits, ids, weights, axis=0, ignore_class=-7, reduction="mean"
            )
        return [value, *tape.gradient(value, [logits, weights])]

    @tf.function(autograph=False)
    def both(*inputs: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(inputs[0])
            losses = ours(*inputs, reduction="none")
        jacobian = tf.reduce_sum(tape.batch_jacobian(losses, inputs[0]), 1)
        return [*tf.vectorized_map(each, inputs, fallback_to_while_loop=False), jacobian]

    for logits in (CLEAN, WILD):
        x, ids, weights = tf.constant(logits), tf.constant(IDS), tf.constant(WEIGHTS)
        *mapped, jacobian = both(x, ids, weights)
        one_by_one = [each((x[i], ids[i], weights[i])) for i in range(3)]
        assert_close(mapped, [tf.stack(parts) for parts in zip(*one_by_one)])
        assert_close([jacobian], [first_order(theirs, reduction="sum")(x, ids, weights)[1]])


def test_the_spec_s_text_has_it() -> None:
    spec = Spec(-1, 0.0, Reduction.SUM, -7)
    assert Spec.from_json(spec.to_json()) == spec
    # What earlier versions wrote.
    assert Spec.from_json('{"axis": 1, "label_smoothing": 0.5, "reduction": "none"}') == Spec(
        1, 0.5, Reduction.NONE
    )


@pytest.mark.parametrize(
    ("ignore_class", "dtype", "found"),
    [(None, tf.int32, None), (-1, tf.int32, -1), (2**31, tf.int32, None), (2**31, tf.int64, 2**31)],
)
def test_the_class_among_ids_of_a_dtype(ignore_class: Any, dtype: Any, found: Any) -> None:
    assert ignoring.class_among(ignore_class, dtype) == found
