"""TF1's softmax cross entropies: where they live, what their parameters are, what they become."""

from __future__ import annotations

import dataclasses
import enum
from typing import Dict, Optional, Tuple

PACKAGE = "keras_xent"


class Function(enum.Enum):
    """A function of TF1 that the codemod knows."""

    LOSS = "softmax_cross_entropy"
    WEIGHTED = "compute_weighted_loss"
    LOGITS_V2 = "softmax_cross_entropy_with_logits_v2"
    LOGITS = "softmax_cross_entropy_with_logits"
    CONTRIB = "contrib softmax_cross_entropy"


@dataclasses.dataclass(frozen=True)
class Signature:
    """How a function is called.

    Args:
        parameters: All of them, in the order of positional arguments.
        labels: Which of them are the labels; None if it takes none.
        port: The function of `keras_xent.v1` that does the same.
    """

    parameters: Tuple[str, ...]
    labels: Optional[str]
    port: str


SIGNATURES: Dict[Function, Signature] = {
    Function.LOSS: Signature(
        (
            "onehot_labels",
            "logits",
            "weights",
            "label_smoothing",
            "scope",
            "loss_collection",
            "reduction",
        ),
        "onehot_labels",
        "softmax_cross_entropy",
    ),
    Function.WEIGHTED: Signature(
        ("losses", "weights", "scope", "loss_collection", "reduction"),
        None,
        "compute_weighted_loss",
    ),
    Function.LOGITS_V2: Signature(
        ("labels", "logits", "axis", "name", "dim"),
        "labels",
        "softmax_cross_entropy_with_logits_v2",
    ),
    Function.LOGITS: Signature(
        ("_sentinel", "labels", "logits", "dim", "name", "axis"),
        "labels",
        "softmax_cross_entropy_with_logits_v2",
    ),
    # Its fourth and fifth arguments agree with Function.LOSS, which has two more.
    Function.CONTRIB: Signature(
        ("logits", "onehot_labels", "weights", "label_smoothing", "scope"),
        "onehot_labels",
        "softmax_cross_entropy",
    ),
}

# Modules below `tensorflow` that are the whole of TF1's names again.
_TF1_ROOTS = (
    "tensorflow.compat.v1.compat.v2.compat.v1",
    "tensorflow.compat.v2.compat.v1",
    "tensorflow.compat.v1.compat.v1",
    "tensorflow.compat.v1",
    "tensorflow._api.v1.compat.v1",
    "tensorflow._api.v1",
    "tensorflow._api.v2.compat.v1",
    "tensorflow_core.compat.v1",
    "tensorflow_core",
)
_TF2_ROOT = "tensorflow.compat.v2."

LOSSES_MODULES = (
    "tensorflow.losses",
    "tensorflow.python.ops.losses.losses",
    "tensorflow.python.ops.losses.losses_impl",
)
NN_MODULES = (
    "tensorflow.nn",
    "tensorflow.python.ops.nn",
    "tensorflow.python.ops.nn_ops",
)
CONTRIB_LOSSES_MODULES = (
    "tensorflow.contrib.losses",
    "tensorflow.contrib.losses.python.losses",
    "tensorflow.contrib.losses.python.losses.loss_ops",
    "tensorflow.contrib.slim.losses",
    "tensorflow.contrib.slim.python.slim.losses",
    "tf_slim.losses",
    "tf_slim.losses.loss_ops",
)

_FUNCTIONS: Dict[str, Function] = {
    **{f"{module}.softmax_cross_entropy": Function.LOSS for module in LOSSES_MODULES},
    **{f"{module}.compute_weighted_loss": Function.WEIGHTED for module in LOSSES_MODULES},
    **{
        f"{module}.{function.value}": function
        for module in NN_MODULES
        for function in (Function.LOGITS_V2, Function.LOGITS)
    },
    **{f"{module}.softmax_cross_entropy": Function.CONTRIB for module in CONTRIB_LOSSES_MODULES},
}

_PORTED: Dict[str, Function] = {
    f"{PACKAGE}.v1.{function.value}": function
    for function in (Function.LOSS, Function.WEIGHTED, Function.LOGITS_V2)
}

# TF1's constants, and the strings that they are.
REDUCTIONS = {
    "NONE": "none",
    "SUM": "weighted_sum",
    "MEAN": "weighted_mean",
    "SUM_OVER_BATCH_SIZE": "weighted_sum_over_batch_size",
    "SUM_BY_NONZERO_WEIGHTS": "weighted_sum_by_nonzero_weights",
    "SUM_OVER_NONZERO_WEIGHTS": "weighted_sum_by_nonzero_weights",
}

# Last parts of names that a place of interest ends with.
FUNCTION_NAMES = frozenset(name.rsplit(".", 1)[1] for name in _FUNCTIONS)


def canonical(qualified: str) -> str:
    """TF1's name without the detour by which a module is reached.

    `tensorflow.compat.v1.losses.X` and `tensorflow.losses.X` become the same, for TF2's
    `tensorflow.losses` has none of these functions.
    """
    for root in _TF1_ROOTS:
        if qualified == root or qualified.startswith(root + "."):
            return "tensorflow" + qualified[len(root) :]
    return qualified


def is_tf2(qualified: str) -> bool:
    """Whether a name is reached through `tensorflow.compat.v2`."""
    return canonical(qualified).startswith(_TF2_ROOT)


def is_tf1(qualified: str) -> bool:
    """Whether a name is certainly TF1's.

    It is reached through `tensorflow.compat.v1`, or is a Python function of TensorFlow's own
    modules, which keep TF1's functions under TF1's names.
    """
    if is_tf2(qualified):
        return False
    return canonical(qualified) != qualified or qualified.startswith("tensorflow.python.")


def tf1_function(qualified: str) -> Optional[Function]:
    """The function of TF1 that a qualified name is."""
    return None if is_tf2(qualified) else _FUNCTIONS.get(canonical(qualified))


def ported_function(qualified: str) -> Optional[Function]:
    """The function that a name of `keras_xent.v1` stands for."""
    return _PORTED.get(qualified)


def reduction_of(qualified: str) -> Optional[str]:
    """The member's name, if a qualified name is one of TF1's reduction constants."""
    name = canonical(qualified)
    for module in LOSSES_MODULES:
        if name.startswith(f"{module}.Reduction."):
            member = name.rsplit(".", 1)[1]
            return member if member in REDUCTIONS else None
    return None
