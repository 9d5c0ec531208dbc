"""Losses in `tf.vectorized_map` and in jacobians, TensorFlow's and ours, and ways to call them."""

from __future__ import annotations

import functools
from typing import Any, Callable, List

import numpy as np
import reference
import tensorflow as tf
import tf1

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import softmax_cross_entropy
from keras_xent.reduction import V1_NAMES

RNG = np.random.default_rng(5)
LOGITS = RNG.normal(size=(4, 3, 5)) * 2
# They don't sum to one: TensorFlow's gradient is p - y' all the same, and so must ours be.
LABELS = RNG.uniform(size=(4, 3, 5))
WEIGHTS = np.array([[1.0, 0.0, 2.0], [0.5, 0.5, 3.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
ARRAYS = (LABELS, LOGITS, WEIGHTS)

Loss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def v1(softmax_cross_entropy: Callable[..., tf.Tensor], reduction: Reduction) -> Loss:
    def loss(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return softmax_cross_entropy(
            labels, logits, weights, label_smoothing=0.1, reduction=V1_NAMES[reduction]
        )

    return loss


def of_v1(functions: tf1.Functions) -> dict[str, Loss]:
    whole, nn = functions.softmax_cross_entropy, functions.softmax_cross_entropy_with_logits_v2
    losses = {f"v1, {reduction.value}": v1(whole, reduction) for reduction in Reduction}
    losses["nn, first axis"] = lambda labels, logits, weights: nn(labels, logits, axis=0)
    losses["a row"] = lambda labels, logits, weights: whole(labels[0], logits[0], weights[0])
    losses["one weight"] = lambda labels, logits, weights: whole(labels, logits, weights[1])
    losses["a weight for many"] = lambda labels, logits, weights: whole(
        labels[None], logits[None], weights[None, :1], reduction=V1_NAMES[Reduction.MEAN]
    )
    losses["labels for all"] = lambda labels, logits, weights: whole(
        LABELS[0].astype("float32"), logits, weights
    )
    losses["weights for all"] = lambda labels, logits, weights: whole(
        labels, logits, np.float32([1, 0, 2])
    )
    losses["logits for all"] = lambda labels, logits, weights: whole(
        labels, LOGITS[0].astype("float32"), weights
    )
    losses["weights alone"] = lambda labels, logits, weights: (
        whole(LABELS[0].astype("float32"), LOGITS[0].astype("float32"), weights)
        + tf.reduce_sum(logits)
    )
    return losses


def the_class(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    loss = keras_xent.CategoricalCrossentropy(
        from_logits=True, label_smoothing=0.1, reduction=Reduction.SUM_BY_NONZERO_WEIGHTS
    )
    return loss(labels, logits, weights)


def the_op(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return softmax_cross_entropy(
        tf.transpose(logits), tf.transpose(labels), weights, axis=-2, reduction="sum"
    )


OURS = {**of_v1(tf1.OURS), "class": the_class, "op": the_op}
THEIRS = of_v1(tf1.THEIRS)
_theirs = tf1.THEIRS.softmax_cross_entropy
THEIRS["class"] = lambda labels, logits, weights: _theirs(
    tf.stop_gradient(labels), logits, weights, label_smoothing=0.1
)
THEIRS["op"] = lambda labels, logits, weights: _theirs(
    labels, logits, weights, reduction=V1_NAMES[Reduction.SUM]
)
# TF1's own function stops the labels' gradients; that of the class and of the op is the nn one's.
LABELS_HAVE_GRADIENTS = ("nn, first axis",)


def mapped(function: Callable[..., Any], *tensors: tf.Tensor) -> Any:
    return tf.vectorized_map(lambda row: function(*row), tensors, fallback_to_while_loop=False)


def one_by_one(function: Callable[..., Any], *tensors: tf.Tensor) -> Any:
    """The same as `mapped`, eagerly and without TensorFlow's conversion of nodes."""
    rows = [function(*row) for row in zip(*map(tf.unstack, tensors))]
    return tf.nest.map_structure(lambda *parts: tf.stack(parts), *rows)


def gradients(name: str, loss: Loss, *tensors: tf.Tensor) -> list[tf.Tensor]:
    """To labels (where TF1 has them), logits and weights."""
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = loss(*tensors)
    wanted = tensors if name in LABELS_HAVE_GRADIENTS else tensors[1:]
    found = tape.gradient(value, wanted, unconnected_gradients="zero")
    return [value, *[tf.convert_to_tensor(each) for each in found]]


# Ways to differentiate a loss that `over` maps. If that is `one_by_one`, jacobians are loops too.


def in_the_map(name: str, loss: Loss, *tensors: tf.Tensor, over: Any = mapped) -> list[tf.Tensor]:
    """Each example's own gradients."""
    return over(functools.partial(gradients, name, loss), *tensors)


def of_the_map(name: str, loss: Loss, *tensors: tf.Tensor, over: Any = mapped) -> list[tf.Tensor]:
    return gradients(name, functools.partial(over, loss), *tensors)


def how(over: Any) -> dict[str, Any]:
    """The arguments for a jacobian."""
    return {"unconnected_gradients": "zero", "experimental_use_pfor": over is mapped}


def jacobians(name: str, loss: Loss, *tensors: tf.Tensor, over: Any = mapped) -> list[tf.Tensor]:
    labels, *others = (tensor[0] for tensor in tensors)
    with tf.GradientTape(persistent=over is not mapped) as tape:
        tape.watch(others)
        value = loss(labels, *others)
    found = tape.jacobian(value, others, **how(over))
    return [tf.convert_to_tensor(each) for each in found]


def second(name: str, loss: Loss, *tensors: tf.Tensor, over: Any = mapped) -> list[tf.Tensor]:
    """Each example's Hessian by batch_jacobian of a mapped gradient, and by a tape in a map."""
    del name
    labels, logits, weights = tensors

    def slopes(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(labels, logits, weights)
        return tape.gradient(value, logits, unconnected_gradients="zero")

    def along(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([logits, weights])
            projected = tf.reduce_sum(slopes(labels, logits, weights) * tf.cos(labels))
        return tape.gradient(projected, [logits, weights], unconnected_gradients="zero")

    with tf.GradientTape(persistent=over is not mapped) as tape:
        tape.watch(logits)
        found = over(slopes, labels, logits, weights)
    hessians = tape.batch_jacobian(found, logits, **how(over))
    return [hessians, *over(along, labels, logits, weights)]


def of_jacobians(name: str, loss: Loss, *tensors: tf.Tensor, over: Any = mapped) -> list[tf.Tensor]:
    """The derivative of a jacobian, whose map has the logits from outside."""
    del name
    labels, logits, weights = (tensor[0] for tensor in tensors)
    with tf.GradientTape() as outer:
        outer.watch([logits, weights])
        with tf.GradientTape(persistent=over is not mapped) as tape:
            tape.watch(logits)
            value = tf.stack([loss(labels, logits, weights), loss(labels, 2 * logits, weights)])
        jacobian = tape.jacobian(value, logits, **how(over))
        projected = tf.reduce_sum(jacobian * tf.cos(jacobian))
    return outer.gradient(projected, [logits, weights], unconnected_gradients="zero")


WAYS = {
    "in_the_map": in_the_map,
    "of_the_map": of_the_map,
    "jacobians": jacobians,
    "second": second,
}
Way = Callable[..., List[tf.Tensor]]


def all_losses(way: Way, losses: dict[str, Loss]) -> Callable[..., dict[str, list[tf.Tensor]]]:
    def run(*tensors: tf.Tensor) -> dict[str, list[tf.Tensor]]:
        tensors = tuple(tf.cast(tensor, tf.float32) for tensor in tensors)
        return {name: way(name, loss, *tensors) for name, loss in losses.items()}

    return run


@functools.lru_cache(maxsize=None)
def expected(way: Way, name: str) -> list[np.ndarray]:
    tensors = [tf.constant(array, tf.float32) for array in ARRAYS]
    return [reference.array(each) for each in way(name, THEIRS[name], *tensors, over=one_by_one)]


def assert_theirs(way: Way, found: dict[str, list[Any]]) -> None:
    for name, results in found.items():
        theirs = expected(way, name)
        assert len(results) == len(theirs)
        for ours, their in zip(results, theirs):
            np.testing.assert_allclose(
                reference.array(ours), their, rtol=1e-5, atol=2e-6, err_msg=name
            )


ONE = {"v1, sum_by_nonzero_weights": OURS["v1, sum_by_nonzero_weights"]}
