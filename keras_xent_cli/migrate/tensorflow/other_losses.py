"""`tf.losses` functions that aren't cross entropies, and their loss of each element."""

from __future__ import annotations

# By name, what TF1 passes to compute_weighted_loss; "" if it weights in another way.
OTHER_LOSSES: dict[str, str] = {
    "absolute_difference": "tf.abs(predictions - labels)",
    "cosine_distance": "1 - tf.reduce_sum(labels * predictions, axis, keepdims=True)",
    "hinge_loss": "tf.nn.relu(1 - (2 * labels - 1) * logits)",
    "huber_loss": (
        "0.5 * tf.minimum(e, delta) ** 2 + delta * (e - tf.minimum(e, delta)) with "
        "e = tf.abs(predictions - labels)"
    ),
    "log_loss": (
        "-labels * tf.math.log(predictions + 1e-7) "
        "- (1 - labels) * tf.math.log(1 - predictions + 1e-7)"
    ),
    "mean_pairwise_squared_error": "",
    "mean_squared_error": "tf.math.squared_difference(predictions, labels)",
}

# TF2's `tf.losses` has Keras's function of that name.
ALSO_IN_TF2 = frozenset({"mean_squared_error"})
