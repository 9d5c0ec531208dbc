"""The modules in which TensorFlow 1 has its functions, and the ways to reach them."""

from __future__ import annotations

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
    "tensorflow.python.ops.nn_impl",
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


def canonical(qualified: str) -> str:
    """TF1's name without the detour by which a module is reached.

    `tensorflow.compat.v1.losses.X` and `tensorflow.losses.X` become the same, for TF2's
    `tensorflow.losses` has none of these functions.
    """
    for root in _TF1_ROOTS:
        if qualified == root or qualified.startswith(root + "."):
            return "tensorflow" + qualified[len(root) :]
    return qualified


def is_tensorflow(qualified: str) -> bool:
    """Whether a name is TensorFlow itself, by whichever version's names, or `tensorflow.compat`."""
    name = canonical(qualified)
    return name in ("tensorflow", "tensorflow.compat", _TF2_ROOT.rstrip("."))


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
