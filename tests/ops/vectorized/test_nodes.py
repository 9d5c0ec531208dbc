"""The nodes that are ours are found in a graph, in a loaded one too; others stay as they are."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1
from mapped_losses import (
    ARRAYS,
    OURS,
    all_losses,
    assert_theirs,
    gradients,
    mapped,
    of_the_map,
)

import keras_xent


class Module(tf.Module):
    """A loss as a SavedModel has it."""

    @tf.function(
        input_signature=[tf.TensorSpec([3, 5])] * 2 + [tf.TensorSpec([3])], autograph=False
    )
    def loss(self, labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """TF1's default, with smoothing."""
        return OURS["v1, sum_by_nonzero_weights"](labels, logits, weights)


@pytest.mark.filterwarnings("ignore")
def test_a_loss_of_a_saved_model(tmp_path: Path) -> None:
    tf.saved_model.save(Module(), str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    name = "v1, sum_by_nonzero_weights"
    assert_theirs(of_the_map, modes.traced(all_losses(of_the_map, {name: loaded.loss}), *ARRAYS))


@pytest.mark.filterwarnings("ignore")
def test_a_saved_model_that_maps_the_loss_has_its_gradient(tmp_path: Path) -> None:
    name = "v1, sum_by_nonzero_weights"
    specs = [tf.TensorSpec(array.shape, tf.float32) for array in ARRAYS]
    module = tf.Module()
    module.run = tf.function(
        functools.partial(mapped, OURS[name]), input_signature=specs, autograph=False
    )
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    tensors = [tf.constant(array, tf.float32) for array in ARRAYS]
    assert_theirs(of_the_map, {name: gradients(name, loaded.run, *tensors)})


def test_other_nodes_are_converted_as_before() -> None:
    @tf.custom_gradient
    def tripled(x: tf.Tensor) -> Any:
        return tf.identity(x), lambda grad: 3 * grad

    def run(x: tf.Tensor) -> tf.Tensor:
        first, second = tf.identity_n([x, 2 * x])
        chosen = tf.switch_case(tf.constant(1), [lambda: first, lambda: second])
        return tripled(chosen) + first

    x = tf.constant([1.0, 2.0])
    np.testing.assert_array_equal(mapped(run, x), [3.0, 6.0])


def test_a_smoothing_that_is_not_known_when_the_graph_is_built_raises_an_error() -> None:
    if not tf1.has_native():
        pytest.skip("without the native library")
    op = keras_xent.ops.library.load().ops.keras_xent_unreduced_softmax_cross_entropy
    labels, logits, weights = (tf.constant(array, tf.float32) for array in ARRAYS)
    smoothing = tf.constant([0.0, 0.1, 0.2, 0.3], tf.float64)
    with pytest.raises(ValueError, match=r"label_smoothing of .* is not a constant"):
        mapped(lambda y, x, w, s: op(x, y, w, s), labels, logits, weights, smoothing)
