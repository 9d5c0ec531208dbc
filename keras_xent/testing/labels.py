"""The kinds of labels that losses accept, and what depends on them in a comparison."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Tuple

import numpy as np
import tensorflow as tf

from keras_xent.comparing import made

Shape = Tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Labels:
    """One kind of labels.

    Args:
        name: its name in `assert_same_loss`.
        make: generates labels for logits of a shape.
        each_class: whether each class has its own loss. Otherwise each row has one.
        activation: the name of the loss's activation in TensorFlow and Keras.
        keras_class: the class in Keras, and in keras_xent, that accepts such labels.
    """

    name: str
    make: Callable[..., np.ndarray]
    each_class: bool
    activation: str
    keras_class: str

    def losses_shape(self, logits_shape: Shape) -> Shape:
        """The shape of the losses for logits of this shape."""
        return tuple(logits_shape) if self.each_class else tuple(logits_shape)[:-1]

    def activate(self, logits: Any) -> tf.Tensor:
        """The probabilities of logits."""
        return getattr(tf.nn, self.activation)(logits)

    def keras_activate(self, logits: tf.Tensor) -> tf.Tensor:
        """The probabilities of logits. Keras keeps the logits with them."""
        return getattr(tf.keras.activations, self.activation)(logits)

    def of_class(self, label: int, logits_shape: Shape) -> np.ndarray:
        """Labels that all have this class."""
        if self.name == "class ids":
            return np.full(logits_shape[:-1], label, np.int32)
        hot = np.zeros(logits_shape[-1])
        hot[label] = 1
        return np.broadcast_to(hot, logits_shape).copy()

    def labelled(self, labels: np.ndarray) -> int:
        """The number of rows that have a label, or 0 if each class has its own loss."""
        if self.each_class:
            return 0
        has_label = labels >= 0 if self.name == "class ids" else np.sum(labels, -1)
        return int(np.count_nonzero(has_label))


ONE_HOT = Labels("one-hot", made.one_hot, False, "softmax", "CategoricalCrossentropy")
IDS = Labels("class ids", made.ids, False, "softmax", "SparseCategoricalCrossentropy")
BINARY = Labels("binary", made.binary, True, "sigmoid", "BinaryCrossentropy")

ALL = {each.name: each for each in (ONE_HOT, IDS, BINARY)}
