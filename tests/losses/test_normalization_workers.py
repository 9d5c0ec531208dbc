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
IDS = RNG.integers(0, 3, N)
Y = np.eye(3, dtype=np.float32)[IDS]
KERNEL = RNG.normal(size=(4, 3)).astype(np.float32)
# The weights, and where the batch is cut: the first worker has one non-zero weight and the second
# has three, the first has none, and the second has no examples.
W = np.float32([1, 0, 0, 0, 2, 1, 0.5, 0])
BATCHES = {
    "uneven": (W, 4),
    "zero": (np.float32([0, 0, 0, 0, 2, 1, 0.5, 0]), 4),
    "empty": (W, 8),
}
REDUCTIONS = ["sum_over_batch_size", "mean_with_sample_weight", "sum_by_nonzero_weights"]


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("localhost", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def losses(normalization: str) -> dict[str, tuple[Any, np.ndarray]]:
    """The losses, as functions of labels, logits and weights, and their labels."""
    import keras_xent

    tf1s = {"reduction": "sum_by_nonzero_weights", "normalization": normalization}
    of_reductions = {
        reduction: (
            keras_xent.CategoricalCrossentropy(
                True, reduction=reduction, normalization=normalization
            ),
            Y,
        )
        for reduction in REDUCTIONS
    }

    def function(labels: Any, logits: Any, weights: Any) -> Any:
        return keras_xent.sigmoid_cross_entropy(
            labels=labels, logits=logits, weights=weights[:, None], **tf1s
        )

    return {
        **of_reductions,
        "sparse": (keras_xent.SparseCategoricalCrossentropy(True, **tf1s), IDS),
        "binary": (keras_xent.BinaryCrossentropy(True, **tf1s), Y),
        "function": (function, Y),
    }


def value_and_gradient(loss: Any, x: Any, y: Any, w: Any) -> Any:
    import tensorflow as tf

    kernel = tf.constant(KERNEL)
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        value = loss(y, x @ kernel, w)
    return value, tape.gradient(value, kernel)


def steps(strategy: Any) -> dict[str, list[float]]:
    """For each batch: the sums of the replicas' losses and gradients, in the losses' order."""
    import tensorflow as tf

    @tf.function(autograph=False)
    def run(values: Any) -> Any:
        return strategy.run(replica, (values,))

    def replica(arrays: Any) -> Any:
        x, y, ids, w = arrays
        results = [
            value_and_gradient(loss, x, ids if labels is IDS else y, w)
            for loss, labels in losses("global").values()
        ]
        return tf.concat([tf.reshape(each, [-1]) for each in tf.nest.flatten(results)], 0)

    def sums(weights: np.ndarray, cut: int) -> list[float]:
        parts = [slice(0, cut), slice(cut, N)]

        def part(context: Any) -> Any:
            own = parts[context.replica_id_in_sync_group]
            return [tf.constant(array[own]) for array in (X, Y, IDS, weights)]

        values = strategy.experimental_distribute_values_from_function(part)
        total = strategy.reduce(tf.distribute.ReduceOp.SUM, run(values), axis=None)
        return total.numpy().tolist()

    return {name: sums(*batch) for name, batch in BATCHES.items()}


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
    from keras_xent._keras import IS_KERAS_3

    assert strategy.num_replicas_in_sync == 2
    found: dict[str, Any] = steps(strategy)
    # Keras 3's `fit` doesn't support this strategy.
    if not IS_KERAS_3:
        shared = losses("global")
        found["fit"] = {name: fit(strategy, shared[name][0]) for name in REDUCTIONS}
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

    from keras_xent._keras import IS_KERAS_3

    @pytest.fixture(scope="module")
    def found() -> Any:
        environment = {key: value for key, value in os.environ.items() if key != "TF_CONFIG"}
        return json.loads(processes.printed_by([__file__], env=environment).splitlines()[-1])

    @pytest.mark.parametrize("batch", list(BATCHES))
    def test_two_workers_have_the_numbers_of_one_device(found: Any, batch: str) -> None:
        weights, _ = BATCHES[batch]
        of_all = np.reshape(found[batch], [len(losses("global")), 1 + KERNEL.size])
        for of_loss, (name, (loss, labels)) in zip(of_all, losses("replica").items()):
            value, gradient = value_and_gradient(loss, X, labels, weights)
            np.testing.assert_allclose(of_loss[0], value, rtol=2e-6, err_msg=name)
            np.testing.assert_allclose(
                of_loss[1:], np.ravel(gradient), rtol=1e-5, atol=1e-7, err_msg=name
            )

    @pytest.mark.skipif(IS_KERAS_3, reason="Keras 3's fit doesn't support this strategy")
    @pytest.mark.parametrize("reduction", REDUCTIONS)
    def test_two_workers_train_like_one_device(found: Any, reduction: str) -> None:
        expected = fit(tf.distribute.get_strategy(), losses("replica")[reduction][0])
        for ours, wanted in zip(found["fit"][reduction], expected):
            np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-6)
