"""The ways in which TensorFlow runs a function: all must give the same numbers."""

from __future__ import annotations

from typing import Any, Callable, Dict

import numpy as np
import tensorflow as tf

Run = Callable[..., Any]


def eager(function: Run, *arguments: np.ndarray) -> Any:
    """Op by op."""
    return function(*[tf.constant(argument) for argument in arguments])


def traced(function: Run, *arguments: np.ndarray) -> Any:
    """In a `tf.function` with known shapes."""
    return tf.function(function)(*[tf.constant(argument) for argument in arguments])


def traced_unknown_shapes(function: Run, *arguments: np.ndarray) -> Any:
    """In a `tf.function` that knows no shape, not even a rank."""
    tensors = [tf.constant(argument) for argument in arguments]
    signature = [tf.TensorSpec(None, tensor.dtype) for tensor in tensors]
    return tf.function(function, input_signature=signature)(*tensors)


def compiled(function: Run, *arguments: np.ndarray) -> Any:
    """Compiled by XLA."""
    tensors = [tf.constant(argument) for argument in arguments]
    return tf.function(function, jit_compile=True)(*tensors)


def traced_then_compiled(function: Run, *arguments: np.ndarray) -> Any:
    """Traced without XLA in sight, then called by a function that XLA compiles."""
    tensors = [tf.constant(argument) for argument in arguments]
    inner = tf.function(function)
    inner(*tensors)
    return tf.function(lambda *args: inner(*args), jit_compile=True)(*tensors)


def compiled_unknown_shapes(function: Run, *arguments: np.ndarray) -> Any:
    """Compiled by XLA, and traced without knowing a shape, not even a rank."""
    tensors = [tf.constant(argument) for argument in arguments]
    signature = [tf.TensorSpec(None, tensor.dtype) for tensor in tensors]
    return tf.function(function, input_signature=signature, jit_compile=True)(*tensors)


def tf1_graph(function: Run, *arguments: np.ndarray) -> Any:
    """In a TF1 graph with a session; placeholders of unknown shape."""
    with tf.Graph().as_default():
        arrays = [np.asarray(argument) for argument in arguments]
        placeholders = [tf.compat.v1.placeholder(array.dtype, None) for array in arrays]
        results = function(*placeholders)
        with tf.compat.v1.Session() as session:
            return session.run(results, dict(zip(placeholders, arrays)))


MODES: Dict[str, Callable[..., Any]] = {
    "eager": eager,
    "traced": traced,
    "traced_unknown_shapes": traced_unknown_shapes,
    "compiled": compiled,
    "traced_then_compiled": traced_then_compiled,
    "compiled_unknown_shapes": compiled_unknown_shapes,
    "tf1_graph": tf1_graph,
}
# Those that XLA compiles: a forced native op fails in them.
IN_XLA = ("compiled", "traced_then_compiled", "compiled_unknown_shapes")
