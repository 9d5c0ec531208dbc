"""float16, whose gradient waits for the loss scale, where loss and gradient are traced apart."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import softmax_cross_entropy

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(4, 5)).astype(np.float16)
LABELS = np.eye(5, dtype=np.float16)[[0, 1, 2, 3]]
WEIGHTS = np.array([1, 2, 0, 3], "f")
both_backends = pytest.mark.parametrize("backend", ["auto", "portable"], indirect=True)


def loss(logits: tf.Tensor) -> tf.Tensor:
    return softmax_cross_entropy(logits, LABELS, WEIGHTS, reduction=Reduction.SUM)


def expected() -> np.ndarray:
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(logits)
    return tape.gradient(value, logits).numpy()


def traced(function: Callable[..., Any], shape: Any) -> Any:
    signature = [tf.TensorSpec(shape, tf.float16)]
    return tf.function(function, input_signature=signature, autograph=False)


@pytest.mark.parametrize(
    ("backend", "shape"),
    [("auto", [4, 5]), ("auto", [None, None]), ("portable", [None, 5]), ("portable", None)],
    indirect=["backend"],
)
def test_a_gradient_that_xla_compiles_of_a_loss_that_it_does_not(backend: str, shape: Any) -> None:
    def step(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits)
        return tf.function(
            lambda: tape.gradient(value, logits), jit_compile=True, autograph=False
        )()

    np.testing.assert_allclose(traced(step, shape)(LOGITS), expected(), rtol=2e-3)


@pytest.mark.parametrize("shape", [[4, 5], None])
@pytest.mark.parametrize("backends", [("auto", "portable"), ("portable", "auto")])
def test_another_backend_for_the_gradient(backends: list[str], shape: Any) -> None:
    def step(logits: tf.Tensor) -> tf.Tensor:
        keras_xent.set_backend(backends[0])
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits)
        keras_xent.set_backend(backends[1])
        return tape.gradient(value, logits)

    np.testing.assert_allclose(traced(step, shape)(LOGITS), expected(), rtol=2e-3)


@both_backends
def test_a_loop_that_is_compiled_later(backend: str) -> None:
    def step(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            _, total = tf.while_loop(
                lambda i, total: i < 3,
                lambda i, total: (i + 1, total + loss(logits)),
                [0, tf.zeros([], tf.float16)],
                maximum_iterations=3,
            )
        return tape.gradient(total, logits)

    inner = traced(step, [4, 5])
    inner.get_concrete_function()
    compiled = tf.function(lambda logits: inner(logits), jit_compile=True, autograph=False)
    np.testing.assert_allclose(compiled(tf.constant(LOGITS)), 3 * expected(), rtol=2e-3)


def test_beside_an_accelerator_the_portable_backend_keeps_what_the_gradient_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cpu, gpu = (tf.config.PhysicalDevice(f"/physical_device:{x}:0", x) for x in ("CPU", "GPU"))
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda: [cpu, gpu])

    def step(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits)
        return tape.gradient(value, logits)

    function = traced(step, [4, 5])
    types = [op.type for op in function.get_concrete_function().graph.get_operations()]
    assert types.count("SoftmaxCrossEntropyWithLogits") == 1
    assert "Case" not in types
    np.testing.assert_allclose(function(LOGITS), expected(), rtol=2e-3)
