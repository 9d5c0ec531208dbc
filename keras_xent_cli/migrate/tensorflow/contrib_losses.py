"""The losses of contrib that are no cross entropies, and where they are in TensorFlow 2.

The package tf_slim has them as they were. TF1's own functions of the same names have another order
of arguments, other weights, and some compute something else.
"""

from __future__ import annotations

_ORDER = (
    "; tf.compat.v1.losses.{name} computes the same with labels= and predictions= (it takes the "
    "labels first), and without weights or with weights that are a number or have its losses' "
    "dimensions"
)
_COLLECTION = "; tf.compat.v1.losses.{name} takes the same arguments, of the same collection"

# By name, what else is to be said beside that tf_slim has it.
_ADVICE = {
    "absolute_difference": _ORDER,
    "add_loss": _COLLECTION,
    "compute_weighted_loss": (
        "; {package}.v1.compute_weighted_loss computes the same without weights, or with weights "
        "that are a number or have the losses' dimensions, all of them"
    ),
    "cosine_distance": _ORDER + ", of which the one of axis is 1",
    "get_losses": _COLLECTION,
    "get_regularization_losses": _COLLECTION,
    "get_total_loss": _COLLECTION,
    "hinge_loss": (
        "; tf.compat.v1.losses.hinge_loss takes the labels first, averages and joins the loss "
        "collection: give it labels=, logits=, loss_collection=None and "
        "reduction=tf.compat.v1.losses.Reduction.NONE"
    ),
    "log_loss": _ORDER,
    "mean_pairwise_squared_error": (
        "; tf.compat.v1.losses.mean_pairwise_squared_error computes something else"
    ),
    "mean_squared_error": _ORDER,
}


def advice(name: str, package: str) -> str:
    """What to do where TensorFlow 2 has no contrib.

    Args:
        name: The function of `tf.contrib.losses`.
        package: How the source spells `keras_xent`.
    """
    if name not in _ADVICE:
        return "see TensorFlow's guide to its version 2"
    rest = _ADVICE[name].format(name=name, package=package)
    return f"take tf_slim.losses.{name}, which is the same function{rest}"
