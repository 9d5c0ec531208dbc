"""`tf.vectorized_map` and jacobians of every loss: TensorFlow's numbers, without a loop."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Callable, Dict, List

import modes
import numpy as np
import pytest
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


def of_v1(functions: tf1.Functions) -> Dict[str, Loss]:
    whole, nn = functions.softmax_cross_entropy, functions.softmax_cross_entropy_with_logits_v2
    losses = {f"v1, {reduction.value}": v1(whole, reduction) for reduction in Reduction}
    losses["nn"] = lambda labels, logits, weights: nn(labels, logits) * weights
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
    losses["weights alone"] = lambda labels, logits, weights: whole(
        LABELS[0].astype("float32"), LOGITS[0].astype("float32"), weights
    ) + tf.reduce_sum(logits)
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
LABELS_HAVE_GRADIENTS = ("nn", "nn, first axis")


def mapped(function: Callable[..., Any], *tensors: tf.Tensor) -> Any:
    return tf.vectorized_map(lambda row: function(*row), tensors, fallback_to_while_loop=False)


def gradients(name: str, loss: Loss, *tensors: tf.Tensor) -> List[tf.Tensor]:
    """To labels (where TF1 has them), logits and weights."""
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = loss(*tensors)
    wanted = tensors if name in LABELS_HAVE_GRADIENTS else tensors[1:]
    found = tape.gradient(value, wanted, unconnected_gradients="zero")
    return [value, *[tf.convert_to_tensor(each) for each in found]]


def in_the_map(name: str, loss: Loss, *tensors: tf.Tensor) -> List[tf.Tensor]:
    """Each example's own gradients."""
    return mapped(functools.partial(gradients, name, loss), *tensors)


def of_the_map(name: str, loss: Loss, *tensors: tf.Tensor) -> List[tf.Tensor]:
    return gradients(name, functools.partial(mapped, loss), *tensors)


def jacobians(name: str, loss: Loss, *tensors: tf.Tensor) -> List[tf.Tensor]:
    labels, *others = (tensor[0] for tensor in tensors)
    with tf.GradientTape() as tape:
        tape.watch(others)
        value = loss(labels, *others)
    found = tape.jacobian(
        value, others, unconnected_gradients="zero", experimental_use_pfor=True
    )
    return [tf.convert_to_tensor(each) for each in found]


def second(name: str, loss: Loss, *tensors: tf.Tensor) -> List[tf.Tensor]:
    """Each example's Hessian by batch_jacobian of a mapped gradient, and by a tape in a map."""
    del name
    labels, logits, weights = tensors

    def slopes(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(labels, logits, weights)
        return tape.gradient(value, logits, unconnected_gradients="zero")

    def along(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> List[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([logits, weights])
            projected = tf.reduce_sum(slopes(labels, logits, weights) * tf.cos(labels))
        return tape.gradient(projected, [logits, weights], unconnected_gradients="zero")

    with tf.GradientTape() as tape:
        tape.watch(logits)
        found = mapped(slopes, labels, logits, weights)
    hessians = tape.batch_jacobian(found, logits, unconnected_gradients="zero")
    return [hessians, *mapped(along, labels, logits, weights)]


def of_jacobians(name: str, loss: Loss, *tensors: tf.Tensor) -> List[tf.Tensor]:
    """The derivative of a jacobian, whose map has the logits from outside."""
    del name
    labels, logits, weights = (tensor[0] for tensor in tensors)
    with tf.GradientTape() as outer:
        outer.watch([logits, weights])
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = tf.stack([loss(labels, logits, weights), loss(labels, 2 * logits, weights)])
        jacobian = tape.jacobian(value, logits, unconnected_gradients="zero")
        projected = tf.reduce_sum(jacobian * tf.cos(jacobian))
    return outer.gradient(projected, [logits, weights], unconnected_gradients="zero")


WAYS = {
    "in_the_map": in_the_map,
    "of_the_map": of_the_map,
    "jacobians": jacobians,
    "second": second,
}
Way = Callable[..., List[tf.Tensor]]


def all_losses(way: Way, losses: Dict[str, Loss]) -> Callable[..., Dict[str, List[tf.Tensor]]]:
    def run(*tensors: tf.Tensor) -> Dict[str, List[tf.Tensor]]:
        tensors = tuple(tf.cast(tensor, tf.float32) for tensor in tensors)
        return {name: way(name, loss, *tensors) for name, loss in losses.items()}

    return run


@functools.lru_cache(maxsize=None)
def expected(way: Way) -> Dict[str, List[np.ndarray]]:
    found = modes.traced(all_losses(way, THEIRS), *ARRAYS)
    return tf.nest.map_structure(reference.array, found)


def assert_theirs(way: Way, found: Dict[str, List[Any]]) -> None:
    for name, results in found.items():
        theirs = expected(way)[name]
        assert len(results) == len(theirs)
        for ours, their in zip(results, theirs):
            np.testing.assert_allclose(
                reference.array(ours), their, rtol=1e-5, atol=2e-6, err_msg=name
            )


def no_loop(function: Any) -> bool:
    return not any("While" in op for op in tf1.op_types(function.graph.as_graph_def()))


# All losses where a trace is cheap; elsewhere what goes different ways through vectorized.py.
FEW = {
    name: OURS[name]
    for name in ("v1, sum_by_nonzero_weights", "nn, first axis", "a row", "weights alone")
}
SOME = {name: FEW[name] for name in ("v1, sum_by_nonzero_weights", "nn, first axis")}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())


@every_way
def test_known_shapes(backend: str, way: Way) -> None:
    every = way in (in_the_map, of_the_map) and backend != "auto"
    losses = OURS if every else SOME if way is second else FEW
    specs = [tf.TensorSpec(array.shape, array.dtype) for array in ARRAYS]
    function = tf.function(all_losses(way, losses), input_signature=specs)
    concrete = function.get_concrete_function()
    assert no_loop(concrete)
    assert_theirs(way, concrete(*[tf.constant(array) for array in ARRAYS]))


@every_way
def test_unknown_shapes(backend: str, way: Way) -> None:
    # For a jacobian, TensorFlow asks for the ranks.
    ranks = way in (jacobians, second)
    specs = [tf.TensorSpec([None] * a.ndim if ranks else None, a.dtype) for a in ARRAYS]
    losses = {"a row": FEW["a row"]} if way is second else SOME
    function = tf.function(all_losses(way, losses), input_signature=specs)
    concrete = function.get_concrete_function()
    assert no_loop(concrete)
    assert_theirs(way, concrete(*[tf.constant(array) for array in ARRAYS]))


ONE = {"v1, sum_by_nonzero_weights": OURS["v1, sum_by_nonzero_weights"]}


def test_the_derivative_of_a_traced_jacobian(backend: str) -> None:
    losses = {name: OURS[name] for name in (*ONE, "v1, none")}
    assert_theirs(of_jacobians, modes.traced(all_losses(of_jacobians, losses), *ARRAYS))


@pytest.mark.parametrize(
    "way",
    [of_the_map, jacobians, of_jacobians],
    ids=["of_the_map", "jacobians", "of_jacobians"],
)
def test_eagerly(backend: str, way: Way) -> None:
    assert_theirs(way, modes.eager(all_losses(way, ONE), *ARRAYS))


@pytest.mark.parametrize("way", [in_the_map, of_the_map], ids=["in_the_map", "of_the_map"])
def test_in_a_tf1_graph(backend: str, way: Way) -> None:
    assert_theirs(way, modes.tf1_graph(all_losses(way, ONE), *ARRAYS))


@pytest.mark.parametrize("choice", ["auto", "portable"])
@pytest.mark.parametrize("mode", [modes.compiled, modes.traced_then_compiled])
def test_compiled_by_xla(choice: str, mode: Callable[..., Any]) -> None:
    keras_xent.set_backend(choice)
    assert_theirs(in_the_map, mode(all_losses(in_the_map, ONE), *ARRAYS))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes(backend: str, dtype: str) -> None:
    def run(losses: Dict[str, Loss]) -> Callable[..., Any]:
        def both(*tensors: tf.Tensor) -> List[tf.Tensor]:
            labels, logits, weights = (tf.cast(tensor, dtype) for tensor in tensors)
            found = []
            for way in (in_the_map, jacobians):
                name = "v1, sum_by_nonzero_weights"
                found += way(name, losses[name], labels, logits, weights)
            return found

        return both

    ours, theirs = modes.traced(run(OURS), *ARRAYS), modes.traced(run(THEIRS), *ARRAYS)
    tf1.assert_same(ours, theirs, dtype, scale=8)


def test_a_float16_gradient_keeps_what_a_reduction_divides_away(backend: str) -> None:
    """Of 2**17 losses in each iteration, of which the gradient is scaled as losses are."""
    logits = tf.zeros([2, 2**17, 2], tf.float16)
    labels = tf.concat([tf.ones([2**17, 1]), tf.zeros([2**17, 1])], -1)

    @tf.function
    def slopes(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = mapped(lambda each: tf1.OURS.softmax_cross_entropy(labels, each), logits)
            scaled = losses * tf.constant(2.0**14, tf.float16)
        return tape.gradient(scaled, logits)

    found = slopes(logits)
    np.testing.assert_array_equal(found[:, :, 0], np.full((2, 2**17), -(2.0**-4), "float16"))


class Module(tf.Module):
    """A loss as a SavedModel has it."""

    @tf.function(input_signature=[tf.TensorSpec([3, 5])] * 2 + [tf.TensorSpec([3])])
    def loss(self, labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """TF1's default, with smoothing."""
        return OURS["v1, sum_by_nonzero_weights"](labels, logits, weights)


@pytest.mark.filterwarnings("ignore")
def test_a_loss_of_a_saved_model(tmp_path: Path) -> None:
    tf.saved_model.save(Module(), str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    name = "v1, sum_by_nonzero_weights"
    assert_theirs(of_the_map, modes.traced(all_losses(of_the_map, {name: loaded.loss}), *ARRAYS))


@pytest.mark.filterwarnings("ignore")
def test_a_saved_model_that_maps_the_loss_has_its_gradient(tmp_path: Path) -> None:
    name = "v1, sum_by_nonzero_weights"
    specs = [tf.TensorSpec(array.shape, tf.float32) for array in ARRAYS]
    module = tf.Module()
    module.run = tf.function(functools.partial(mapped, OURS[name]), input_signature=specs)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    tensors = [tf.constant(array, tf.float32) for array in ARRAYS]
    assert_theirs(of_the_map, {name: gradients(name, loaded.run, *tensors)})


def test_tangents_of_a_map(backend: str) -> None:
    labels, logits, weights = (tf.constant(array, tf.float32) for array in ARRAYS)

    def jvp(loss: Loss) -> tf.Tensor:
        with tf.autodiff.ForwardAccumulator(logits, tf.cos(logits)) as forward:
            value = mapped(loss, labels, logits, weights)
        return forward.jvp(value)

    name = "v1, sum_by_nonzero_weights"
    # TF1's xent kernel takes labels that sum to one in its tangents too.
    reference.assert_close(tf.function(jvp)(OURS[name]), tf.function(jvp)(THEIRS[name]), 1e-5)


def test_other_nodes_are_converted_as_before() -> None:
    @tf.custom_gradient
    def tripled(x: tf.Tensor) -> Any:
        return tf.identity(x), lambda grad: 3 * grad

    def run(x: tf.Tensor) -> tf.Tensor:
        first, second = tf.identity_n([x, 2 * x])
        chosen = tf.switch_case(tf.constant(1), [lambda: first, lambda: second])
        return tripled(chosen) + first

    x = tf.constant([1.0, 2.0])
    np.testing.assert_array_equal(mapped(run, x), [3.0, 6.0])


def test_a_smoothing_that_is_not_known_when_the_graph_is_built_raises_an_error() -> None:
    if not tf1.has_native():
        pytest.skip("without the native library")
    op = keras_xent.ops.library.load().ops.keras_xent_unreduced_softmax_cross_entropy
    labels, logits, weights = (tf.constant(array, tf.float32) for array in ARRAYS)
    smoothing = tf.constant([0.0, 0.1, 0.2, 0.3], tf.float64)
    with pytest.raises(ValueError, match="label_smoothing is not a constant"):
        mapped(lambda y, x, w, s: op(x, y, w, s), labels, logits, weights, smoothing)


@pytest.mark.parametrize("reduction", [Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS])
def test_a_division_by_zero_gives_zero_even_of_nan(backend: str, reduction: Reduction) -> None:
    logits = tf.constant([[[np.inf, 0.0, 1.0]], [[1.0, 2.0, 3.0]]])
    labels = tf.constant([[[0.2, 0.3, 0.5]]] * 2)
    weights = tf.constant([[0.0], [1.0]])

    def values(functions: tf1.Functions) -> tf.Tensor:
        def step(arrays: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(arrays[0])
                value = functions.softmax_cross_entropy(
                    arrays[1], arrays[0], arrays[2], reduction=V1_NAMES[reduction]
                )
            return value, tape.gradient(value, arrays[0])

        return tf.vectorized_map(step, (logits, labels, weights), fallback_to_while_loop=False)[0]

    expected = values(tf1.THEIRS)
    assert expected[0] == 0
    np.testing.assert_allclose(values(tf1.OURS), expected, rtol=1e-6)
