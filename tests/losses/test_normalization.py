"""`normalization="global"`: N replicas have the loss and the gradients of one device.

Run as a program, this file compares them on two logical CPUs and prints what differed as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Callable, Iterable

import numpy as np
import pytest

RNG = np.random.default_rng(0)
N = 8
X = RNG.normal(size=(N, 4)).astype(np.float32)
IDS = RNG.integers(0, 3, N)
Y = np.eye(3, dtype=np.float32)[IDS]
KERNEL = RNG.normal(size=(4, 3)).astype(np.float32)
REDUCTIONS = ["sum_over_batch_size", "mean_with_sample_weight", "sum_by_nonzero_weights"]
# Each class and each reduction once: in `fit`, a loss is one number, whatever its reduction is.
# Keras 2 treats Keras's own differently.
FITTED = {
    "dense": ("CategoricalCrossentropy", "sum_by_nonzero_weights"),
    "sparse": ("SparseCategoricalCrossentropy", "sum_over_batch_size"),
    "binary": ("BinaryCrossentropy", "mean_with_sample_weight"),
}
EPOCHS, RATE = 2, 0.5
# One metric is enough: all of them add up in the same way.
MEASURED = "dense"
WEIGHTS = {
    "none": None,
    "uneven": np.float32([1, 0, 0, 0, 2, 1, 0.5, 3]),
    "zero on a replica": np.float32([0, 0, 0, 0, 2, 1, 0.5, 0]),
    "all zero": np.zeros(N, np.float32),
}
# The weights, and where the batch is cut. A cut at 8 leaves a replica without examples.
CASES = [
    ("none", 4),
    ("none", 8),
    ("uneven", 3),
    ("zero on a replica", 4),
    ("zero on a replica", 8),
    ("all zero", 3),
]
UNEVEN, EMPTY = CASES[2], CASES[4]
TRACED = ("sum_by_nonzero_weights", *EMPTY)
# The other losses than "categorical" differ in how they arrive at their weights.
OF_OTHERS = {
    "sum_over_batch_size": [UNEVEN],
    "mean_with_sample_weight": [EMPTY],
    "sum_by_nonzero_weights": [UNEVEN, EMPTY],
}
# Instead of weights, for some losses.
MASKS = {
    "uneven mask": np.array([1, 1, 0, 1, 0, 0, 0, 1], bool),
    "mask of a replica": np.array([0, 0, 0, 1, 0, 0, 0, 1], bool),
    "mask of all": np.zeros(N, bool),
}


def close(found: Any, wanted: Any) -> bool:
    return np.allclose(found, wanted, rtol=2e-6, atol=2e-7)


def arrays_of(weighting: str, labels: Any) -> list[Any]:
    """A batch: the examples' places, features, labels, and weights or a mask if there are any."""
    weights = {**WEIGHTS, **MASKS}[weighting]
    return [np.arange(N), X, labels] + ([] if weights is None else [weights])


def all_of(loss: Callable[..., Any], positions: Any, x: Any, y: Any, *weights: Any) -> list[Any]:
    """A loss and its gradients with respect to the kernel and to factors of all N weights.

    Args:
        loss: the loss of the kernel, as a function of the batch.
        positions: the examples' places among all N.
        x: the batch's features.
        y: the batch's labels.
        weights: the batch's weights or mask, if there are any.
    """
    import tensorflow as tf

    kernel, factors = tf.constant(KERNEL), tf.ones(N)
    with tf.GradientTape() as tape:
        tape.watch([kernel, factors])
        if weights and weights[0].dtype != tf.bool:
            weights = (weights[0] * tf.gather(factors, positions),)
        value = loss(x, y, *weights)(kernel)
    gradients = tape.gradient(
        value, [kernel, factors], unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return [value, *map(tf.convert_to_tensor, gradients)]


def replicas(
    strategy: Any, losses: list[tuple[Callable[..., Any], Any]], batch: tuple[str, int, bool]
) -> list[list[Any]]:
    """For each loss and its labels: the sums of all replicas' losses and gradients.

    Args:
        strategy: of two replicas.
        losses: the losses, as functions of the batch, and their labels.
        batch: the name of the weights, where the batch is cut, and whether to trace.
    """
    import tensorflow as tf

    weighting, cut, traced = batch
    parts = [slice(0, cut), slice(cut, N)]

    def part(context: Any) -> Any:
        own = parts[context.replica_id_in_sync_group]
        return [[tf.constant(array[own]) for array in arrays_of(weighting, y)] for _, y in losses]

    def step(batches: list[Any]) -> Any:
        return [all_of(loss, *arrays) for (loss, _), arrays in zip(losses, batches)]

    def run(values: Any) -> Any:
        return strategy.run(step, (values,))

    values = strategy.experimental_distribute_values_from_function(part)
    results = (tf.function(run, autograph=False) if traced else run)(values)
    return [
        [sum(own.numpy() for own in strategy.experimental_local_results(each)) for each in result]
        for result in results
    ]


def cases(reductions: Iterable[str] = REDUCTIONS) -> Any:
    """Functions of the batch's arrays that return a loss of the kernel, by name."""
    import tensorflow as tf

    import keras_xent as kx

    def of_class(loss: Any, masked: bool = False, ragged: bool = False) -> Callable[..., Any]:
        def bound(x: Any, y: Any, *others: Any) -> Callable[[Any], Any]:
            def value(kernel: Any) -> Any:
                logits, labels = x @ kernel, y
                weights = others[0] if others and not masked else None
                if masked:
                    logits._keras_mask = others[-1]
                if ragged:
                    # Rows of one loss and of two.
                    lengths = tf.concat([tf.ones([tf.shape(x)[0] % 2], tf.int32),
                                         tf.fill([tf.shape(x)[0] // 2], 2)], 0)
                    logits = tf.RaggedTensor.from_row_lengths(logits, lengths)
                    labels = tf.RaggedTensor.from_row_lengths(labels, lengths)
                    if weights is not None:
                        weights = tf.RaggedTensor.from_row_lengths(weights, lengths)
                return loss(labels, logits, weights)

            return value

        return bound

    def of_function(function: Any, **arguments: Any) -> Callable[..., Any]:
        def bound(x: Any, y: Any, *others: Any) -> Callable[[Any], Any]:
            weights = others[0] if others else None
            if weights is not None and y.shape.rank == 2 and "axis" not in arguments:
                weights = weights[:, None]
            return lambda kernel: function(
                labels=y, logits=x @ kernel, weights=weights, **arguments
            )

        return bound

    for reduction in reductions:
        for normalization in ("replica", "global"):
            same = {"reduction": reduction, "normalization": normalization}
            classes = {
                "categorical": (kx.CategoricalCrossentropy(True, **same), Y),
                "smoothed": (kx.CategoricalCrossentropy(True, label_smoothing=0.1, **same), Y),
                "sparse": (kx.SparseCategoricalCrossentropy(True, **same), IDS),
                "ignoring": (kx.SparseCategoricalCrossentropy(True, 1, **same), IDS),
                "binary": (kx.BinaryCrossentropy(True, **same), Y),
                # Of probabilities: nothing is fused.
                "probabilities": (kx.BinaryCrossentropy(**same), Y),
            }
            for name, (loss, labels) in classes.items():
                yield (name, reduction, normalization), of_class(loss), labels, False
            loss = classes["categorical"][0]
            yield ("masked", reduction, normalization), of_class(loss, masked=True), Y, True
            yield ("ragged", reduction, normalization), of_class(loss, ragged=True), Y, False
            softmax = of_function(kx.softmax_cross_entropy, axis=-1, **same)
            yield ("softmax", reduction, normalization), softmax, Y, False
            sigmoid = of_function(kx.sigmoid_cross_entropy, **same)
            yield ("sigmoid", reduction, normalization), sigmoid, Y, False
            sparse = of_function(kx.sparse_softmax_cross_entropy, axis=-1, **same)
            yield ("sparse function", reduction, normalization), sparse, IDS, False


def in_steps(strategy: Any) -> dict[str, Any]:
    """What `strategy.run` computes that isn't as on one device."""
    import tensorflow as tf

    differing, compared = [], 0
    alone: dict[Any, Any] = {}
    # One `strategy.run` for all losses of the same batch.
    together: dict[Any, Any] = {}
    for key, loss, labels, masked in cases():
        name, reduction, normalization = key
        some = [(mask, 3) for mask in MASKS] if masked else OF_OTHERS[reduction]
        for weighting, cut in CASES if name == "categorical" else some:
            if normalization == "replica":
                tensors = map(tf.constant, arrays_of(weighting, labels))
                alone[name, reduction, weighting] = [
                    each.numpy() for each in all_of(loss, *tensors)
                ]
                continue
            traced = name in ("categorical", "softmax") and (reduction, weighting, cut) == TRACED
            losses = together.setdefault((weighting, cut, traced), {})
            losses[name, reduction] = loss, labels
    for batch, losses in together.items():
        found = replicas(strategy, list(losses.values()), batch)
        for key, result in zip(losses, found):
            wanted = alone[(*key, batch[0])]
            compared += 1
            if not all(map(close, result, wanted)):
                differing.append([*key, *batch, str(result), str(wanted)])
    return {"compared": compared, "differing": differing}


def fit(strategy: Any) -> dict[str, Any]:
    """`fit` with batches of 2 + 2 and 1 + 0 examples.

    Each loss has an output, whose kernel only that loss trains. In the first batch, the second
    replica has only the weight 0. (This batch can't be uneven, as Keras 3 adds up the replicas'
    inputs to build the metrics.)
    """
    import tensorflow as tf

    import keras_xent

    keras = tf.keras
    with strategy.scope():
        inputs = keras.Input((4,))
        layers = {name: keras.layers.Dense(3, use_bias=False, name=name) for name in FITTED}
        model = keras.Model(inputs, {name: layer(inputs) for name, layer in layers.items()})
        losses = {}
        for name, (cls, reduction) in FITTED.items():
            layers[name].set_weights([KERNEL])
            losses[name] = getattr(keras_xent, cls)(
                True, reduction=reduction, normalization="global"
            )
        cls, reduction = FITTED[MEASURED]
        metric = getattr(keras_xent.metrics, cls)("whole", from_logits=True, reduction=reduction)
        model.compile(
            keras.optimizers.SGD(RATE),
            loss=losses,
            weighted_metrics={name: [metric] if name == MEASURED else [] for name in FITTED},
            jit_compile=False,
        )
    labels = {name: (IDS if name == "sparse" else Y)[:5] for name in FITTED}
    weights = dict.fromkeys(FITTED, WEIGHTS["uneven"][:5])
    data = tf.data.Dataset.from_tensor_slices((X[:5], labels, weights)).batch(4)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    history = model.fit(data.with_options(options), epochs=EPOCHS, verbose=0).history
    kernels = {name: layer.get_weights()[0].tolist() for name, layer in layers.items()}
    return {"history": history, "kernels": kernels}


def main() -> None:
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    json.dump({"steps": in_steps(strategy), "fit": fit(strategy)}, sys.stdout)


if __name__ == "__main__":
    main()
else:
    import processes
    import tensorflow as tf

    import keras_xent
    from keras_xent.ops import replicas as replicas_lib

    @pytest.fixture(scope="module")
    def found() -> Any:
        return json.loads(processes.printed_by([__file__]).splitlines()[-1])

    def test_steps_on_two_replicas_are_those_on_one_device(found: Any) -> None:
        assert found["steps"]["compared"] == 63
        assert found["steps"]["differing"] == []

    def trained(name: str) -> tuple[Any, list[float], list[float]]:
        """A loop on one device: the kernel, and every epoch's loss and metric.

        The loss is the batches' mean, weighted with their sizes.
        """
        cls, reduction = FITTED[name]
        loss = getattr(keras_xent, cls)(True, reduction=reduction)
        kernel = tf.Variable(KERNEL)
        y, w = (IDS if name == "sparse" else Y)[:5], WEIGHTS["uneven"][:5]
        history, metrics = [], []
        for _ in range(EPOCHS):
            total, logits = 0.0, []
            for part in (slice(0, 4), slice(4, 5)):
                with tf.GradientTape() as tape:
                    logits.append(X[part] @ kernel)
                    value = loss(y[part], logits[-1], w[part])
                kernel.assign_sub(RATE * tape.gradient(value, kernel))
                total += float(value) * len(y[part])
            history.append(total / len(y))
            metrics.append(float(loss(y, tf.concat(logits, 0), w)))
        return kernel, history, metrics

    def test_fit_on_two_replicas_is_a_loop_on_one_device(found: Any) -> None:
        history, kernels = found["fit"]["history"], found["fit"]["kernels"]
        losses = []
        for name in FITTED:
            kernel, loss, metric = trained(name)
            losses.append(loss)
            np.testing.assert_allclose(
                kernels[name], kernel, rtol=1e-5, atol=1e-6, err_msg=name
            )
            # The metric, too, adds up over the replicas.
            if name == MEASURED:
                np.testing.assert_allclose(history[f"{name}_whole"], metric, rtol=1e-5)
        # Keras 3 weights only the sum of all losses with the batches' sizes.
        np.testing.assert_allclose(history["loss"], np.sum(losses, 0), rtol=1e-5)

    @pytest.mark.parametrize("reduction", REDUCTIONS)
    def test_a_denominator_for_each_replica_is_another_loss(reduction: str) -> None:
        """Otherwise, the comparisons above couldn't fail."""
        loss = keras_xent.CategoricalCrossentropy(True, reduction=reduction)
        weights = WEIGHTS["uneven"]

        def of(part: slice) -> float:
            return float(loss(Y[part], X[part] @ KERNEL, weights[part]))

        # The last batch of `fit`.
        apart = (of(slice(4, 5)) + of(slice(5, 5))) / 2
        assert abs(apart - of(slice(4, 5))) > 1e-2

    @pytest.mark.parametrize("reduction", [*REDUCTIONS, "sum", "none"])
    @pytest.mark.parametrize("name", ["categorical", "sparse", "binary", "softmax", "sigmoid"])
    def test_without_a_strategy_it_changes_nothing(name: str, reduction: str) -> None:
        arrays = [np.arange(N), X, IDS if name == "sparse" else Y, WEIGHTS["uneven"]]
        local, shared = (
            all_of(loss, *map(tf.constant, arrays))
            for key, loss, _, _ in cases((reduction,))
            if key[0] == name
        )
        for found, expected in zip(shared, local):
            np.testing.assert_array_equal(found, expected)

    def test_it_is_part_of_the_config() -> None:
        loss = keras_xent.BinaryCrossentropy(normalization="global")
        assert type(loss).from_config(loss.get_config()).normalization == "global"

    @pytest.mark.parametrize("wrong", ["local", None, 1, ["global"]])
    def test_another_normalization_is_an_error(wrong: Any) -> None:
        with pytest.raises(ValueError, match=r"normalization is .*, expected 'replica'"):
            keras_xent.SparseCategoricalCrossentropy(normalization=wrong)
        with pytest.raises(ValueError, match=r"normalization is .*, expected 'replica'"):
            replicas_lib.normalization_of(wrong)
