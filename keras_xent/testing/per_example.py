"""Recognizes silent changes in the loss of one example, and in its inputs.

Each function returns what happened and what to do about it, or None if the difference doesn't look
like its silent change.
"""

from __future__ import annotations

import numpy as np

from keras_xent.testing import evidence
from keras_xent.testing.calling import Loss
from keras_xent.testing.evidence import Evidence


def dtypes(found: Evidence) -> str | None:
    """14: the results have different dtypes."""
    compared = found.found
    if compared.refused or not compared.dtypes_differ or compared.values_differ:
        return None
    return (
        f"The old loss returns {compared.old.dtype} for {compared.dtype} logits, and the new one "
        f"returns {compared.new.dtype}. TF1 returns the logits' dtype. Keras returns the loss's "
        "dtype, float32 by default. If your program depends on the dtype, cast the result, or pass "
        'dtype= to the Keras loss. If your logits are float32, pass dtypes=["float32"].'
    )


def labels_gradient(found: Evidence) -> str | None:
    """6: only one loss has a gradient with respect to the labels."""
    if not found.case.labels_of_logits or found.found.refused or found.found.values_differ:
        return None
    return (
        "The labels depend on the logits, and only one of the losses propagates a gradient through "
        "them. TF1's softmax loss stops this gradient. TF1's sigmoid loss, Keras's losses and "
        "nn.softmax_cross_entropy_with_logits_v2 don't. If the old loss stops it, pass "
        "tf.stop_gradient(labels) to the new one. If your labels are data, pass "
        "labels_gradient=False."
    )


def swapped(found: Evidence) -> str | None:
    """9: the labels and logits are swapped."""
    compared = found.found
    if compared.refused:
        return None
    old, new = found.examples(found.old), found.examples(found.new)
    if not found.equal(new, old):
        labels, logits = found.inputs.labels.astype(np.float64), found.inputs.logits
        if found.equal(new, found.examples(found.old, labels=logits, logits=labels)):
            return (
                "The new loss returns what the old one returns if you swap its labels and logits. "
                "tf.losses expects (labels, logits). tf.contrib.losses and slim expect (logits, "
                "labels). Swap the arguments, or pass them by keyword."
            )
    without = _without_gradient(found)
    if without is not None and found.reaches_labels(without):
        return (
            f"The {without.name} loss has no gradient with respect to the logits. Its arguments "
            "are probably swapped, because TF1 stops the gradient with respect to the argument "
            "that is passed as labels. Check which of the losses is right. A network can't learn "
            "with the other one."
        )
    return None


def cut_off(found: Evidence) -> str | None:
    """One loss has no gradient at all."""
    without = _without_gradient(found)
    if without is None:
        return None
    return (
        f"The {without.name} loss has no gradient with respect to the logits or the labels, so a "
        "network can't learn with it. Look for .numpy(), NumPy functions, tf.constant, "
        "tf.stop_gradient or a cast to integers. If your program uses only the loss's value, pass "
        "gradients=False."
    )


def _without_gradient(found: Evidence) -> Loss | None:
    """The loss without a gradient with respect to the logits, if the other one has such a gradient
    and the values are equal.
    """
    compared = found.found
    if compared.refused or not found.equal_examples():
        return None
    old, new = (each.gradients.get("logits") is None for each in (compared.old, compared.new))
    if old == new:
        return None
    return found.old if old else found.new


def softmaxes(found: Evidence) -> str | None:
    """7: one loss applies an extra softmax, or undoes it."""
    if found.found.refused:
        return None
    logits, name = found.inputs.logits, found.labels.activation
    equal = found.equal_examples()
    if found.case.softmax_output and found.found.values_differ and equal:
        return (
            f"The logits are the output of a Keras {name}. The new loss undoes the {name}, because "
            f"Keras keeps its input. The old one applies a second {name}. To keep the old numbers, "
            "pass tf.identity(output) to the new loss. To get the right numbers, make the network "
            "return its logits. If it already does, pass softmax_output=False."
        )
    if equal:
        return None
    activated = found.activated(logits)
    old, new = found.examples(found.old), found.examples(found.new)
    if found.equal(found.examples(found.old, activated), new):
        return (
            f"The new loss applies one more {name} than the old one. Pass it the logits, without a "
            f"{name}."
        )
    if found.equal(found.examples(found.new, activated), old):
        return (
            "The new loss expects probabilities, and the old one expects logits. Create the new "
            f"loss with from_logits=True, and pass the logits to it, without a {name}."
        )
    return None


def smoothing(found: Evidence) -> str | None:
    """13: labels are smoothed differently, or rows without a label aren't counted."""
    compared = found.found
    if compared.refused or not compared.values_differ:
        return None
    if found.equal_examples():
        return _rows_without_label(found)
    if found.labels.each_class:
        return _binary_smoothing(found)
    classes = found.inputs.logits.shape[-1]
    old, new = found.smoothing(found.old), found.smoothing(found.new)
    if old is None or new is None:
        return None
    # Adding 0 turns a negative zero into zero.
    before, after = (round(each[1] * classes, 4) + 0.0 for each in (old, new))
    if abs(before - after) > 1e-3:
        by_hand = classes / (classes - 1)
        for one, other in ((before, after), (after, before)):
            if abs(one * by_hand - other) < 1e-3:
                return (
                    f"The old loss smooths labels by {before:.4g} and the new one by {after:.4g}. "
                    f"One of them probably uses handwritten smoothing, which adds e / (V - 1) = "
                    f"{one:.4g} / (V - 1) to every class except the label's. label_smoothing=s "
                    "adds s / V to every class, which is the same if s = e * V / (V - 1). Smooth "
                    f"the new loss's labels by {before:.4g}."
                )
        return (
            f"The old loss smooths labels by {before:.4g} and the new one by {after:.4g}: "
            f"pass label_smoothing={before:.4g}."
        )
    for name, one, other in (("old", old, new), ("new", new, old)):
        if abs(one[2] - other[2]) > 1e-4 and abs(other[2] - other[1]) < 1e-4:
            return (
                f"At rank 3, the {name} loss divides the smoothing by a number that isn't the "
                "number of classes, such as shape[1] (old versions of TF1 and slim do that). To "
                "keep its numbers, pass label_smoothing=0 to the other loss and smooth the labels "
                "yourself: labels * (1 - s) + s / labels.shape[1]. Otherwise, divide by the number "
                "of classes in both losses."
            )
    return None


def _binary_smoothing(found: Evidence) -> str | None:
    old, new = found.binary_smoothing(found.old), found.binary_smoothing(found.new)
    if old is None or new is None or np.allclose(old, new, atol=1e-3):
        return None
    if not all(0 < own <= 1.001 and -0.001 < added < 1 for own, added in (old, new)):
        return None
    before, after = (f"{own:.4g} * labels + {added + 0.0:.4g}" for own, added in (old, new))
    smoothing = round(1 - old[0], 4) + 0.0
    text = f"The old loss smooths labels to {before}, and the new one to {after}."
    if abs(old[1] - smoothing / 2) < 1e-3:
        return f"{text} Pass label_smoothing={smoothing:.4g}: it smooths towards 1/2."
    return (
        f"{text} TF1 and Keras smooth towards 1/2: labels * (1 - s) + s / 2. To keep the old "
        "loss's numbers, smooth the labels yourself and pass label_smoothing=0."
    )


def _rows_without_label(found: Evidence) -> str | None:
    losses = found.losses(found.old)
    if losses is None or found.labels.labelled(found.inputs.labels) == losses.size:
        return None
    old, new = (
        found.denominators(each.value, losses) for each in (found.found.old, found.found.new)
    )
    for name, one, other in (("new", old, new), ("old", new, old)):
        if evidence.LABELLED in other - one:
            return (
                f"The {name} loss doesn't count rows without a label (one_hot(-1) or an id of -1). "
                "The other one counts them, with a loss of 0. To exclude such rows, give them "
                "weight 0 in both losses. To count them, don't mask them in either loss."
            )
    return None
