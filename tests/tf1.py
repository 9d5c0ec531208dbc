"""TensorFlow 1's functions beside ours, and what the tests of keras_xent.v1 ask of both."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Sequence

import numpy as np
import processes
import tensorflow as tf

import keras_xent
from keras_xent import Reduction, v1
from keras_xent.comparing import exactness


@dataclasses.dataclass(frozen=True)
class Functions:
    """The functions of one implementation."""

    softmax_cross_entropy: Callable[..., Any]
    sparse_softmax_cross_entropy: Callable[..., Any]
    sigmoid_cross_entropy: Callable[..., Any]
    compute_weighted_loss: Callable[..., Any]
    softmax_cross_entropy_with_logits_v2: Callable[..., Any]
    softmax_cross_entropy_with_logits: Callable[..., Any]
    sparse_softmax_cross_entropy_with_logits: Callable[..., Any]
    sigmoid_cross_entropy_with_logits: Callable[..., Any]


def _of(losses: Any, nn: Any) -> Functions:
    names = [field.name for field in dataclasses.fields(Functions)]
    return Functions(*[getattr(nn if "with_logits" in name else losses, name) for name in names])


THEIRS = _of(tf.compat.v1.losses, tf.compat.v1.nn)
OURS = _of(v1, v1)

# The weighted losses, all of which take (labels, logits, weights), and what each calls its labels.
LABELS = {
    "softmax_cross_entropy": "onehot_labels",
    "sparse_softmax_cross_entropy": "labels",
    "sigmoid_cross_entropy": "multi_class_labels",
}
# Those that smooth their labels.
SMOOTHED = ["softmax_cross_entropy", "sigmoid_cross_entropy"]
# The functions of one loss an example, all of which take labels and logits by keyword.
NN = [
    "softmax_cross_entropy_with_logits_v2",
    "softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits",
    "sigmoid_cross_entropy_with_logits",
]

# Every way to name a reduction -> TF1's name of it.
_CONSTANTS = tf.compat.v1.losses.Reduction
REDUCTIONS: dict[Any, str] = {
    Reduction.NONE: _CONSTANTS.NONE,
    Reduction.SUM: _CONSTANTS.SUM,
    Reduction.MEAN: _CONSTANTS.MEAN,
    Reduction.SUM_OVER_BATCH_SIZE: _CONSTANTS.SUM_OVER_BATCH_SIZE,
    Reduction.SUM_BY_NONZERO_WEIGHTS: _CONSTANTS.SUM_BY_NONZERO_WEIGHTS,
    Reduction.SUM_OVER_NONZERO_WEIGHTS: _CONSTANTS.SUM_OVER_NONZERO_WEIGHTS,
    **{name: name for name in _CONSTANTS.all()},
}

# TF1 rounds every 16-bit loss before it sums them; in the wider dtypes only the order differs.
TOLERANCE = {
    dtype: exactness.OF_TERMS.error(dtype, weighted=True) for dtype in exactness.DTYPES
}


def logits_of(shape: Sequence[int], dtype: str = "float32", seed: int = 0) -> np.ndarray:
    values = np.random.RandomState(seed).normal(size=shape) * 2
    return values.astype(tf.as_dtype(dtype).as_numpy_dtype)


def one_hot_of(shape: Sequence[int], dtype: str = "int32", seed: int = 0) -> np.ndarray:
    """One-hot labels along the last axis."""
    *outer, classes = shape
    ids = np.random.RandomState(seed + 1).randint(classes, size=outer)
    return np.eye(classes)[ids].astype(tf.as_dtype(dtype).as_numpy_dtype)


def soft_labels_of(shape: Sequence[int], dtype: str = "float32", seed: int = 0) -> np.ndarray:
    labels = np.random.RandomState(seed + 2).uniform(size=shape)
    return (labels / labels.sum(-1, keepdims=True)).astype(tf.as_dtype(dtype).as_numpy_dtype)


def ids_of(shape: Sequence[int], dtype: str = "int32", seed: int = 0) -> np.ndarray:
    """The classes of `one_hot_of`."""
    return one_hot_of(shape, seed=seed).argmax(-1).astype(dtype)


def bits_of(shape: Sequence[int], dtype: str = "int32", seed: int = 0) -> np.ndarray:
    """For every class whether it is there."""
    bits = np.random.RandomState(seed + 4).randint(2, size=shape)
    return bits.astype(tf.as_dtype(dtype).as_numpy_dtype)


def labels_of(name: str, shape: Sequence[int], seed: int = 0) -> np.ndarray:
    """Integer labels that the function takes beside logits of that shape."""
    if name.startswith("sparse"):
        return ids_of(shape, seed=seed)
    return bits_of(shape, seed=seed) if name.startswith("sigmoid") else one_hot_of(shape, seed=seed)


def losses_shape(name: str, shape: Sequence[int]) -> list[int]:
    """The shape of the function's losses beside logits of that shape."""
    return list(shape) if name.startswith("sigmoid") else list(shape)[:-1]


def by_tape(function: Callable[..., Any], *inputs: Any) -> list[Any]:
    """The value, and its gradients to the inputs that have one."""
    inputs = tuple(tf.convert_to_tensor(tensor) for tensor in inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(*inputs)
    return [value, *_present(tape.gradient(value, inputs))]


def by_tf_gradients(function: Callable[..., Any], *inputs: Any) -> list[Any]:
    """The same by `tf.gradients`, which exists in graphs alone."""
    value = function(*inputs)
    return [value, *_present(tf.gradients(value, inputs))]


def _present(gradients: Any) -> list[tf.Tensor]:
    return [gradient for gradient in gradients if gradient is not None]


def assert_same(
    ours: Sequence[Any], theirs: Sequence[Any], dtype: str = "float32", scale: float = 1.0
) -> None:
    """The same dtypes, shapes and, as far as `dtype` goes, numbers.

    Args:
        scale: how large the terms of the sums are.
    """
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs):
        our, their = _array(our), _array(their)
        assert our.dtype == their.dtype
        assert our.shape == their.shape
        np.testing.assert_allclose(
            our.astype(np.float64),
            their.astype(np.float64),
            rtol=10 * TOLERANCE[dtype],
            atol=scale * TOLERANCE[dtype],
        )


def _array(value: Any) -> np.ndarray:
    # np.asarray alone takes no bfloat16 scalar from TensorFlow.
    return np.asarray(value.numpy() if tf.is_tensor(value) else value)


def in_graph(build: Callable[[], Any], feed: Any = None) -> Any:
    """Builds in a new TF1 graph and fetches what `build` returns.

    Args:
        feed: from names of placeholders to arrays.
    """
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return session.run(build(), feed)


def op_types(graph_def: Any) -> list[str]:
    """The types of all ops, those of functions included."""
    nodes = list(graph_def.node)
    for function in graph_def.library.function:
        nodes += function.node_def
    return [node.op for node in nodes]


def native_ops(graph_def: Any) -> list[str]:
    return [op for op in op_types(graph_def) if op.startswith("KerasXent>")]


def has_native() -> bool:
    return keras_xent.backend().name == "native"


def run_python(code: str) -> str:
    """Runs a program in a process of its own and returns what it printed."""
    return processes.printed_by(["-c", code])
