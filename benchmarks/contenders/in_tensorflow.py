"""TensorFlow's contenders: this package's losses, TF1's, Keras's, and ops that compute no loss."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
from typing import Any, Iterator

import tensorflow as tf

import keras_xent
from benchmarks.benchmark import EMPTY
from benchmarks.contenders import NoSuchLoss
from benchmarks.contenders.tensorflow_contender import Loss, Step, TensorFlowContender
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup

# In Keras, and in this package.
_CLASSES = {
    SOFTMAX: "CategoricalCrossentropy",
    SPARSE: "SparseCategoricalCrossentropy",
    SIGMOID: "BinaryCrossentropy",
}


@dataclasses.dataclass(frozen=True)
class _Ours(TensorFlowContender):
    """This package's losses.

    Attributes:
        backend: the backend to force, if any.
    """

    backend: str | None = None

    def training(self, setup: Setup) -> Step:
        return self._forced(super().training(setup))

    def evaluation(self, setup: Setup) -> Step:
        return self._forced(super().evaluation(setup))

    def _forced(self, step: Step) -> Step:
        # Eagerly, it is forced in each call. In a `tf.function`, it is forced only during tracing.
        return _forcing(self.backend)(step) if self.backend else step


@contextlib.contextmanager
def _forcing(backend: str) -> Iterator[None]:
    # The setting is global, so restore it: other contenders use the user's choice.
    before = keras_xent.backend().requested
    keras_xent.set_backend(backend)
    try:
        yield
    finally:
        keras_xent.set_backend(before)


def _our_loss(setup: Setup) -> Any:
    """The loss with TF1's default reduction.

    `BinaryCrossentropy` takes the mean over the class axis first, like Keras's. The mean of these
    means is TF1's mean over all elements, because all rows have the same size.
    """
    return getattr(keras_xent, _CLASSES[setup.loss])(
        from_logits=True,
        label_smoothing=setup.label_smoothing,
        axis=setup.axis,
        reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS,
        dtype=setup.dtype,
    )


def _keras_loss(setup: Setup) -> tf.keras.losses.Loss:
    """Keras's own loss. It divides by the batch size: a different result, but the same work.

    `BinaryCrossentropy` takes the mean over the class axis before weights and reduction. It applies
    weights of shape `(examples, 1)` to these means. v1 applies each to all losses of a row.
    """
    keras_class = getattr(tf.keras.losses, _CLASSES[setup.loss])
    taken = inspect.signature(keras_class.__init__).parameters
    arguments: dict[str, Any] = {"from_logits": True}
    # Keras 2 computes in the logits' dtype. Keras 3 computes in float32 by default.
    if "dtype" in taken:
        arguments["dtype"] = setup.dtype
    if setup.label_smoothing:
        if "label_smoothing" not in taken:
            raise NoSuchLoss(f"Keras's {keras_class.__name__} has no label smoothing")
        arguments["label_smoothing"] = setup.label_smoothing
    if not setup.is_along_last:
        if setup.loss == SPARSE:
            raise NoSuchLoss(f"Keras's {keras_class.__name__} needs the class axis last")
        arguments["axis"] = setup.axis
    return keras_class(**arguments)


def _tf1_loss(losses: Any, nn: Any, setup: Setup) -> Loss:
    """TF1's loss with its default reduction.

    Args:
        losses: `tf.compat.v1.losses`, or a module with the same functions.
        nn: `tf.compat.v1.nn`, or a module with the same functions.
        setup: the loss and its inputs.
    """
    smoothing = setup.label_smoothing
    if setup.loss == SIGMOID:
        return functools.partial(losses.sigmoid_cross_entropy, label_smoothing=smoothing)
    softmax = functools.partial(losses.softmax_cross_entropy, label_smoothing=smoothing)
    if setup.loss == SPARSE:
        if not setup.is_along_last:
            raise NoSuchLoss("TF1's sparse_softmax_cross_entropy needs the class axis last")
        if not smoothing:
            return losses.sparse_softmax_cross_entropy

        # What a TF1 program does: it creates one-hot labels, whose loss has label smoothing.
        def by_one_hot(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
            one_hot = tf.one_hot(labels, setup.num_classes, dtype=logits.dtype)
            return softmax(one_hot, logits, weights)

        return by_one_hot
    if setup.is_along_last:
        return softmax

    # What a TF1 program does, because the loss itself supports only the last axis.
    def by_hand(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        num_classes = tf.cast(tf.shape(labels)[setup.axis], labels.dtype)
        smooth = labels * (1 - smoothing) + smoothing / num_classes
        each = nn.softmax_cross_entropy_with_logits_v2(
            labels=tf.stop_gradient(smooth), logits=logits, axis=setup.axis
        )
        return losses.compute_weighted_loss(each, weights)

    return by_hand


class _NoLoss(TensorFlowContender):
    """Computes no loss, and needs no gradient."""

    training = TensorFlowContender.evaluation


def _add(setup: Setup) -> Loss:
    return lambda labels, logits, weights: tf.raw_ops.AddV2(x=logits, y=labels)


def _negate(setup: Setup) -> Loss:
    return lambda labels, logits, weights: tf.raw_ops.Neg(x=logits)


def _add_one(setup: Setup) -> Loss:
    first = (0,) * len(setup.weights_shape)
    return lambda labels, logits, weights: weights[first] + 1


def _compiled(contender: TensorFlowContender) -> TensorFlowContender:
    name = f"{contender.name} under XLA"
    return dataclasses.replace(contender, name=name, jit_compile=True)


_ours = _Ours("keras_xent", _our_loss)
_v1 = TensorFlowContender(
    "v1", functools.partial(_tf1_loss, tf.compat.v1.losses, tf.compat.v1.nn)
)
# The cost of calling a `tf.function` with the same tensors: it adds 1 to one weight.
_empty = _NoLoss(EMPTY, _add_one)

CONTENDERS = {
    # With the backend that it chooses itself.
    "ours": _ours,
    # With its native ops, without the choice at run time that a graph contains.
    "ours_native": _Ours("keras_xent, native", _our_loss, backend="native"),
    # With TensorFlow's own ops, as on GPUs, TPUs and in XLA.
    "ours_portable": _Ours("keras_xent, portable", _our_loss, backend="portable"),
    "ours_xla": _compiled(_ours),
    "ours_v1": TensorFlowContender(
        "keras_xent.v1", functools.partial(_tf1_loss, keras_xent.v1, keras_xent.v1)
    ),
    "v1": _v1,
    "v1_xla": _compiled(_v1),
    "keras": TensorFlowContender("Keras", _keras_loss),
    # Lower bounds. One op reads logits and labels, writes as much as a gradient, and only adds ...
    "addv2": _NoLoss("AddV2", _add),
    # ... or, with class ids, reads only the logits, and negates.
    "neg": _NoLoss("Neg", _negate),
    "empty": _empty,
    "empty_xla": _compiled(_empty),
}
