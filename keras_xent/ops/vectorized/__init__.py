"""How `tf.vectorized_map`, and so `tape.jacobian`, runs the loss for all iterations at once.

TensorFlow converts a mapped function node by node: a node whose inputs differ between the
iterations gets them stacked along a new first dimension. Here the nodes that are ours (`nodes.py`)
become the unreduced op on the stacked logits and labels (`steps.py`), and a reduction of each
iteration in TensorFlow's ops (`reduction.py`). All of that has its gradients, of any order, and can
be mapped again.
"""

from keras_xent.ops.vectorized.nodes import register

__all__ = ["register"]
