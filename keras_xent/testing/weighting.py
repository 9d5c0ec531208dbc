"""Recognizes silent changes in how losses are weighted and reduced.

Each function returns what happened and what to do about it, or None if the difference doesn't look
like its silent change. Most of them first check that both losses agree on every example.
"""

from __future__ import annotations

import numpy as np

from keras_xent.testing import evidence
from keras_xent.testing.evidence import Evidence


def refused_ranks(found: Evidence) -> str | None:
    """5: the new loss raises an error for weights whose rank the old one accepts."""
    if not found.found.refused or 5 not in found.case.silent_changes:
        return None
    return (
        "The new loss raises an error for weights of this shape. With other sizes, it may apply "
        "them along the wrong axis instead. Pass weights of the losses' rank. For losses [B, T], "
        "weights[:, tf.newaxis] is one weight per row. For losses [B] and weights [B, 1], pass "
        "tf.squeeze(weights, -1)."
    )


def not_a_number(found: Evidence) -> str | None:
    """15: a division of zero by zero."""
    if found.found.refused or found.inputs.weights is None:
        return None
    old, new = found.found.old.value, found.found.new.value
    if np.any(np.isnan(old)) == np.any(np.isnan(new)):
        return None
    which = "old" if np.any(np.isnan(old)) else "new"
    return (
        f"The {which} loss is NaN and the other isn't: it divides by a sum or a count of weights "
        "that is 0. TF1 returns 0. Use tf.math.divide_no_nan or a keras_xent reduction. (If an "
        "epoch has such batches, its mean differs too, because each batch has its own denominator.)"
    )


def mean_over_classes(found: Evidence) -> str | None:
    """12: one loss takes the mean over the losses of the classes before it applies weights."""
    compared, logits_shape = found.found, found.inputs.logits.shape
    if not found.labels.each_class:
        return None
    if compared.refused:
        # Weights [B, 1] are one number per row, which every loss accepts.
        of_each_class = found.weights.ndim == len(logits_shape) and found.weights.shape[-1] > 1
        return _of_rows("new") if of_each_class else None
    values = {"new": compared.new.value, "old": compared.old.value}
    for name, other in (("new", "old"), ("old", "new")):
        shapes = values[name].shape, values[other].shape
        if shapes == (logits_shape[:-1], logits_shape):
            return _of_rows(name)
        if compared.values_differ and _weighs_means(found, values[name], values[other]):
            return _of_rows(name)
    return None


def _of_rows(name: str) -> str:
    return (
        f"The {name} loss computes one loss per row, and the other computes one per class. Keras's "
        "BinaryCrossentropy takes the mean over the classes before it applies weights. TF1's "
        "sigmoid loss weights each class. If each row has one weight ([B] for Keras and [B, 1] for "
        "TF1), they differ only in the denominator. For weights [B, C], use "
        "keras_xent.v1.sigmoid_cross_entropy."
    )


def _weighs_means(found: Evidence, value: np.ndarray, other: np.ndarray) -> bool:
    """Whether the value is computed from the rows' means, times the weights of each class."""
    losses, weights = found.losses(found.old), found.weights
    if losses is None or losses.shape != weights.shape:
        return False
    means = [np.mean(losses, -1, keepdims=True) * weights]
    if losses.ndim == 2 and losses.shape[0] == losses.shape[1]:
        # Means that are broadcast along the other axis, which is possible because B == C.
        means.append(np.mean(losses, -1) * weights)
    scale = {1, losses.size, len(losses), np.count_nonzero(weights)} - {0}
    sums = [np.sum(each) / divisor for each in means for divisor in scale]
    return any(found.same(each, value) and not found.same(each, other) for each in sums)


def divisor_as_given(found: Evidence) -> str | None:
    """3: one loss sums the weights before they are broadcast."""
    divisors = _divisors(found)
    if divisors is None or found.inputs.weights is None:
        return None
    for name, one, other in _either_way(*divisors):
        if evidence.SUM_AS_GIVEN in other and evidence.SUM not in other and one:
            return (
                f"The {name} loss divides by the sum of the weights before they are broadcast to "
                "the losses, like Keras's \"mean_with_sample_weight\". TF1's MEAN and "
                "keras_xent.Reduction.MEAN broadcast first. Use keras_xent's reduction, or "
                "broadcast the weights yourself: tf.ones_like(losses) * weights."
            )
    return None


def weighted_mean(found: Evidence) -> str | None:
    """2: one loss divides by the sum of the weights."""
    divisors = _divisors(found)
    if divisors is None or found.inputs.weights is None:
        return None
    for name, one, other in _either_way(*divisors):
        is_sum = evidence.SUM in other and evidence.NONZERO not in other
        if is_sum and evidence.SUM not in one and one:
            return (
                f"The {name} loss divides by the sum of the weights, and the other by "
                f"{_named(one)}. TF1's default is SUM_BY_NONZERO_WEIGHTS, which isn't a weighted "
                f"mean: {_reduction_advice(found, divisors[0])}"
            )
    return None


def zero_weights(found: Evidence) -> str | None:
    """1: one loss counts weights of zero."""
    if found.found.refused or found.inputs.weights is None:
        return None
    if not np.any(found.weights) and not found.found.values_differ:
        return (
            "All weights are zero, and only one of the losses has a gradient with respect to them, "
            "because it divides by the number of losses. TF1's default divides by the number of "
            "non-zero weights, and returns 0 if there are none. Use "
            "reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS."
        )
    divisors = _divisors(found)
    if divisors is None:
        return None
    old, new = divisors
    for one, other in ((old, new), (new, old)):
        counts = {evidence.COUNT, evidence.POSITIVE} & other
        if evidence.NONZERO in one - other and counts - one:
            return (
                f"The old loss divides by {_named(old)}, and the new one by {_named(new)}: "
                f"{_reduction_advice(found, old)}"
            )
    return None


def wrong_axis(found: Evidence) -> str | None:
    """5: the weights are broadcast along another axis."""
    compared = found.found
    if compared.refused or not compared.values_differ or found.inputs.weights is None:
        return None
    losses, weights = found.losses(found.old), found.weights
    if losses is None or losses.ndim != 2 or not found.equal_examples():
        # If losses [B] and weights [B, 1] broadcast to [B, B], the sum of all pairs reveals that.
        return _every_pair(found)
    if losses.shape[0] != losses.shape[1]:
        return None
    by_row = np.broadcast_to(weights[:, None] if weights.ndim == 1 else weights, losses.shape)
    for name, value in (("new", compared.new.value), ("old", compared.old.value)):
        right, wrong = losses * by_row, losses * by_row.T
        scale = {1.0, np.count_nonzero(by_row), losses.size, np.sum(by_row), np.sum(weights)}
        is_wrong = any(found.same(np.sum(wrong) / each, value) for each in scale)
        is_right = any(found.same(np.sum(right) / each, value) for each in scale)
        if (is_wrong and not is_right) or found.same(wrong, value):
            return (
                f"The {name} loss applies the weights along the other axis, which is possible "
                "because B == T. Keras 3, for example, aligns weights [B] with T. For one weight "
                "per row, pass weights[:, tf.newaxis]."
            )
    return None


def _every_pair(found: Evidence) -> str | None:
    compared, losses, weights = found.found, found.losses(found.old), found.weights
    if losses is None or losses.ndim != 1 or weights.ndim != 2:
        return None
    pairs = losses * weights
    for name, value in (("new", compared.new.value), ("old", compared.old.value)):
        scale = {1.0, float(pairs.size), float(losses.size), float(np.count_nonzero(weights))}
        scale |= {each * losses.size for each in scale} | {float(np.sum(weights)) or 1.0}
        if found.same(pairs, value) or any(found.same(pairs.sum() / each, value) for each in scale):
            return (
                f"The {name} loss multiplies losses [B] by weights [B, 1], which results in "
                "[B, B]: every loss times every weight. Pass tf.squeeze(weights, -1)."
            )
    return None


def scalar_times_weights(found: Evidence) -> str | None:
    """11: the loss is reduced before it is weighted."""
    compared = found.found
    if compared.refused or found.weights.ndim == 0 or not np.any(found.weights):
        return None
    losses = found.losses(found.old)
    if losses is None or not found.equal_examples():
        return None
    for scalar in (np.mean(losses), np.sum(losses)):
        products = (scalar * found.weights, scalar * found.weights.mean())
        for product in (*products, scalar * found.weights.sum()):
            if found.same(product, compared.new.value) and not found.same(
                product, compared.old.value
            ):
                return (
                    "The new loss multiplies the mean or the sum of the losses by the weights, "
                    "instead of each loss by its own weight. If a loss function returns a scalar, "
                    "Keras can only weight that scalar. Pass a loss object "
                    f"(keras_xent.{found.labels.keras_class}) to compile(), or a function that "
                    "returns one loss per sample."
                )
    return None


def sum_or_mean(found: Evidence) -> str | None:
    """12: one loss is a sum or a vector, and the other isn't."""
    compared = found.found
    if compared.refused or not compared.values_differ:
        return None
    if compared.shapes_differ:
        scalar = "new" if compared.new.value.ndim == 0 else "old"
        if 0 not in (compared.old.value.ndim, compared.new.value.ndim):
            return None
        return (
            f"The {scalar} loss is reduced to a scalar, and the other isn't. A program that "
            "minimizes unreduced losses minimizes their sum. "
            + (
                "A mean divides the gradient by the number of losses. Use reduction=SUM to train "
                "in the same way, or NONE to return the same losses."
                if scalar == "new"
                else "Use the old loss's reduction in the new one."
            )
        )
    divisors = _divisors(found)
    if divisors is None:
        return None
    for name, one, other in _either_way(*divisors):
        if evidence.NOTHING in other and evidence.NOTHING not in one and one:
            return (
                f"The {name} loss is a sum, and the other divides by {_named(one)}, so the "
                f"gradients differ by the same factor: {_reduction_advice(found, divisors[0])}"
            )
    return None


def replicas(found: Evidence) -> str | None:
    """10: one loss is a multiple of the other."""
    if found.found.refused or not found.found.values_differ or found.found.shapes_differ:
        return None
    old, new = found.found.old.value, found.found.new.value
    if not np.all(np.isfinite(old)) or not np.all(np.isfinite(new)) or not np.all(old):
        return None
    ratio = float(np.sum(np.abs(new)) / np.sum(np.abs(old)))
    factor = max(ratio, 1 / ratio) if ratio else 0.0
    whole = round(factor)
    if whole < 2 or not found.same(new, old * (whole if ratio > 1 else 1 / whole)):
        return None
    return (
        f"The new loss is the old one {'times' if ratio > 1 else 'divided by'} {whole}. Check "
        "whether it multiplies or divides by the number of replicas. TF1's optimizers divide a "
        "mean by this number, and so do Keras's losses. Exactly one of them should do it."
    )


def _divisors(found: Evidence) -> tuple[set[str], set[str]] | None:
    """The possible denominators of each loss, if the losses of the examples are the same."""
    compared = found.found
    if compared.refused or not compared.values_differ:
        return None
    losses = found.losses(found.old)
    if losses is None or not found.equal_examples():
        return None
    return (
        found.denominators(compared.old.value, losses),
        found.denominators(compared.new.value, losses),
    )


def _either_way(old: set[str], new: set[str]) -> list[tuple[str, set[str], set[str]]]:
    """For each loss: its name, the other loss's divisors, and its own divisors."""
    return [("new", old, new), ("old", new, old)]


def _named(divisors: set[str]) -> str:
    order = (evidence.NOTHING, evidence.NONZERO, evidence.COUNT, evidence.SUM)
    known = [name for name in order if name in divisors]
    return known[0] if known else min(divisors)


_REDUCTIONS = {
    evidence.NONZERO: "SUM_BY_NONZERO_WEIGHTS",
    evidence.COUNT: "SUM_OVER_BATCH_SIZE",
    evidence.SUM: "MEAN",
    evidence.NOTHING: "SUM",
}


def _reduction_advice(found: Evidence, divisors: set[str]) -> str:
    for divisor, reduction in _REDUCTIONS.items():
        if divisor in divisors:
            return (
                f"use reduction=keras_xent.Reduction.{reduction} with "
                f"keras_xent.{found.labels.keras_class} or keras_xent.v1."
            )
    return "use the old loss's reduction."
