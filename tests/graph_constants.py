"""What a program holds in constants: in its graph, after TensorFlow's optimizers, and under XLA.

A constant stays in memory as long as its graph. With shapes that are known, TensorFlow makes
constants of `zeros_like`, `ones_like`, `fill` and `broadcast_to`.
"""

from __future__ import annotations

import math
import re
from typing import Any, Callable, Iterator, NamedTuple, Sequence

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

LARGE = 64 * 1024


class Constant(NamedTuple):
    """One constant.

    Attributes:
        where: the graph or the function that holds it.
        name: its own.
        size: in bytes, of memory rather than of the graph's file.
    """

    where: str
    name: str
    size: int


def large(constants: Sequence[Constant]) -> list[Constant]:
    return [constant for constant in constants if constant.size > LARGE]


def in_graph(graph_def: Any, where: str) -> list[Constant]:
    """Those of a graph and of all its functions."""
    scopes = {where: graph_def.node}
    for function in graph_def.library.function:
        scopes[f"{where}, {function.signature.name}"] = function.node_def
    return [constant for scope in scopes.items() for constant in _in_nodes(*scope)]


def _in_nodes(where: str, nodes: Any) -> Iterator[Constant]:
    for node in nodes:
        for attribute in node.attr.values():
            if attribute.HasField("tensor"):
                tensor = attribute.tensor
                shape = [dim.size for dim in tensor.tensor_shape.dim]
                yield Constant(where, node.name, math.prod(shape) * _itemsize(tensor.dtype))


def _itemsize(dtype: int) -> int:
    # Text and handles have none.
    return tf.as_dtype(dtype).size or 0


_HLO_CONSTANT = re.compile(r"^\s*(?:ROOT )?(\S+) = ([a-z0-9]+)\[([0-9,]*)\]\S* constant\(", re.M)


def in_hlo(text: str) -> list[Constant]:
    """Those of a module of XLA."""
    return [
        Constant("XLA", name, math.prod(map(int, filter(None, dims.split(",")))) * _hlo_size(dtype))
        for name, dtype, dims in _HLO_CONSTANT.findall(text)
    ]


def _hlo_size(dtype: str) -> int:
    bits = re.search(r"\d+", dtype)
    return 1 if bits is None else max(1, int(bits.group()) // 8)


Function = Callable[..., Any]
Arrays = Sequence[np.ndarray]


def of_function(function: Function, arrays: Arrays, signature: Any = None) -> list[Constant]:
    """Those of a `tf.function`: as it is traced, and as it runs."""
    tensors = [tf.constant(array) for array in arrays]
    traced = tf.function(function, input_signature=signature, autograph=False)
    concrete = traced.get_concrete_function(*tensors)
    found = in_graph(concrete.graph.as_graph_def(), "traced")
    # The graph takes these as arguments and keeps them.
    found += [Constant("captured", str(x.shape), _bytes(x)) for x in concrete.captured_inputs]
    context.enable_run_metadata()
    try:
        traced(*tensors)
        metadata = context.export_run_metadata()
    finally:
        context.disable_run_metadata()
    assert metadata.function_graphs
    for graphs in metadata.function_graphs:
        found += in_graph(graphs.post_optimization_graph, "optimized")
        for partition in graphs.partition_graphs:
            found += in_graph(partition, "as it runs")
    return found


def _bytes(tensor: tf.Tensor) -> int:
    return (tensor.shape.num_elements() or 0) * (tensor.dtype.size or 0)


def of_session(function: Function, arrays: Arrays, shapes: Sequence[Any]) -> list[Constant]:
    """Those of a TF1 graph: as it is built, and as a session runs it.

    The second graph has gone through more than that of a `tf.function` shows: when TensorFlow
    prepares a graph to run, it folds what gives up to 10 MiB. It does so to functions too, and
    tells of sessions alone.
    """
    with tf.Graph().as_default() as graph:
        placeholders = [
            tf.compat.v1.placeholder(array.dtype, shape) for array, shape in zip(arrays, shapes)
        ]
        # Of a node that is fetched TensorFlow keeps all inputs, and a program fetches no gradients.
        results = tf.nest.map_structure(tf.identity, function(*placeholders))
        found = in_graph(graph.as_graph_def(), "built")
        options = tf.compat.v1.RunOptions(output_partition_graphs=True)
        metadata = tf.compat.v1.RunMetadata()
        with tf.compat.v1.Session() as session:
            session.run(results, dict(zip(placeholders, arrays)), options, metadata)
    assert metadata.partition_graphs
    for partition in metadata.partition_graphs:
        found += in_graph(partition, "as it runs")
    return found


def of_xla(function: Function, arrays: Arrays, signature: Any = None) -> list[Constant]:
    """Those of a function that XLA compiles: as it is traced, and as XLA optimizes it."""
    tensors = [tf.constant(array) for array in arrays]
    compiled = tf.function(function, input_signature=signature, jit_compile=True, autograph=False)
    concrete = compiled.get_concrete_function(*tensors)
    found = in_graph(concrete.graph.as_graph_def(), "traced for XLA")
    text = compiled.experimental_get_compiler_ir(*tensors)(stage="optimized_hlo")
    hlo = in_hlo(text)
    assert hlo
    return found + hlo


def unknown(arrays: Arrays) -> list[tf.TensorSpec]:
    """A signature that knows the ranks alone."""
    return [tf.TensorSpec([None] * array.ndim, array.dtype) for array in arrays]
