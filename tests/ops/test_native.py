"""The native ops against the exact reference: every size, instruction set and thread count."""

from __future__ import annotations

from typing import Any, Iterator

import numpy as np
import pytest
import reference
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import library, softmax
from keras_xent.ops.native import Native
from keras_xent.ops.spec import Spec

native = Native(softmax.OP)
pytestmark = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))

# More classes than a tile has, fewer, and sizes about whole vectors of 4, 8 and 16.
CLASSES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 66, 70]
INNER = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40]


@pytest.fixture
def loaded() -> Iterator[library.Library]:
    """The library, which is as before afterwards."""
    it = library.load()
    threads, instruction_set = it.threads, it.instruction_set
    yield it
    it.set_threads(threads)
    it.select_instruction_set(instruction_set)


def problem(shape: tuple[int, ...], dtype: str, axis: int = -1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(shape)
    real = "float64" if dtype == "float64" else "float32"
    return {
        "logits": (rng.normal(size=shape) * 3).astype(reference.numpy_dtype(dtype)),
        "labels": reference.one_hot(rng, shape, axis).astype(reference.numpy_dtype(dtype)),
        "weights": rng.choice([0.0, 0.5, 1.0, 3.0], np.delete(shape, axis)).astype(real),
    }


def run(spec: Spec, arrays: dict[str, np.ndarray]) -> tuple[tf.Tensor, tf.Tensor]:
    tensors = [tf.constant(arrays[name]) for name in ("logits", "labels", "weights")]
    value, backprop = native.loss_with_backprop(spec, *tensors)
    # The op without the gradient is the same arithmetic.
    np.testing.assert_array_equal(native.loss(spec, *tensors), value)
    return value, backprop


def check(it: library.Library, spec: Spec, arrays: dict[str, np.ndarray], dtype: str) -> None:
    """The op is right with every instruction set."""
    exact = reference.value_and_gradient(
        **arrays,
        label_smoothing=spec.label_smoothing,
        axis=spec.axis,
        reduction=spec.reduction,
    )
    assert it.usable_instruction_sets
    for name in it.usable_instruction_sets:
        it.select_instruction_set(name)
        assert it.instruction_set == name
        for found, wanted in zip(run(spec, arrays), exact):
            reference.assert_close(found, wanted, reference.tolerance(dtype))


@pytest.mark.parametrize("dtype", reference.DTYPES)
def test_every_number_of_classes_is_right(loaded: library.Library, dtype: str) -> None:
    for classes in range(1, 71) if dtype == "float32" else CLASSES:
        check(loaded, Spec(-1, 0.1, Reduction.NONE), problem((5, classes), dtype), dtype)


@pytest.mark.parametrize("dtype", reference.DTYPES)
def test_every_inner_size_is_right(loaded: library.Library, dtype: str) -> None:
    for inner in range(1, 41) if dtype == "float32" else INNER:
        check(loaded, Spec(1, 0.0, Reduction.NONE), problem((2, 3, inner), dtype, 1), dtype)


@pytest.mark.parametrize("rows", [1, 2, 15, 16, 17, 31, 33, 100])
def test_every_number_of_rows_is_right(loaded: library.Library, rows: int) -> None:
    for classes in (3, 64, 100):
        arrays = problem((rows, classes), "float32")
        for reduction in Reduction:
            check(loaded, Spec(-1, 0.1, reduction), arrays, "float32")


def test_a_gradient_too_large_for_the_caches_is_right(loaded: library.Library) -> None:
    # Over 4 MiB it is written past the caches; rows of 1021 start anywhere in a vector.
    arrays = problem((1100, 1021), "float32")
    check(loaded, Spec(-1, 0.0, Reduction.NONE), arrays, "float32")


@pytest.mark.parametrize("shape", [(700, 1000), (40000, 10), (90, 50, 33)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_bits_are_the_same_for_every_thread_count(
    loaded: library.Library, dtype: str, shape: tuple[int, ...]
) -> None:
    axis = 1
    arrays = problem(shape, dtype, axis)
    spec = Spec(axis, 0.1, Reduction.SUM_BY_NONZERO_WEIGHTS)
    results = []
    for threads in (1, 2, 5):
        loaded.set_threads(threads)
        assert loaded.threads == threads
        value, backprop = run(spec, arrays)
        results.append((value.numpy().tobytes(), backprop.numpy().tobytes()))
    assert results[0] == results[1] == results[2]


def address(tensor: tf.Tensor) -> int:
    return np.asarray(memoryview(tensor)).__array_interface__["data"][0]


@pytest.mark.parametrize("grad", [np.float32(1), np.ones([4], "f")])
def test_scaling_by_one_moves_no_memory(grad: np.ndarray) -> None:
    backprop = tf.random.normal([4, 50])
    scaled = native.scale_backprop(Spec(-1, 0.0, Reduction.NONE), backprop, tf.constant(grad))
    assert address(scaled) == address(backprop)


@pytest.mark.parametrize("dtype", reference.DTYPES)
@pytest.mark.parametrize("shape", [(3, 5), (4, 3, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_scaling_by_a_grad_of_each_loss(shape: tuple[int, ...], axis: int, dtype: str) -> None:
    rng = np.random.default_rng(1)
    backprop = rng.normal(size=shape).astype(reference.numpy_dtype(dtype))
    grad = rng.normal(size=np.delete(shape, axis)).astype(reference.numpy_dtype(dtype))
    spec = Spec(axis, 0.0, Reduction.NONE)
    held = tf.constant(backprop)
    scaled = native.scale_backprop(spec, held, tf.constant(grad))
    exact = reference.wide(backprop) * np.expand_dims(reference.wide(grad), axis)
    reference.assert_close(scaled, exact, reference.EPSILON[dtype])
    # Somebody else still reads the backprop: it is not scaled in place.
    assert address(scaled) != address(held) if dtype != "bfloat16" else True
    np.testing.assert_array_equal(held.numpy(), backprop)


@pytest.mark.parametrize("dtype", reference.DTYPES)
def test_float16_keeps_nothing_and_the_others_their_backprop(dtype: str) -> None:
    arrays = problem((4, 3, 6), dtype, 1)
    spec = Spec(1, 0.1, Reduction.MEAN)
    tensors = [tf.constant(arrays[name]) for name in ("logits", "labels", "weights")]
    value, kept = native.loss_with_kept(spec, *tensors)
    assert value == native.loss(spec, *tensors)
    if dtype == "float16":
        assert kept is None
    else:
        _, backprop = native.loss_with_backprop(spec, *tensors)
        np.testing.assert_array_equal(reference.wide(kept), reference.wide(backprop))


@pytest.mark.parametrize("dtype", reference.DTYPES)
def test_weighted_backprop_takes_any_coefficients(dtype: str) -> None:
    arrays = problem((4, 3, 6), dtype, 1)
    spec = Spec(1, 0.1, Reduction.MEAN)
    for shape in [(), (1, 1), (4, 1), (1, 6), (4, 6)]:
        coefficients = np.broadcast_to(np.float64(-0.75), shape).astype(arrays["weights"].dtype)
        found = native.weighted_backprop(
            spec,
            tf.constant(arrays["logits"]),
            tf.constant(arrays["labels"]),
            tf.constant(coefficients),
        )
        exact = -0.75 * reference.p_minus_y(arrays["logits"], arrays["labels"], 0.1, 1)
        reference.assert_close(found, exact, reference.tolerance(dtype))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (2, 0, 3), (0,)])
@pytest.mark.parametrize("reduction", list(Reduction))
def test_empty_tensors_give_zeros(shape: tuple[int, ...], reduction: Reduction) -> None:
    for axis in range(len(shape)):
        empty = tf.zeros(shape)
        value, backprop = native.loss_with_backprop(
            Spec(axis, 0.1, reduction), empty, empty, tf.constant(1.0)
        )
        losses = np.zeros(np.delete(shape, axis) if reduction is Reduction.NONE else ())
        np.testing.assert_array_equal(value, losses)
        assert backprop.shape == shape


def ops_on(**changes: Any) -> list[Any]:
    """The ops as calls, with one argument changed."""
    arguments = {
        "logits": np.zeros([2, 2, 4], "f"),
        "labels": np.zeros([2, 2, 4], "f"),
        "weights": np.ones([2, 2], "f"),
        "label_smoothing": 0.1,
        "axis": -1,
    }
    arguments.update(changes)
    inputs = [arguments[name] for name in ("logits", "labels", "weights", "label_smoothing")]
    axis = arguments["axis"]
    ops = library.load().ops
    return [
        lambda: ops.keras_xent_softmax_cross_entropy(*inputs, axis=axis, reduction="sum"),
        lambda: ops.keras_xent_softmax_cross_entropy_with_backprop(
            *inputs, axis=axis, reduction="sum"
        ),
        lambda: ops.keras_xent_unreduced_softmax_cross_entropy(*inputs, axis=axis),
        lambda: ops.keras_xent_unreduced_softmax_cross_entropy_with_backprop(*inputs, axis=axis),
        lambda: ops.keras_xent_softmax_cross_entropy_grad(*inputs, axis=axis),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.zeros([2, 2, 1], "f")}, "must be the same"),
        ({"labels": np.zeros([2, 4], "f")}, "must be the same"),
        ({"logits": np.float32(0), "labels": np.float32(0)}, "class axis|rank 1 or more"),
        ({"weights": np.ones([2], "f")}, "weights cannot be broadcast"),
        ({"weights": np.ones([2, 3], "f")}, "weights cannot be broadcast"),
        ({"weights": np.ones([1, 2, 2], "f")}, "weights cannot be broadcast"),
        ({"weights": np.ones([0, 2], "f")}, "weights cannot be broadcast"),
        ({"label_smoothing": 1.5}, "label_smoothing must be in"),
        ({"label_smoothing": -0.1}, "label_smoothing must be in"),
        ({"label_smoothing": float("nan")}, "label_smoothing must be in"),
        ({"label_smoothing": [0.1]}, "label_smoothing must be a scalar"),
        ({"axis": 3}, "axis must be in"),
        ({"axis": -4}, "axis must be in"),
    ],
)
def test_the_kernels_trust_nothing(changes: dict[str, Any], message: str) -> None:
    for op in ops_on(**changes):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            op()


def test_an_unknown_reduction_raises_an_error() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="reduction"):
        library.load().ops.keras_xent_softmax_cross_entropy(
            tf.zeros([1, 2]), tf.zeros([1, 2]), 1.0, 0.0, reduction="average"
        )


@pytest.mark.parametrize("grad", [(3,), (2, 4), (2, 2, 1), (1, 1), (2, 2, 4, 1)])
def test_scale_backprop_refuses_another_shape_of_grad(grad: tuple[int, ...]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="grad must be a scalar"):
        native.scale_backprop(
            Spec(-1, 0.0, Reduction.NONE), tf.zeros([2, 2, 4]), tf.ones(grad)
        )


@pytest.mark.parametrize("shape", [(), (5,), (3, 1, 70)])
def test_scale_backprop_takes_a_grad_for_each_element(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    backprop, grad = rng.normal(size=shape).astype("f"), rng.normal(size=shape).astype("f")
    scaled = library.load().ops.keras_xent_scale_backprop(tf.constant(backprop), tf.constant(grad))
    np.testing.assert_array_equal(scaled, backprop * grad)


def test_weights_of_another_dtype_have_no_kernel() -> None:
    x = tf.zeros([1, 2])
    with pytest.raises((tf.errors.NotFoundError, tf.errors.InvalidArgumentError)):
        library.load().ops.keras_xent_unreduced_softmax_cross_entropy(
            x, x, tf.constant(1.0, tf.float64), 0.0
        )
