"""The losses of contrib that aren't cross entropies, and their replacements in TensorFlow 2.

The package tf_slim has the same functions. TF1's own functions of the same names have another order
of arguments and other weights, and some compute something else.
"""

from __future__ import annotations

_ORDER = (
    "; tf.compat.v1.losses.{name} computes the same if you pass labels= and predictions= (it "
    "expects the labels first), and if weights= is missing, is a number, or has all of the losses' "
    "dimensions"
)
_COLLECTION = "; tf.compat.v1.losses.{name} accepts the same arguments and uses the same collection"

# By name, what else to report.
_ADVICE = {
    "absolute_difference": _ORDER,
    "add_loss": _COLLECTION,
    "compute_weighted_loss": (
        "; {package}.v1.compute_weighted_loss computes the same if you pass no weights, a "
        "number, or weights with all of the losses' dimensions"
    ),
    "cosine_distance": _ORDER + " (with size 1 along axis)",
    "get_losses": _COLLECTION,
    "get_regularization_losses": _COLLECTION,
    "get_total_loss": _COLLECTION,
    "hinge_loss": (
        "; tf.compat.v1.losses.hinge_loss expects the labels first, averages, and joins the loss "
        "collection: pass it labels=, logits=, loss_collection=None and "
        "reduction=tf.compat.v1.losses.Reduction.NONE"
    ),
    "log_loss": _ORDER,
    "mean_pairwise_squared_error": (
        "; tf.compat.v1.losses.mean_pairwise_squared_error computes something else"
    ),
    "mean_squared_error": _ORDER,
}


def advice(name: str, package: str) -> str:
    """What to do, because TensorFlow 2 has no contrib.

    Args:
        name: the function of `tf.contrib.losses`.
        package: the name of `keras_xent` in the source.
    """
    if name not in _ADVICE:
        return "see TensorFlow's guide to migrating to TensorFlow 2"
    rest = _ADVICE[name].format(name=name, package=package)
    return f"use tf_slim.losses.{name}, which is the same function{rest}"
