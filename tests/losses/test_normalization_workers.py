"""`normalization="global"` on two workers: MultiWorkerMirroredStrategy over the loopback.

Run as a program, this file is both workers. The first prints what it computed as JSON.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

import numpy as np

RNG = np.random.default_rng(0)
N = 8
X = RNG.normal(size=(N, 4)).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[RNG.integers(0, 3, N)]
# The first worker's examples have one non-zero weight, the second's have three.
W = np.float32([1, 0, 0, 0, 2, 1, 0.5, 0])
KERNEL = RNG.normal(size=(4, 3)).astype(np.float32)
REDUCTIONS = ["sum_over_batch_size", "mean_with_sample_weight", "sum_by_nonzero_weights"]


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("localhost", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def step(strategy: Any, losses: dict[str, Any]) -> Any:
    """The sums of the replicas' losses and gradients, for each loss."""
    import tensorflow as tf

    def part(context: Any) -> Any:
        index = context.replica_id_in_sync_group
        half = slice(index * N // 2, (index + 1) * N // 2)
        return [tf.constant(array[half]) for array in (X, Y, W)]

    def value_and_gradient(loss: Any, x: Any, y: Any, w: Any) -> Any:
        kernel = tf.constant(KERNEL)
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            value = loss(y, x @ kernel, w)
        return value, tape.gradient(value, kernel)

    def replica(arrays: Any) -> Any:
        return {name: value_and_gradient(loss, *arrays) for name, loss in losses.items()}

    values = strategy.experimental_distribute_values_from_function(part)
    run = tf.function(lambda values: strategy.run(replica, (values,)))
    return {
        name: [
            strategy.reduce(tf.distribute.ReduceOp.SUM, each, axis=None).numpy().tolist()
            for each in results
        ]
        for name, results in run(values).items()
    }


def fit(strategy: Any, loss: Any) -> Any:
    import tensorflow as tf

    keras = tf.keras
    with strategy.scope():
        dense = keras.layers.Dense(3, use_bias=False)
        model = keras.Sequential([keras.Input((4,)), dense])
        model.set_weights([KERNEL])
        model.compile(keras.optimizers.SGD(0.5), loss=loss)
    data = tf.data.Dataset.from_tensor_slices((X, Y, W)).batch(N)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    history = model.fit(data.with_options(options), epochs=2, verbose=0).history["loss"]
    return history, model.get_weights()[0].tolist()


def main() -> None:
    ports = free_ports(2)
    # Before TensorFlow has started a thread.
    index = 0 if os.fork() else 1
    cluster = {"worker": [f"localhost:{port}" for port in ports]}
    os.environ["TF_CONFIG"] = json.dumps(
        {"cluster": cluster, "task": {"type": "worker", "index": index}}
    )
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    import keras_xent
    from keras_xent._keras import IS_KERAS_3

    assert strategy.num_replicas_in_sync == 2
    losses = {
        reduction: keras_xent.CategoricalCrossentropy(
            True, reduction=reduction, normalization="global"
        )
        for reduction in REDUCTIONS
    }
    found: dict[str, Any] = {"step": step(strategy, losses)}
    # Keras 3's `fit` doesn't support this strategy.
    if not IS_KERAS_3:
        found["fit"] = {reduction: fit(strategy, loss) for reduction, loss in losses.items()}
    if index == 0:
        print(json.dumps(found), flush=True)
        os.wait()
    else:
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
else:
    import processes
    import pytest
    import tensorflow as tf

    import keras_xent
    from keras_xent._keras import IS_KERAS_3

    @pytest.fixture(scope="module")
    def found() -> Any:
        environment = {key: value for key, value in os.environ.items() if key != "TF_CONFIG"}
        return json.loads(processes.printed_by([__file__], env=environment).splitlines()[-1])

    @pytest.mark.parametrize("reduction", REDUCTIONS)
    def test_two_workers_train_like_one_device(found: Any, reduction: str) -> None:
        loss = keras_xent.CategoricalCrossentropy(True, reduction=reduction)
        strategy = tf.distribute.get_strategy()
        kernel = tf.constant(KERNEL)
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            value = loss(Y, X @ kernel, W)
        one, of_kernel = found["step"][reduction]
        np.testing.assert_allclose(one, value, rtol=2e-6)
        np.testing.assert_allclose(of_kernel, tape.gradient(value, kernel), rtol=1e-5, atol=1e-7)
        if IS_KERAS_3:
            return
        for ours, expected in zip(found["fit"][reduction], fit(strategy, loss)):
            np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)
