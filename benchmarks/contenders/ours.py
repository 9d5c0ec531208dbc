"""The losses of this package, by the backend that it chooses itself."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any, Iterator, Optional

import keras_xent
from benchmarks.contenders.tensorflow_contender import (
    Step,
    TensorFlowContender,
    calling_keras_loss,
)
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup

_CLASSES = {
    SOFTMAX: keras_xent.CategoricalCrossentropy,
    SPARSE: keras_xent.SparseCategoricalCrossentropy,
    SIGMOID: keras_xent.BinaryCrossentropy,
}


@dataclasses.dataclass(frozen=True)
class _Ours(TensorFlowContender):
    """This package's losses.

    Attributes:
        backend: the one that is forced, if any.
    """

    backend: Optional[str] = None

    def training(self, setup: Setup) -> Step:
        return self._forced(super().training(setup))

    def evaluation(self, setup: Setup) -> Step:
        return self._forced(super().evaluation(setup))

    def _forced(self, step: Step) -> Step:
        if self.backend is None:
            return step

        # Eagerly this is the call; in a `tf.function` it is the tracing, and no call pays for it.
        def with_backend(*inputs: Any) -> Any:
            with _forcing(self.backend):
                return step(*inputs)

        return with_backend


@contextlib.contextmanager
def _forcing(backend: str) -> Iterator[None]:
    # Global: in turn with it, the others want what the user asked for.
    before = keras_xent.backend().requested
    keras_xent.set_backend(backend)
    try:
        yield
    finally:
        keras_xent.set_backend(before)


def keras_loss(setup: Setup) -> Any:
    """The loss with TF1's default reduction.

    `BinaryCrossentropy` takes the mean over the class axis first, as Keras's does. Its mean of
    these is TF1's of all elements: every row has as many.
    """
    return _CLASSES[setup.loss](
        from_logits=True,
        label_smoothing=setup.label_smoothing,
        axis=setup.axis,
        reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS,
        dtype=setup.dtype,
    )


CONTENDER = _Ours("keras_xent", calling_keras_loss(keras_loss), keras_loss=keras_loss)
