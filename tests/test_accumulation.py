"""Micro-batches train like the batch that they are cut from."""

from __future__ import annotations

from typing import Any

import numpy as np
import processes
import pytest
import tensorflow as tf

import keras_xent
from keras_xent._keras import IS_KERAS_3
from keras_xent.losses.base import CrossEntropy

keras = tf.keras
RNG = np.random.default_rng(0)
N, STEPS, BATCH = 16, 4, 8
X = RNG.normal(size=(N, 4)).astype(np.float32)
IDS = RNG.integers(0, 3, N)
Y = np.eye(3, dtype=np.float32)[IDS]
KERNEL = RNG.normal(size=(4, 3)).astype(np.float32)
# Micro-batches of two: some without weights, some with one, some with both.
W = np.float32([0, 0, 1, 0, 2, 1, 0.5, 3, 0, 0, 0, 0, 1, 1, 1, 0])
# One of the two batches has no weights.
EMPTY = np.where(np.arange(N) < BATCH, W, 0)
WEIGHTS = [None, EMPTY, EMPTY[:, None]]
REDUCTIONS = ["sum_by_nonzero_weights", "mean_with_sample_weight", "sum_over_batch_size", "sum"]
CLASSES = {
    "categorical": (keras_xent.CategoricalCrossentropy, {}, Y),
    "sparse": (keras_xent.SparseCategoricalCrossentropy, {}, IDS),
    "ignoring": (keras_xent.SparseCategoricalCrossentropy, {"ignore_class": 1}, IDS),
    "binary": (keras_xent.BinaryCrossentropy, {"label_smoothing": 0.1}, Y),
}


def data(labels: Any, weights: Any) -> tf.data.Dataset:
    tensors = (X, labels) if weights is None else (X, labels, weights)
    return tf.data.Dataset.from_tensor_slices(tensors).batch(BATCH)


def gradient(loss: Any, batch: Any) -> np.ndarray:
    x, *others = batch
    kernel = tf.constant(KERNEL)
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        logits = x @ kernel
        value = loss(others[0], logits, *others[1:])
    return tape.gradient(value, kernel).numpy()


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", list(CLASSES))
def test_the_mean_gradient_is_that_of_the_whole_batch(name: str, reduction: str) -> None:
    cls, arguments, labels = CLASSES[name]
    # Each form of weights with each reduction and with each class.
    form = (list(CLASSES).index(name) + REDUCTIONS.index(reduction)) % len(WEIGHTS)
    weights = WEIGHTS[form]
    loss = cls(from_logits=True, reduction=reduction, **arguments)
    micro, summed = keras_xent.micro_batches(data(labels, weights), STEPS, loss)
    parts = [gradient(summed, batch) for batch in micro]
    assert len(parts) == STEPS * N // BATCH
    arrays = [X, labels] if weights is None else [X, labels, weights]
    for number in range(N // BATCH):
        found = np.mean(parts[number * STEPS : (number + 1) * STEPS], axis=0)
        whole = slice(number * BATCH, (number + 1) * BATCH)
        expected = gradient(loss, [array[whole] for array in arrays])
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2's optimizers don't accumulate gradients")
def test_fit_with_accumulation_is_fit_with_large_batches() -> None:
    loss = keras_xent.CategoricalCrossentropy(True, reduction="sum_by_nonzero_weights")

    micro, summed = keras_xent.micro_batches(data(Y, W), STEPS, loss)

    def trained(dataset: tf.data.Dataset, loss: Any, **arguments: Any) -> Any:
        dense = keras.layers.Dense(3, use_bias=False)
        model = keras.Sequential([keras.Input((4,)), dense])
        model.set_weights([KERNEL])
        optimizer = keras.optimizers.SGD(0.5, momentum=0.9, **arguments)
        # Only what accumulates needs a graph, and none needs XLA.
        model.compile(optimizer, loss, run_eagerly=loss is not summed, jit_compile=False)
        history = model.fit(dataset, verbose=0, shuffle=False).history["loss"]
        return model.get_weights()[0], history

    whole, reported = trained(data(Y, W), loss)
    found, history = trained(micro, summed, gradient_accumulation_steps=STEPS)
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(history, reported, rtol=1e-5)
    # As the test must be able to fail: the batches' own denominators give something else.
    naive, _ = trained(
        data(Y, W).unbatch().batch(BATCH // STEPS), loss, gradient_accumulation_steps=STEPS
    )
    assert np.abs(naive - whole).max() > 1e-2


@pytest.mark.parametrize("steps", [3, 5, 8])
def test_uneven_micro_batches_lose_nothing(steps: int) -> None:
    loss = keras_xent.CategoricalCrossentropy(from_logits=True, reduction=REDUCTIONS[0])
    micro, summed = keras_xent.micro_batches(data(Y, W).take(1), steps, loss)
    batches = list(micro)
    assert len(batches) == steps
    np.testing.assert_array_equal(np.concatenate([batch[0] for batch in batches]), X[:BATCH])
    found = np.mean([gradient(summed, batch) for batch in batches], axis=0)
    expected = gradient(loss, (X[:BATCH], Y[:BATCH], W[:BATCH]))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_losses_of_a_sequence_with_a_weight_for_each_step() -> None:
    x = RNG.normal(size=(4, 5, 3)).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[RNG.integers(0, 3, (4, 5))]
    loss = keras_xent.CategoricalCrossentropy(from_logits=True, reduction=REDUCTIONS[0])
    for weights in (np.float32([1, 0, 0, 2]), RNG.integers(0, 2, (4, 5)).astype(np.float32)):
        batch = tf.data.Dataset.from_tensors((x, y, weights))
        micro, summed = keras_xent.micro_batches(batch, 2, loss)
        found = np.mean([summed(y, x, weights).numpy() for x, y, weights in micro])
        np.testing.assert_allclose(found, loss(y, x, weights).numpy(), rtol=1e-6)


def test_inputs_of_any_structure_are_cut() -> None:
    loss = keras_xent.CategoricalCrossentropy(from_logits=True)
    batch = tf.data.Dataset.from_tensors(({"a": X, "b": (IDS,)}, Y))
    micro, _ = keras_xent.micro_batches(batch, 2, loss)
    assert int(micro.cardinality()) == 2
    assert [(len(x["a"]), len(x["b"][0]), len(y)) for x, y, _ in micro] == [(8, 8, 8)] * 2


def test_a_batch_that_is_too_small_is_an_error() -> None:
    loss = keras_xent.CategoricalCrossentropy(from_logits=True)
    micro, _ = keras_xent.micro_batches(data(Y, W).unbatch().batch(3), 3, loss)
    with pytest.raises(tf.errors.InvalidArgumentError, match="fewer examples than steps=3"):
        list(micro)


def test_a_mask_is_an_error_unless_it_is_taken_off() -> None:
    _, summed = keras_xent.micro_batches(data(Y, W), 2, keras_xent.CategoricalCrossentropy(True))
    logits = tf.constant(X @ KERNEL)
    logits._keras_mask = tf.ones([N], tf.bool)
    with pytest.raises(ValueError, match="give masked examples a sample weight of 0"):
        summed(Y, logits, W)
    assert summed(Y, tf.identity(logits), W) > 0


class OwnCall(keras_xent.CategoricalCrossentropy):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return 2 * super().call(y_true, y_pred)


LOSS = keras_xent.CategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize(
    ("dataset", "steps", "loss", "error", "message"),
    [
        (data(Y, W), 2, keras.losses.CategoricalCrossentropy(), TypeError, "a keras_xent loss"),
        (data(Y, W), 0, LOSS, ValueError, "steps is 0, expected a positive int"),
        (data(Y, W), 2.0, LOSS, ValueError, "steps is 2.0"),
        (data(Y, W), True, LOSS, ValueError, "steps is True"),
        (data(Y, W).map(lambda x, y, w: x), 2, LOSS, TypeError, "expected \\(x, y\\)"),
        (data(Y, W), 2, OwnCall(), ValueError, "OwnCall overrides call"),
        (
            data(Y, W),
            2,
            keras_xent.CategoricalCrossentropy(reduction="none"),
            ValueError,
            "reduction is NONE",
        ),
    ],
)
def test_wrong_arguments_are_errors(
    dataset: Any, steps: Any, loss: Any, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        keras_xent.micro_batches(dataset, steps, loss)


def test_the_losses_class_is_kept() -> None:
    loss = keras_xent.SparseCategoricalCrossentropy(True, 1, "sum_by_nonzero_weights", -1, 0.1)
    _, summed = keras_xent.micro_batches(data(IDS, W), 2, loss)
    assert isinstance(summed, CrossEntropy)
    assert summed.get_config() == {**loss.get_config(), "reduction": "sum"}


# Two micro-batches of four examples, two for each replica.
ON_REPLICAS = """
import numpy as np
import tensorflow as tf
import keras_xent

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
random = np.random.default_rng(0)
x, w = random.normal(size=(8, 4)).astype("float32"), np.float32([1, 0, 0, 0, 2, 1, 0.5, 3])
y, kernel = np.eye(3, dtype="float32")[random.integers(0, 3, 8)], random.normal(size=(4, 3))
kernel = tf.constant(kernel, tf.float32)
loss = keras_xent.CategoricalCrossentropy(True, reduction="sum_by_nonzero_weights")
batch = tf.data.Dataset.from_tensors((x, y, w))
micro, summed = keras_xent.micro_batches(batch, 2, loss)


def gradient(loss, x, y, w):
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        value = loss(y, x @ kernel, w)
    return tape.gradient(value, kernel)


@tf.function
def on_replicas(x, y, w):
    of_each = strategy.run(gradient, (summed, x, y, w))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, of_each, axis=None)


options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
distributed = strategy.experimental_distribute_dataset(micro.with_options(options))
found = sum(on_replicas(*each) for each in distributed) / 2
print(np.abs(found - gradient(loss, x, y, w)).max())

with strategy.scope():
    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(3)])
    model.compile(tf.keras.optimizers.SGD(gradient_accumulation_steps=2), summed)
try:
    model.fit(micro.with_options(options), verbose=0)
except RuntimeError as error:
    print(error)
"""


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2's optimizers don't accumulate gradients")
def test_on_replicas_a_loop_works_and_keras_s_accumulation_raises_an_error() -> None:
    difference, *error = processes.printed_by(["-c", ON_REPLICAS]).splitlines()
    assert float(difference) < 1e-6
    assert "merge_call" in "".join(error)
