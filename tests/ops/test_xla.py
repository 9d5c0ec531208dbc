"""The steps for XLA against the exact reference, compiled and not."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import softmax
from keras_xent.ops.spec import Spec
from keras_xent.ops.xla import Xla

xla = Xla(softmax.OP)


def problem(shape: Any, axis: int = -1, dtype: str = "float32") -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    logits = (rng.normal(size=shape) * 3).astype(reference.numpy_dtype(dtype))
    labels = reference.one_hot(rng, shape, axis).astype(reference.numpy_dtype(dtype))
    real = "float64" if dtype == "float64" else "float32"
    weights = rng.choice([0.0, 0.5, 1.0, 3.0], np.delete(shape, axis)).astype(real)
    return [logits, labels, weights]


def steps(spec: Spec) -> Any:
    def run(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> Any:
        value, kept = xla.loss_with_kept(spec, logits, labels, weights)
        return (
            xla.loss(spec, logits, labels, weights),
            value,
            kept,
            xla.weighted_backprop(spec, logits, labels, weights),
            xla.scale_backprop(spec, kept, tf.constant(-2.0)),
            xla.scale_backprop(spec, logits, weights),
        )

    return run


@pytest.mark.parametrize(
    ("mode", "axis"),
    [
        *(("eager", axis) for axis in (-1, 0, 1)),
        ("compiled", -1),
        ("compiled_unknown_shapes", 1),
    ],
)
def test_every_step_agrees_with_the_reference(mode: str, axis: int) -> None:
    logits, labels, weights = problem((4, 3, 6), axis)
    found = modes.MODES[mode](steps(Spec(axis, 0.2, Reduction.MEAN)), logits, labels, weights)
    value, gradient = reference.value_and_gradient(
        logits, labels, weights, 0.2, axis, Reduction.MEAN
    )
    beside_classes = np.expand_dims(weights, axis)
    unscaled = beside_classes * reference.p_minus_y(logits, labels, 0.2, axis)
    wanted = [value, value, gradient, unscaled, -2 * gradient, logits * beside_classes]
    for one, expected in zip(found, wanted):
        reference.assert_close(one, expected, 1e-6)


@pytest.mark.parametrize("dtype", reference.DTYPES)
def test_every_dtype_and_reduction(dtype: str) -> None:
    logits, labels, weights = problem((5, 7), dtype=dtype)

    def run(*tensors: tf.Tensor) -> Any:
        return [xla.loss_with_kept(Spec(-1, 0.1, reduction), *tensors) for reduction in reductions]

    # The other dtypes are reduced by the same ops.
    few = [Reduction.NONE, Reduction.SUM_BY_NONZERO_WEIGHTS]
    reductions = list(Reduction) if dtype == "float32" else few
    found = modes.compiled(run, logits, labels, weights)
    for reduction, (value, kept) in zip(reductions, found):
        exact = reference.value_and_gradient(logits, labels, weights, 0.1, -1, reduction)
        assert value.dtype == tf.as_dtype(dtype)
        reference.assert_close(value, exact[0], reference.tolerance(dtype))
        if dtype == "float16":
            assert kept.dtype == tf.float32
            reference.assert_close(kept, reference.p_minus_y(logits, labels, 0.1), 1e-6)
        else:
            assert kept.dtype == tf.as_dtype(dtype)
            reference.assert_close(kept, exact[1], reference.tolerance(dtype))


@pytest.mark.parametrize("axis", [0, 1])
def test_sums_that_are_cut_into_pieces_are_the_same_sums(axis: int) -> None:
    # Into short parts, and into long ones with a remainder.
    every = [problem((3, n) if axis == 1 else (n, 3), axis) for n in (64, 1003)]
    spec = Spec(axis, 0.1, Reduction.SUM)

    def run(*tensors: tf.Tensor) -> Any:
        problems = [tensors[i : i + 3] for i in range(0, len(tensors), 3)]
        return [xla.loss_with_kept(spec, *each) for each in problems]

    results = modes.compiled(run, *[array for arrays in every for array in arrays])
    for (value, kept), (logits, labels, weights) in zip(results, every):
        exact, gradient = reference.value_and_gradient(
            logits, labels, weights, 0.1, axis, Reduction.SUM
        )
        np.testing.assert_allclose(value, np.float64(exact), rtol=2e-6)
        np.testing.assert_allclose(kept, gradient.astype("f"), rtol=1e-5, atol=1e-6)


def ops_of_a_trace(shape: Any) -> list[str]:
    spec = Spec(-1, 0.1, Reduction.SUM)
    traced = tf.function(lambda x: xla.loss(spec, x, x, tf.constant(1.0)), autograph=False)
    graph = traced.get_concrete_function(tf.TensorSpec(shape)).graph
    return [op.type for op in graph.get_operations()]


def test_sums_are_cut_only_where_every_device_is_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SplitV" in ops_of_a_trace([3, 64])
    for shape in ([3, 63], [None, None], None):
        assert "SplitV" not in ops_of_a_trace(shape)
    cpu, gpu = (tf.config.PhysicalDevice(f"/physical_device:{x}:0", x) for x in ("CPU", "GPU"))
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda: [cpu, gpu])
    assert "SplitV" not in ops_of_a_trace([3, 64])


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_without_classes_the_losses_are_zero(smoothing: float) -> None:
    spec = Spec(-1, smoothing, Reduction.NONE)

    def run(x: tf.Tensor) -> Any:
        return xla.loss_with_kept(spec, x, x, tf.constant(1.0))

    value, kept = modes.compiled(run, np.zeros([3, 0], "f"))
    np.testing.assert_array_equal(value, np.zeros(3))
    assert kept.shape == [3, 0]


@pytest.mark.parametrize("step", [xla.loss, xla.loss_with_kept, xla.weighted_backprop])
def test_labels_of_another_shape_fail_when_xla_compiles(step: Any) -> None:
    spec = Spec(-1, 0.0, Reduction.SUM)
    run = modes.once(
        "compiled_unknown_shapes", lambda x, y: step(spec, x, y, tf.constant(1.0))
    )
    for shape in [(2, 1), (1, 4), (4,), (2, 4, 1), ()]:
        with pytest.raises(tf.errors.InvalidArgumentError):
            pytest.fail(f"{shape}: {run(np.zeros([2, 4], 'f'), np.zeros(shape, 'f'))}")
