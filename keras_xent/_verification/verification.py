"""Verifies a call: compares its value immediately, and its gradients when they are computed."""

from __future__ import annotations

import warnings
from typing import Any, Callable, Sequence

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent._verification import counting, gradient
from keras_xent._verification.counting import DIFFERENT, GRADIENTS, VALUES
from keras_xent._verification.error import VerificationError
from keras_xent._verification.gradient import Gradients
from keras_xent.comparing import difference
from keras_xent.comparing.difference import Pieces
from keras_xent.comparing.oracles import Oracle
from keras_xent.comparing.tensors import compare

_WHAT_TO_DO = (
    "\nIf the docstring of keras_xent's function doesn't list this difference as intended, use "
    "TensorFlow's function here, and please report this message. Also report whether the results "
    'still differ after keras_xent.set_backend("portable"). The docstring of '
    "keras_xent.testing.verify lists what is compared."
)


def verified(compute: Callable[..., tf.Tensor], inputs: Sequence[Any], oracle: Oracle) -> tf.Tensor:
    """Returns `compute(*inputs)`, which raises an error if its results differ from TensorFlow's."""
    if _tensorflow.tracing_for_xla():
        _warn_of_xla()
        return compute(*inputs)
    with tf.name_scope("verification"):
        # The gradient of a tf.cond inside a tf.while_loop finds only tensors of this graph.
        call = _Call(oracle, [tf.identity(each) for each in inputs])
    return gradient.observed(compute, call.inputs, call.checked_value, call.checked_gradients)


class _Call:
    """Compares our value and gradients with TensorFlow's."""

    def __init__(self, oracle: Oracle, inputs: list[tf.Tensor]) -> None:
        self._oracle = oracle
        self.inputs = inputs

    def checked_value(self, value: tf.Tensor) -> tf.Tensor:
        """The value, after a check that it equals TensorFlow's."""
        if value.dtype.is_complex:
            return value
        with tf.name_scope("verification"):
            inputs = self._stopped()
            try:
                theirs = self._oracle.value(*inputs)
            except (TypeError, ValueError, tf.errors.InvalidArgumentError) as refusal:
                refused = [f"\n  {type(refusal).__name__}: {refusal}"]
                raise self._error("because TensorFlow raises an error", refused) from refusal
            tolerance = self._oracle.value_tolerance(*inputs)
            known = self._oracle.known_differences(*inputs)
            return self._checked(VALUES, value, theirs, tolerance, "in its value", known)

    def checked_gradients(
        self, upstream: tf.Tensor, indices: Sequence[int], gradients: Gradients
    ) -> Gradients:
        """The gradients of these inputs, after a check that they equal TensorFlow's."""
        if upstream.dtype.is_complex:
            return gradients
        with tf.name_scope("verification"):
            inputs = self._stopped()
            upstream = tf.stop_gradient(upstream)
            theirs = self._oracle.gradients(upstream, inputs)
            tolerances = self._oracle.gradient_tolerances(upstream, *inputs)
            return [
                self._checked_gradient(index, ours, theirs[index], tolerances[index])
                for index, ours in zip(indices, gradients)
            ]

    def _checked_gradient(
        self, index: int, ours: tf.Tensor | None, theirs: tf.Tensor | None, tolerance: Any
    ) -> tf.Tensor | None:
        where = f"in its gradient with respect to {self._oracle.inputs[index]}"
        if ours is None and theirs is None:
            return ours
        if ours is None:
            nothing = "\n  keras_xent returns no gradient, but TensorFlow returns one"
            raise self._error(where, [nothing])
        if theirs is None:
            return self._checked(GRADIENTS, ours, tf.zeros_like(self.inputs[index]), 0.0, where)
        return self._checked(GRADIENTS, ours, theirs, tolerance, where)

    def _stopped(self) -> list[tf.Tensor]:
        # The tapes that watch the call shouldn't record the comparison.
        return [tf.stop_gradient(each) for each in self.inputs]

    def _checked(
        self,
        kind: str,
        ours: tf.Tensor,
        theirs: tf.Tensor,
        tolerance: Any,
        where: str,
        known: Sequence[Any] = (),
    ) -> tf.Tensor:
        if ours.dtype != theirs.dtype:
            dtypes = [f"\n  keras_xent: {ours.dtype.name}, TensorFlow: {theirs.dtype.name}"]
            raise self._error(where.replace("in ", "in the dtype of ", 1), dtypes)
        same, numbers = compare(tf.stop_gradient(ours), theirs, tolerance)
        numbers += known
        if tf.executing_eagerly():
            counting.add(kind)
            if not same:
                raise self._error(where, numbers)
            return ours
        data = difference.for_graph(self._message(where, numbers))
        with tf.control_dependencies([counting.in_graph(same, kind)]):
            # Not tf.debugging.Assert, which adds a conditional.
            assertion = tf.raw_ops.Assert(condition=same, data=data, summarize=10)
        with tf.control_dependencies([assertion]):
            return tf.identity(ours)

    def _error(self, where: str, numbers: Pieces) -> VerificationError:
        counting.add(DIFFERENT)
        return VerificationError(difference.text(self._message(where, numbers)))

    def _message(self, where: str, numbers: Pieces) -> Pieces:
        pieces = [f"{self._oracle.ours} differs from {self._oracle.theirs} {where}:", *numbers]
        for name, tensor in zip(self._oracle.inputs, self.inputs):
            pieces += difference.described(name, tensor)
        for name, argument in self._oracle.arguments.items():
            pieces += difference.described(name, argument)
        return [*pieces, _WHAT_TO_DO]


_warned_of_xla = False


def _warn_of_xla() -> None:
    global _warned_of_xla
    if not _warned_of_xla:
        _warned_of_xla = True
        warnings.warn(
            "keras_xent.v1 is called in a function that XLA compiles (jit_compile=True). XLA "
            "drops assertions, so calls in such functions are not verified. Pass "
            "jit_compile=False to verify them.",
            RuntimeWarning,
            stacklevel=2,
        )
