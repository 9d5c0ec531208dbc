"""The ways in which TensorFlow runs a function: all must give the same numbers."""

from __future__ import annotations

import functools
from typing import Any, Callable

import numpy as np
import tensorflow as tf

Run = Callable[..., Any]


def _tensors(arguments: Any) -> list[tf.Tensor]:
    return [tf.constant(argument) for argument in arguments]


def _signature(tensors: list[tf.Tensor]) -> list[tf.TensorSpec]:
    return [tf.TensorSpec(None, tensor.dtype) for tensor in tensors]


# AutoGraph would convert the tests' functions, which takes longer than tracing them. It doesn't
# convert ours (tests/v1/test_init.py).
_tf_function = functools.partial(tf.function, autograph=False)

# Each takes a function and its first arguments, and returns the function in that mode.


def _eager(function: Run, tensors: list[tf.Tensor]) -> Run:
    return function


def _traced(function: Run, tensors: list[tf.Tensor]) -> Run:
    return _tf_function(function)


def _traced_unknown_shapes(function: Run, tensors: list[tf.Tensor]) -> Run:
    return _tf_function(function, input_signature=_signature(tensors))


def _compiled(function: Run, tensors: list[tf.Tensor]) -> Run:
    return _tf_function(function, jit_compile=True)


def _traced_then_compiled(function: Run, tensors: list[tf.Tensor]) -> Run:
    inner = _tf_function(function)
    inner(*tensors)
    return _tf_function(lambda *args: inner(*args), jit_compile=True)


def _compiled_unknown_shapes(function: Run, tensors: list[tf.Tensor]) -> Run:
    return _tf_function(function, input_signature=_signature(tensors), jit_compile=True)


def _tf1_graph(function: Run, tensors: list[tf.Tensor]) -> Run:
    with tf.Graph().as_default() as graph:
        placeholders = [tf.compat.v1.placeholder(tensor.dtype, None) for tensor in tensors]
        results = function(*placeholders)
    session = tf.compat.v1.Session(graph=graph)
    return lambda *given: session.run(results, dict(zip(placeholders, [x.numpy() for x in given])))


_MAKERS = {
    "eager": _eager,
    "traced": _traced,
    "traced_unknown_shapes": _traced_unknown_shapes,
    "compiled": _compiled,
    "traced_then_compiled": _traced_then_compiled,
    "compiled_unknown_shapes": _compiled_unknown_shapes,
    "tf1_graph": _tf1_graph,
}


def once(mode: str, function: Run) -> Run:
    """The function in that mode, to be called with many arguments of the same dtypes.

    Where a mode knows no shapes, it is traced once for all of them; else once for each shape.
    """
    made: list[Run] = []

    def run(*arguments: np.ndarray) -> Any:
        tensors = _tensors(arguments)
        if not made:
            made.append(_MAKERS[mode](function, tensors))
        return made[0](*tensors)

    return run


def in_mode(mode: str, function: Run, *arguments: np.ndarray) -> Any:
    return once(mode, function)(*arguments)


MODES: dict[str, Callable[..., Any]] = {
    mode: functools.partial(in_mode, mode) for mode in _MAKERS
}
# Op by op.
eager = MODES["eager"]
# In a `tf.function` with known shapes.
traced = MODES["traced"]
# In a `tf.function` that knows no shape, not even a rank.
traced_unknown_shapes = MODES["traced_unknown_shapes"]
# Compiled by XLA.
compiled = MODES["compiled"]
# Traced without XLA in sight, then called by a function that XLA compiles.
traced_then_compiled = MODES["traced_then_compiled"]
# Compiled by XLA, and traced without knowing a shape, not even a rank.
compiled_unknown_shapes = MODES["compiled_unknown_shapes"]
# In a TF1 graph with a session; placeholders of unknown shape.
tf1_graph = MODES["tf1_graph"]
# Those that XLA compiles: a forced native op fails in them.
IN_XLA = ("compiled", "traced_then_compiled", "compiled_unknown_shapes")
