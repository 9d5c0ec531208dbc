"""Runs what the codemod reads and writes, and compares.

TensorFlow 2 keeps TF1's functions at `tensorflow.compat.v1`, and those of contrib in `tf_slim`: a
program that says `import tensorflow as tf` and means TF1 is run with the imports replaced.
"""

from __future__ import annotations

import re
import types
from typing import Any, Callable, Sequence

import lean_import
import modes
import numpy as np
import tensorflow as tf

with lean_import.without_optional_packages():
    import tf_slim

SHAPE = (4, 3)

# The order matters: contrib first.
_IMPORTS = (
    (r"from tensorflow\.contrib import slim", "import tf_slim as slim"),
    (r"import tensorflow\.contrib\.slim as slim", "import tf_slim as slim"),
    (r"from tensorflow\.contrib import losses", "from tf_slim import losses"),
    (r"from tensorflow\.contrib\.losses import", "from tf_slim.losses import"),
    (r"\b(?:tf|tensorflow)\.contrib\b", "contrib"),
    (r"import tensorflow as (\w+)", r"import tensorflow.compat.v1 as \1"),
    (r"import tensorflow *$", "import tensorflow.compat.v1 as tensorflow"),
    (r"from tensorflow import (?!compat)", "from tensorflow.compat.v1 import "),
    (r"from tensorflow\.(losses|nn) import", r"from tensorflow.compat.v1.\1 import"),
)
_CONTRIB = types.SimpleNamespace(losses=tf_slim.losses, slim=tf_slim)


def check_same(
    before: str,
    after: Sequence[str],
    shape: Sequence[int] = SHAPE,
    run_in: Sequence[str] = ("eager",),
    tensorflow: int = 1,
) -> None:
    """Value and gradients of `loss` are the same before and after.

    Args:
        run_in: see `modes`. Eagerly it takes a hundredth of the time.
        tensorflow: The version that the programs mean by `tensorflow`.
    """
    arrays = inputs(shape)
    for mode in run_in:
        expected = results(before, arrays, mode, tensorflow)
        assert np.any(expected[0]), "a loss of 0 compares nothing"
        for source in after:
            assert_same(results(source, arrays, mode, tensorflow), expected)


def inputs(shape: Sequence[int] = SHAPE) -> list[np.ndarray]:
    """Labels, logits, and weights of which some are 0."""
    random = np.random.RandomState(0)
    labels = np.eye(shape[-1])[random.randint(shape[-1], size=shape[:-1])]
    weights = random.uniform(0.5, 2, size=shape[:-1])
    weights *= np.arange(weights.size).reshape(weights.shape) % 3 != 1
    arrays = (labels, random.normal(size=shape) * 2, weights)
    return [array.astype(np.float32) for array in arrays]


def results(
    source: str, arrays: Sequence[np.ndarray], mode: str = "eager", tensorflow: int = 1
) -> list[np.ndarray]:
    """The value of a program's `loss`, and its gradients to labels, logits and weights."""
    loss = program(source, tensorflow)["loss"]
    gradients = _by_gradients(loss) if mode == "tf1_graph" else _by_tape(loss)
    return [np.asarray(result) for result in modes.MODES[mode](gradients, *arrays)]


def program(source: str, tensorflow: int = 1) -> dict[str, Any]:
    """What a program defines."""
    namespace: dict[str, Any] = {"contrib": _CONTRIB, "__name__": "program"}
    source = as_tf2(source) if tensorflow == 1 else source
    exec(compile(source, "program.py", "exec"), namespace)
    return namespace


def as_tf2(source: str) -> str:
    """A program that finds TF1's functions in TensorFlow 2."""
    for old, new in _IMPORTS:
        source = re.sub(old, new, source, flags=re.MULTILINE)
    return source


def assert_same(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> None:
    """The same numbers, as far as float32 goes."""
    for our, their in zip(ours, theirs):
        assert our.dtype == their.dtype
        assert our.shape == their.shape
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-6)


def _by_tape(loss: Callable[..., Any]) -> Callable[..., Any]:
    def value_and_gradients(*tensors: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = loss(*tensors)
        return [value, *tape.gradient(value, tensors, unconnected_gradients="zero")]

    return value_and_gradients


def _by_gradients(loss: Callable[..., Any]) -> Callable[..., Any]:
    def value_and_gradients(*tensors: tf.Tensor) -> list[tf.Tensor]:
        value = loss(*tensors)
        return [value, *tf.gradients(value, tensors, unconnected_gradients="zero")]

    return value_and_gradients
