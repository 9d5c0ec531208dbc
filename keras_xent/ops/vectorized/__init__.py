"""Runs the loss once for all iterations of `tf.vectorized_map` and `tape.jacobian`.

TensorFlow converts a mapped function node by node. If a node's inputs differ between the
iterations, they are stacked along a new first dimension. This package converts our nodes
(`nodes.py`) to the unreduced op on the stacked logits and labels (`steps.py`), and reduces each
iteration with TensorFlow's ops (`reduction.py`). The result has gradients of any order and can be
mapped again.
"""

from keras_xent.ops.vectorized.nodes import register

__all__ = ["register"]
