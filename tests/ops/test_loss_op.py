"""The loss ops: each is known by its name, and to TensorFlow."""

from __future__ import annotations

import pytest
import tensorflow as tf
from tensorflow.python.framework.ops import _gradient_registry

from keras_xent import Reduction
from keras_xent.ops import evaluation, gradients, loss_op, sigmoid, softmax, sparse_softmax
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec

OPS = {
    "SigmoidCrossEntropy": sigmoid.OP,
    "SoftmaxCrossEntropy": softmax.OP,
    "SparseSoftmaxCrossEntropy": sparse_softmax.OP,
}
every_op = pytest.mark.parametrize("op", OPS.values(), ids=OPS)


def test_all_ops_are_known_by_their_names() -> None:
    for name, op in OPS.items():
        assert loss_op.named(name) is op


@every_op
def test_the_gradients_are_registered(op: LossOp) -> None:
    names = [evaluation.gradient_name(op), gradients.gradient_name(op)]
    for prefix in ("", "Unreduced"):
        names += [f"KerasXent>{prefix}{op.name}{suffix}" for suffix in ("", "WithBackprop")]
    names.append(f"KerasXent>{op.name}Grad")
    for name in names:
        assert _gradient_registry.lookup(name) is not None


@every_op
def test_shapes_agree(op: LossOp) -> None:
    spec = Spec(None if op is sigmoid.OP else 1, 0.0, Reduction.NONE)
    logits = tf.zeros([2, 5, 3])
    labels_shape = op.labels_shape(spec, logits)
    known = op.known_labels_shape(spec, logits.shape)
    assert known == labels_shape.numpy().tolist()
    losses = [2, 5, 3] if op is sigmoid.OP else [2, 3]
    assert op.known_losses_shape(spec, logits.shape, known) == losses
    # What only one of both knows.
    unknown = tf.TensorShape([None, 5, None])
    assert op.known_losses_shape(spec, unknown, known) == losses
