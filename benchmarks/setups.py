"""The inputs of every contender, the same for speed and for memory."""

from __future__ import annotations

import dataclasses
from typing import Tuple

import ml_dtypes  # noqa: F401  (numpy learns bfloat16 from it)
import numpy as np

from benchmarks import devices

Shape = Tuple[int, ...]

# The loss that a contender computes.
SOFTMAX = "softmax"  # labels are distributions over the classes
SPARSE = "sparse"  # the same, and labels are class ids
SIGMOID = "sigmoid"  # a label of 0 or 1 for every class
LOSSES = (SOFTMAX, SPARSE, SIGMOID)
_SEED = 0


@dataclasses.dataclass(frozen=True)
class Setup:
    """A contender's loss and its random inputs.

    Every call creates its array anew, from its own stream of random numbers. So a worker process
    creates the same arrays, and they aren't all in memory together.

    Attributes:
        shape: the logits' shape.
        dtype: the dtype of logits and labels.
        axis: the class axis.
        soft_labels: whether every class has label mass, instead of only one.
        masked: whether a third of the weights are 0, instead of none.
        label_smoothing: as TF1 and Keras define it.
        device: where the tensors are and contenders compute; see `benchmarks.devices`.
        loss: one of `LOSSES`. The logits are the same for all of them, and the class ids are those
            of the one-hot labels.
    """

    shape: Shape
    dtype: str = "float32"
    axis: int = -1
    soft_labels: bool = False
    masked: bool = True
    label_smoothing: float = 0.1
    device: str = devices.DEFAULT
    loss: str = SOFTMAX

    @property
    def num_classes(self) -> int:
        """The size of the class axis."""
        return self.shape[self.axis]

    @property
    def losses_shape(self) -> Shape:
        """The logits' shape; for a softmax, without the class axis."""
        return self.shape if self.loss == SIGMOID else self._shape_without_classes

    @property
    def weights_shape(self) -> Shape:
        """The losses' shape; for the sigmoid, `(examples, 1)`: one weight for each row."""
        if self.loss == SIGMOID:
            return (self.shape[0], *[1] * (len(self.shape) - 1))
        return self.losses_shape

    @property
    def is_along_last(self) -> bool:
        """Whether the class axis is the last."""
        return self.axis in (-1, len(self.shape) - 1)

    @property
    def num_bytes(self) -> int:
        """The size of one buffer of the logits' shape and dtype."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize

    def logits(self) -> np.ndarray:
        """Normally distributed logits."""
        values = self._random(0).standard_normal(self.shape, dtype=np.float32)
        return values.astype(self.dtype, copy=False)

    def true_classes(self) -> np.ndarray:
        """The class of each softmax."""
        return self._random(1).integers(0, self.num_classes, self._shape_without_classes)

    def labels(self) -> np.ndarray:
        """Labels in the logits' shape (one-hot, soft, or 0 and 1), or int32 class ids."""
        if self.loss == SPARSE:
            return self.true_classes().astype(np.int32)
        if self.loss == SIGMOID:
            return self._random(4).integers(0, 2, self.shape, np.int8).astype(self.dtype)
        if self.soft_labels:
            mass = self._random(2).random(self.shape, dtype=np.float32)
            return (mass / mass.sum(self.axis, keepdims=True)).astype(self.dtype, copy=False)
        one_hot = np.zeros(self.shape, self.dtype)
        where = np.expand_dims(self.true_classes(), self.axis)
        np.put_along_axis(one_hot, where, np.ones_like(where, self.dtype), self.axis)
        return one_hot

    def weights(self) -> np.ndarray:
        """Weights, a third of them zero if `masked`."""
        random = self._random(3)
        weights = random.uniform(0.5, 1.5, self.weights_shape).astype(np.float32)
        count = weights.size // 3 if self.masked else 0
        weights.flat[random.choice(weights.size, count, replace=False)] = 0
        return weights

    @property
    def _shape_without_classes(self) -> Shape:
        axis = self.axis % len(self.shape)
        return self.shape[:axis] + self.shape[axis + 1 :]

    def _random(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([_SEED, stream])
