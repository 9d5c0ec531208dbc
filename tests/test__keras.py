"""What both Kerases have in common, and every private name of theirs that is used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import _keras

keras = tf.keras


def test_which_keras_it_is() -> None:
    version = getattr(keras, "__version__", None)
    if version is None:
        # The module of tf_keras, and of TensorFlow 2.15's Keras, has none. Keras 3 has `ops`.
        assert not hasattr(keras, "ops")
        assert not _keras.IS_KERAS_3
    else:
        assert version.startswith("3.") == _keras.IS_KERAS_3


def test_the_base_is_this_keras_s_loss() -> None:
    assert issubclass(_keras.LossBase, keras.losses.Loss)
    module = "_keras3" if _keras.IS_KERAS_3 else "_keras2"
    assert _keras.LossBase.__module__ == f"keras_xent.{module}"


def test_autograph_s_names_exist() -> None:
    autograph = tf.__internal__.autograph
    assert callable(autograph.tf_convert)
    assert callable(autograph.control_status_ctx)


def branching(x: tf.Tensor) -> tf.Tensor:
    if tf.reduce_sum(x) > 0:
        x = x * 2
    return x


def test_autographed_follows_the_function_that_it_is_called_in() -> None:
    def run(x: tf.Tensor) -> tf.Tensor:
        return _keras.autographed(branching)(x)

    assert float(tf.function(run)(tf.constant(1.0))) == 2
    with pytest.raises(TypeError, match="bool"):
        tf.function(run, autograph=False)(tf.constant(1.0))


def test_keras_s_layers_leave_their_mask_on_their_output() -> None:
    embedding = keras.layers.Embedding(3, 2, mask_zero=True)
    mask = _keras.mask_of(embedding(tf.constant([[1, 2, 0]])))
    np.testing.assert_array_equal(mask, [[True, True, False]])


def test_other_tensors_have_no_mask() -> None:
    assert _keras.mask_of(tf.ones([2])) is None
    assert _keras.mask_of(np.ones(2)) is None
    assert _keras.mask_of([1.0]) is None


def test_masks_merge() -> None:
    one, other = tf.constant([True, True, False]), tf.constant([1.0, 0.0, 1.0])
    assert _keras.merge_masks(None, None) is None
    assert _keras.merge_masks(one, None) is one
    assert _keras.merge_masks(None, other) is other
    np.testing.assert_array_equal(_keras.merge_masks(one, other), [True, False, False])


def test_a_mask_of_samples_merges_with_one_of_elements() -> None:
    samples, each = tf.constant([True, False]), tf.constant([[True, False], [True, True]])
    expected = [[True, False], [False, False]]
    np.testing.assert_array_equal(_keras.merge_masks(samples, each), expected)
    np.testing.assert_array_equal(_keras.merge_masks(each, samples), expected)


def test_probabilities_beside_class_ids_become_logits_as_keras_s() -> None:
    probabilities = tf.constant([[0.0, 0.5, 1.0]])
    logits = _keras.clipped_log(probabilities)
    for label in range(3):
        value = tf.nn.sparse_softmax_cross_entropy_with_logits([label], logits)
        expected = keras.losses.sparse_categorical_crossentropy(
            tf.constant([label]), probabilities
        )
        np.testing.assert_array_equal(value, expected)


def test_binary_probabilities_are_keras_s_to_judge() -> None:
    labels, probabilities = tf.constant([[1.0, 0.0, 0.3]]), tf.constant([[0.9, 0.2, 1.0]])
    value = _keras.binary_probability_crossentropy(labels, probabilities)
    expected = keras.losses.binary_crossentropy(labels[..., None], probabilities[..., None])
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_placeholders() -> None:
    assert _keras.is_placeholder(keras.Input((3,)))
    assert _keras.is_placeholder(keras.layers.Dense(2)(keras.Input((3,))))
    for value in (tf.ones([2]), tf.Variable(1.0), np.ones(2), [1.0], None):
        assert not _keras.is_placeholder(value)


def test_registering_makes_a_class_known_under_the_package_s_name() -> None:
    @_keras.register_serializable
    class Registered:
        def get_config(self) -> Any:
            return {}

    assert keras.utils.get_registered_object("keras_xent>Registered") is Registered


@pytest.mark.parametrize("axis", [-1, 1])
def test_probabilities_are_keras_s_to_judge(axis: int) -> None:
    rng = np.random.default_rng(0)
    labels = tf.constant(rng.dirichlet(np.ones(3), (4, 3)), tf.float32)
    probabilities = tf.constant(rng.uniform(0.1, 1, (4, 3, 3)), tf.float32)
    value = _keras.probability_crossentropy(labels, probabilities, axis)
    normal = probabilities / tf.reduce_sum(probabilities, axis, keepdims=True)
    expected = -tf.reduce_sum(labels * tf.math.log(normal), axis)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
