"""Two replicas: MirroredStrategy on two logical CPU devices, in a process of their own.

Run as a program, this file trains and prints what came out as JSON.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

EPOCHS, BATCH, RATE = 2, 8, 0.5
RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 4)).astype(np.float32)
IDS = RNG.integers(0, 3, 16)
Y = np.eye(3, dtype=np.float32)[IDS]
# Unevenly zero, so that the replicas' denominators differ.
W = np.float32([1, 0, 0, 0, 2, 1, 0.5, 0, 1, 1, 0, 1, 0, 0, 0, 3])
KERNEL = RNG.normal(size=(4, 3)).astype(np.float32)
REDUCTIONS = ["sum", "sum_over_batch_size", "sum_by_nonzero_weights"]
# From an output's name to its loss class and the reductions of ours and of Keras's: each class and
# each reduction once.
OUTPUTS = {
    "dense_sum": ("CategoricalCrossentropy", "sum", "sum"),
    "dense": ("CategoricalCrossentropy", "sum_over_batch_size", "sum_over_batch_size"),
    "binary": ("BinaryCrossentropy", "mean", "sum_over_batch_size"),
    "sparse_tf1": ("SparseCategoricalCrossentropy", "sum_by_nonzero_weights", None),
}


def train(strategy: Any, losses: dict[str, Any]) -> dict[str, Any]:
    """`fit` under a strategy: each loss has an output, whose kernel only that loss trains."""
    import tensorflow as tf

    keras = tf.keras
    with strategy.scope():
        inputs = keras.Input((4,))
        layers = {name: keras.layers.Dense(3, use_bias=False, name=name) for name in losses}
        model = keras.Model(inputs, {name: layer(inputs) for name, layer in layers.items()})
        for layer in layers.values():
            layer.set_weights([KERNEL])
        model.compile(keras.optimizers.SGD(RATE), loss=losses, jit_compile=False)
    labels = {name: IDS if "sparse" in name else Y for name in losses}
    weights = dict.fromkeys(losses, W)
    data = tf.data.Dataset.from_tensor_slices((X, labels, weights)).batch(BATCH)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    history = model.fit(data.with_options(options), epochs=EPOCHS, verbose=0).history
    return {
        name: {
            "history": history[f"{name}_loss"],
            "kernel": layer.get_weights()[0].tolist(),
        }
        for name, layer in layers.items()
    }


def custom_loop(strategy: Any, reduction: str) -> Any:
    """Every replica's loss of the first half-batches, or the refusal."""
    import tensorflow as tf

    from keras_xent import CategoricalCrossentropy

    loss = CategoricalCrossentropy(from_logits=True, reduction=reduction)

    def replica(x: Any, y: Any, w: Any) -> Any:
        return loss(y, x @ KERNEL, w)

    def part(context: Any) -> Any:
        index = context.replica_id_in_sync_group
        half = slice(index * BATCH // 2, (index + 1) * BATCH // 2)
        return tf.constant(X[half]), tf.constant(Y[half]), tf.constant(W[half])

    values = strategy.experimental_distribute_values_from_function(part)
    def step(inputs: Any) -> Any:
        return strategy.run(replica, inputs)

    if reduction == "sum_by_nonzero_weights":
        step = tf.function(step)
    try:
        results = step(values)
    except ValueError as error:
        return str(error)
    return [float(value) for value in strategy.experimental_local_results(results)]


def main() -> None:
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    import keras_xent

    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    # A graph of one backend is half as large. test_normalization.py trains with both.
    keras_xent.set_backend(keras_xent.backend().name)
    losses = {}
    for name, (loss_class, ours, theirs) in OUTPUTS.items():
        losses[name] = getattr(keras_xent, loss_class)(from_logits=True, reduction=ours)
        if theirs is not None:
            of_keras = getattr(tf.keras.losses, loss_class)
            losses[f"{name}_keras"] = of_keras(from_logits=True, reduction=theirs)
    loops = {each: custom_loop(strategy, each) for each in REDUCTIONS}
    print(json.dumps({"outputs": train(strategy, losses), "loop": loops}))


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    import processes

    return json.loads(processes.printed_by([__file__]).splitlines()[-1])


def halves(start: int) -> list[slice]:
    """What the two replicas see of a batch."""
    half = BATCH // 2
    return [slice(start, start + half), slice(start + half, start + BATCH)]


def v1_loss(kernel: Any, part: slice) -> Any:
    import tensorflow as tf

    return tf.compat.v1.losses.softmax_cross_entropy(Y[part], X[part] @ kernel, W[part])


@pytest.mark.parametrize("name", [name for name in OUTPUTS if "tf1" not in name])
def test_fit_with_keras_s_reductions_equals_keras_s(measured: dict[str, Any], name: str) -> None:
    ours, theirs = measured["outputs"][name], measured["outputs"][f"{name}_keras"]
    np.testing.assert_allclose(ours["history"], theirs["history"], rtol=1e-5)
    np.testing.assert_allclose(ours["kernel"], theirs["kernel"], rtol=1e-5, atol=1e-6)


def replicas_training() -> Any:
    """Of the mean of what the replicas' losses are."""
    import tensorflow as tf

    kernel = tf.Variable(KERNEL)
    history = []
    for _ in range(EPOCHS):
        values = []
        for start in range(0, len(X), BATCH):
            with tf.GradientTape() as tape:
                value = sum(v1_loss(kernel, part) for part in halves(start)) / 2
            kernel.assign_sub(RATE * tape.gradient(value, kernel))
            values.append(float(value))
        history.append(np.mean(values))
    return history, kernel


def test_fit_with_tf1s_reduction_is_the_mean_of_the_replicas_tf1_losses(
    measured: dict[str, Any],
) -> None:
    history, kernel = replicas_training()
    ours = measured["outputs"]["sparse_tf1"]
    np.testing.assert_allclose(ours["kernel"], kernel, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours["history"], history, rtol=1e-5)


def test_a_custom_loop_gets_shares_of_the_mean(measured: dict[str, Any]) -> None:
    from keras_xent._keras import IS_KERAS_3

    by_nonzero = measured["loop"]["sum_by_nonzero_weights"]
    by_batch = measured["loop"]["sum_over_batch_size"]
    expected = [float(v1_loss(KERNEL, part)) for part in halves(0)]
    if IS_KERAS_3:
        assert by_nonzero == pytest.approx([value / 2 for value in expected], rel=1e-5)
        counts = [np.count_nonzero(W[part]) / (BATCH // 2) for part in halves(0)]
        shares = [value * count / 2 for value, count in zip(expected, counts)]
        assert by_batch == pytest.approx(shares, rel=1e-5)
    else:
        # Keras 2 leaves the division to its trainer, and so refuses means elsewhere.
        for message in (by_nonzero, by_batch):
            assert "outside Model.fit" in message
            assert "use Reduction.SUM or Reduction.NONE" in message


def test_a_custom_loop_with_a_sum_is_never_scaled(measured: dict[str, Any]) -> None:
    expected = [float(v1_loss(KERNEL, part)) * np.count_nonzero(W[part]) for part in halves(0)]
    assert measured["loop"]["sum"] == pytest.approx(expected, rel=1e-5)


if __name__ == "__main__":
    main()
