"""What a training program switches on around a loss: determinism, and TensorBoard's graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import processes
import tensorflow as tf

import keras_xent

_DETERMINISTIC = """
import json
import numpy as np
import tensorflow as tf
import keras_xent

keras = tf.keras
tf.config.experimental.enable_op_determinism()
keras.utils.set_random_seed(7)
x, y = np.random.normal(size=(64, 8)), np.eye(5)[np.random.randint(0, 5, 64)]
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(5)])
loss = keras_xent.CategoricalCrossentropy(True, reduction="sum_by_nonzero_weights")
# XLA has kernels of its own.
model.compile("sgd", loss, jit_compile=False)
start, weights = model.get_weights(), []
for _ in range(2):
    # For the order of the examples.
    keras.utils.set_random_seed(7)
    model.set_weights(start)
    model.fit(x, y, sample_weight=y[:, 0], batch_size=16, verbose=0)
    weights.append(np.concatenate([each.ravel() for each in model.get_weights()]).tobytes().hex())
assert not np.array_equal(start[0], model.get_weights()[0])
print(json.dumps({"equal": weights[0] == weights[1], "backend": keras_xent.backend().name}))
"""


def test_training_with_op_determinism_repeats_every_bit_with_the_same_kernels() -> None:
    found = json.loads(processes.printed_by(["-c", _DETERMINISTIC]).splitlines()[-1])
    assert found == {"equal": True, "backend": keras_xent.backend().name}


_SUMMARY = """
import sys
import numpy as np
import tensorflow as tf
import keras_xent

loss = keras_xent.CategoricalCrossentropy(True, reduction="sum_by_nonzero_weights")

@tf.function
def step(labels, logits):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(labels, logits)
    return value, tape.gradient(value, logits)

writer = tf.summary.create_file_writer(sys.argv[1])
with writer.as_default():
    tf.summary.trace_on(graph=True)
    step(tf.eye(4, 5), tf.ones([4, 5]))
    tf.summary.trace_export("step", step=0)
writer.close()
"""


def graphs_of(folder: Path) -> list[Any]:
    """The graphs that TensorBoard reads there."""
    graphs = []
    for path in sorted(folder.glob("**/events*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            if event.graph_def:
                graphs.append(tf.compat.v1.GraphDef.FromString(event.graph_def))
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "graph_run_metadata_graph":
                    metadata = tf.compat.v1.RunMetadata.FromString(value.tensor.string_val[0])
                    graphs += [each.pre_optimization_graph for each in metadata.function_graphs]
    return graphs


def test_tensorboard_shows_the_loss_in_the_graph(tmp_path: Path) -> None:
    # TensorFlow writes all functions of a process, of which this one has very many.
    processes.printed_by(["-c", _SUMMARY, str(tmp_path)])
    graphs = graphs_of(tmp_path)
    names = [node.name for graph in graphs for node in graph.node]
    assert any("categorical_crossentropy" in name for name in names)
    if keras_xent.backend().name == "native":
        functions = [each for graph in graphs for each in graph.library.function]
        ops = {node.op for function in functions for node in function.node_def}
        assert any(op.startswith("KerasXent>") for op in ops)
