"""Calls two losses again to find out why they differ."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from keras_xent.comparing.results import as_array, as_tensor
from keras_xent.testing.calling import Loss
from keras_xent.testing.comparison import Comparison
from keras_xent.testing.labels import Shape

# The denominators that a sum of weighted losses can have.
NONZERO = "the number of non-zero weights"
POSITIVE = "the number of weights above zero"
COUNT = "the number of losses"
SUM = "the sum of the weights"
SUM_AS_GIVEN = "the sum of the weights before they are broadcast"
LABELLED = "the number of rows with a label"
NOTHING = "nothing (it is a sum)"


@dataclasses.dataclass(frozen=True)
class Examples:
    """A loss, and inputs for it.

    Args:
        loss: the loss.
        labels: the labels.
        logits: the logits.
    """

    loss: Loss
    labels: np.ndarray
    logits: np.ndarray

    @property
    def key(self) -> tuple[Any, ...]:
        """What is equal for equal examples."""
        arrays = (self.labels, self.logits)
        return (self.loss.name, *((each.shape, each.dtype, each.tobytes()) for each in arrays))


class Evidence:
    """One comparison that found a difference, and the losses to call again.

    Args:
        old: the old loss.
        new: the new loss.
        found: the comparison.
        known: a cache that all comparisons of the two losses share.
    """

    def __init__(
        self, old: Loss, new: Loss, found: Comparison, known: dict[Any, Any] | None = None
    ) -> None:
        self.old, self.new, self.found = old, new, found
        self.case, self.inputs, self.labels = found.case, found.inputs, found.case.labels
        self._known: dict[Any, Any] = {} if known is None else known

    def same(self, one: Any, other: Any) -> bool:
        """Whether two results are equal, within a tolerance smaller than any silent change."""
        if one is None or other is None:
            return False
        one, other = np.asarray(one), np.asarray(other)
        relative = min(10 * self.found.tolerance[0], 0.03)
        absolute = self.found.tolerance[1]
        if one.shape != other.shape or not np.all(np.isfinite(one) & np.isfinite(other)):
            return False
        return bool(np.allclose(one, other, rtol=relative, atol=absolute))

    def examples(
        self, loss: Loss, logits: np.ndarray | None = None, labels: np.ndarray | None = None
    ) -> Examples:
        """The examples of a loss. By default, they are the comparison's."""
        labels = self.inputs.labels if labels is None else labels
        return Examples(loss, labels, self.inputs.logits if logits is None else logits)

    def equal(self, one: Examples, other: Examples) -> bool:
        """Whether all examples have the `same` losses.

        It stops at the first example whose losses differ, because calling a loss takes long.
        """

        def equal() -> bool:
            shape = self._shape(one)
            return shape == self._shape(other) and all(
                self.same(self._of_one(one, index), self._of_one(other, index))
                for index in np.ndindex(shape)
            )

        return self._once(("equal", one.key, other.key), equal)

    def equal_examples(self) -> bool:
        """Whether all examples have the `same` losses in the old loss and in the new one."""
        return self.equal(self.examples(self.old), self.examples(self.new))

    def losses(self, loss: Loss) -> np.ndarray | None:
        """The loss of every example, without weights or reduction.

        Returns:
            None if the loss raises an error.
        """
        examples = self.examples(loss)

        def losses() -> np.ndarray | None:
            values = np.empty(self._shape(examples))
            for index in np.ndindex(values.shape):
                value = self._of_one(examples, index)
                if value is None:
                    return None
                values[index] = value
            return values

        return self._once(("losses", examples.key), losses)

    def _shape(self, examples: Examples) -> Shape:
        return self.labels.losses_shape(examples.logits.shape)

    def _of_one(self, examples: Examples, index: tuple[int, ...]) -> float | None:
        """The loss of one example, or None if the loss raises an error.

        The examples are passed one by one, because every reduction of a single loss is that loss.
        """
        part = tuple(slice(i, i + 1) for i in index)
        loss, labels, logits = examples.loss, examples.labels[part], examples.logits[part]

        def of_one() -> float | None:
            value = self.value(loss, labels, logits)
            return None if value is None or value.size != 1 else float(value.item())

        return self._once(("of one", Examples(loss, labels, logits).key), of_one)

    def _once(self, key: tuple[Any, ...], compute: Callable[[], Any]) -> Any:
        """What `compute` returned when it was first called with this key and the same dtype."""
        key = (*key, self.found.dtype)
        if key not in self._known:
            self._known[key] = compute()
        return self._known[key]

    def value(self, loss: Loss, labels: np.ndarray, logits: np.ndarray) -> np.ndarray | None:
        """The loss without weights, or None if it raises an error."""
        try:
            value = loss(as_tensor(labels, self.found.dtype), as_tensor(logits, self.found.dtype))
        except Exception:  # The loss doesn't accept these inputs.
            return None
        return as_array(value)

    def activated(self, logits: np.ndarray) -> np.ndarray:
        """The probabilities of logits."""
        return np.asarray(self.labels.activate(logits).numpy())

    def reaches_labels(self, loss: Loss) -> bool:
        """Whether the loss has a gradient with respect to its first argument."""
        labels = as_tensor(self.inputs.labels.astype(np.float64), self.found.dtype)
        with tf.GradientTape() as tape:
            tape.watch(labels)
            try:
                value = loss(labels, as_tensor(self.inputs.logits, self.found.dtype))
            except Exception:  # Without a value, there is no gradient.
                return False
        return tape.gradient(value, labels) is not None

    @property
    def weights(self) -> np.ndarray:
        """The weights, before they are broadcast. If there are none, 1."""
        weights = self.inputs.weights
        return np.ones([]) if weights is None else np.asarray(weights, np.float64)

    def denominators(self, value: np.ndarray, losses: np.ndarray) -> set[str]:
        """The denominators that can explain the value, given the weighted sum of the losses."""
        weights = _fitting(self.weights, losses)
        if weights is None:
            return set()
        total = np.sum(losses * weights)
        numbers = {
            NOTHING: 1.0,
            NONZERO: np.count_nonzero(weights),
            POSITIVE: np.count_nonzero(weights > 0),
            COUNT: losses.size,
            SUM: np.sum(weights),
            SUM_AS_GIVEN: np.sum(self.weights),
            LABELLED: self.labels.labelled(self.inputs.labels),
        }
        return {
            name
            for name, number in numbers.items()
            if number and self.same(np.asarray(total / number), value)
        }

    def smoothing(self, loss: Loss) -> tuple[float, float, float] | None:
        """How the loss smooths labels.

        Returns:
            Three factors: `a` and `b`, for which the loss of a one-hot label is
            `a * nll[label] + b * sum(nll)`, and `b` at rank 3, with a second axis that is one
            longer than the last one. None if the loss has another form.
        """
        return self._once(("smoothing", loss.name), lambda: self._smoothing(loss))

    def _smoothing(self, loss: Loss) -> tuple[float, float, float] | None:
        classes = self.inputs.logits.shape[-1]
        flat = self._shares(loss, classes, (1,))
        steps = self._shares(loss, classes, (1, classes + 1))
        if flat is None:
            return None
        if steps is None or not steps[0]:
            return (*flat, flat[1])
        # If the loss sums over the second axis, both factors are larger by the same ratio.
        return (*flat, steps[1] * flat[0] / steps[0])

    def binary_smoothing(self, loss: Loss) -> tuple[float, float] | None:
        """How a loss with one value for each class smooths labels: to `a * label + b`.

        Returns:
            `a` and `b`, or None if the loss has another form.
        """
        logit = 2.0
        logits = np.full((1, self.inputs.logits.shape[-1]), logit)
        labels = []
        for label in (0.0, 1.0):
            value = self.value(loss, np.full(logits.shape, label), logits)
            if value is None or not np.all(np.isfinite(value)):
                return None
            # A loss is log(1 + exp(logit)) - label * logit. Unreduced losses are all equal here.
            labels.append((np.log1p(np.exp(logit)) - float(np.mean(value))) / logit)
        return labels[1] - labels[0], labels[0]

    def _shares(
        self, loss: Loss, classes: int, outer: tuple[int, ...]
    ) -> tuple[float, float] | None:
        row = np.linspace(-1, 1, classes) ** 3 * 2
        losses = np.log(np.sum(np.exp(row))) - row
        logits = np.broadcast_to(row, (*outer, classes)).copy()
        values: list[float] = []
        for label in range(classes):
            labels = self.labels.of_class(label, logits.shape)
            value = self.value(loss, labels, logits)
            if value is None or not np.all(np.isfinite(value)):
                return None
            # Unreduced losses are all equal here.
            values.append(float(np.mean(value)))
        terms = np.stack([losses, np.full(classes, losses.sum())], 1)
        (own, each), *_ = np.linalg.lstsq(terms, np.array(values), rcond=None)
        if not self.same(terms @ [own, each], np.array(values)):
            return None
        return float(own), float(each)


def _fitting(weights: np.ndarray, losses: np.ndarray) -> np.ndarray | None:
    """Weights broadcast to the losses. If the last axis is missing, each row has one weight."""
    if 0 < weights.ndim < losses.ndim:
        weights = weights.reshape(weights.shape + (1,) * (losses.ndim - weights.ndim))
    if weights.ndim > losses.ndim and weights.shape[-1] == 1:
        weights = weights[..., 0]
    try:
        fitting = np.broadcast_to(weights, losses.shape)
    except ValueError:
        return None
    return fitting
