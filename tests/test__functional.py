"""Calls on KerasTensors of Keras 2 become layers, as calls of TF1's own functions do."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Callable, Sequence

import numpy as np
import pytest
import tensorflow as tf
import tf1

from keras_xent import CategoricalCrossentropy, v1
from keras_xent._keras import IS_KERAS_3

keras = tf.keras
only_keras_2 = pytest.mark.skipif(IS_KERAS_3, reason="about Keras 2")

X = np.random.default_rng(0).normal(size=(4, 3)).astype("f")
Y = np.random.default_rng(1).dirichlet(np.ones(3), 4).astype("f")
W = np.float32([1, 0, 2, 0.5])

# From functions, labels, logits and weights to a loss.
CALLS: dict[str, Callable[..., Any]] = {
    "positional": lambda f, y, z, w: f.softmax_cross_entropy(y, z, w, 0.1),
    "keywords": lambda f, y, z, w: f.softmax_cross_entropy(
        weights=w, logits=z, onehot_labels=y, reduction="weighted_mean"
    ),
    "constant labels": lambda f, y, z, w: f.softmax_cross_entropy(tf.constant(Y), z, W),
    "numpy weights": lambda f, y, z, w: f.softmax_cross_entropy(y, z, W, scope="scope"),
    "a list of weights": lambda f, y, z, w: f.softmax_cross_entropy(y, z, W.tolist()),
    "losses, then weights": lambda f, y, z, w: f.compute_weighted_loss(
        f.softmax_cross_entropy_with_logits_v2(labels=y, logits=z), w, reduction="weighted_sum"
    ),
    "sparse": lambda f, y, z, w: f.sparse_softmax_cross_entropy(tf.argmax(y, 1), z, w),
    "sigmoid": lambda f, y, z, w: f.sigmoid_cross_entropy(y, z, w[:, None], label_smoothing=0.1),
    "old, sparse and sigmoid nn": lambda f, y, z, w: (
        tf.reduce_sum(f.softmax_cross_entropy_with_logits(labels=y, logits=z))
        + tf.reduce_sum(f.sigmoid_cross_entropy_with_logits(labels=y, logits=z, name="named"))
        + tf.reduce_sum(
            f.sparse_softmax_cross_entropy_with_logits(labels=tf.argmax(y, 1), logits=z)
        )
    ),
    "float64": lambda f, y, z, w: f.softmax_cross_entropy(y, tf.cast(z, tf.float64), w),
}


def model_of(functions: Any, names: Sequence[str] = tuple(CALLS)) -> Any:
    """A linear layer's losses, as outputs and in `add_loss`."""
    x, y, w = keras.Input([3]), keras.Input([3]), keras.Input([])
    linear = keras.layers.Dense(3, use_bias=False, kernel_initializer="identity")
    losses = [CALLS[name](functions, y, linear(x), w) for name in names]
    model = keras.Model([x, y, w], losses)
    # Different coefficients, so that wrong gradients can't cancel out.
    terms = [(1 + n) * tf.cast(loss, tf.float32) for n, loss in enumerate(losses)]
    model.add_loss(tf.add_n(terms))
    model.compile(keras.optimizers.SGD(0.01))
    return model


@only_keras_2
def test_a_functional_model_computes_and_trains_as_with_tf1s() -> None:
    ours, theirs = (model_of(functions) for functions in (v1, tf1.THEIRS))
    inputs = [tf.constant(array) for array in (X, Y, W)]
    for name, found, expected in zip(CALLS, ours(inputs), theirs(inputs)):
        assert found.dtype == expected.dtype, name
        np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=name)
    for model in (ours, theirs):
        model.fit([X, Y, W], batch_size=4, shuffle=False, verbose=0)
    trained = ours.get_weights()[0]
    assert np.abs(trained - np.eye(3)).max() > 0.1
    np.testing.assert_allclose(trained, theirs.get_weights()[0], rtol=1e-5, atol=1e-6)


@only_keras_2
@pytest.mark.parametrize("extension", [".h5", ".keras"])
def test_they_are_saved_and_loaded(extension: str, tmp_path: Path) -> None:
    if extension == ".keras" and not hasattr(keras.models.Model, "export"):
        pytest.skip("this Keras 2 has no such format")
    # Both formats save a layer's config.
    names = list(CALLS) if extension == ".h5" else ["a list of weights", "sparse"]
    model = model_of(v1, names)
    path = str(tmp_path / f"model{extension}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that .h5 is legacy
        model.save(path)
    loaded = keras.models.load_model(path)
    inputs = [tf.constant(array) for array in (X, Y, W)]
    for name, found, expected in zip(names, loaded(inputs), model(inputs)):
        np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=name)


def masked(loss: Any, x: Any, y: Any, w: Any) -> Any:
    return loss(y, keras.layers.Masking()(x), w)


@only_keras_2
@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "none"])
@pytest.mark.parametrize("from_logits", [True, False])
def test_a_loss_object_is_keras_s_with_mask_and_weights(reduction: str, from_logits: bool) -> None:
    arguments = {"from_logits": from_logits, "reduction": reduction}
    x, y, w = keras.Input([2, 3]), keras.Input([2, 3]), keras.Input([2])
    ours = keras.Model([x, y, w], masked(CategoricalCrossentropy(**arguments), x, y, w))
    sequences = np.stack([X, X * 2], 1)
    sequences[1, 1] = 0.0
    weights = np.stack([W, 1 - W], 1)
    inputs = [tf.constant(array) for array in (sequences, np.stack([Y, Y], 1), weights)]
    # Eagerly: Keras's own fails in a model, as a layer's mask is no KerasTensor of the model.
    theirs = masked(keras.losses.CategoricalCrossentropy(**arguments), *inputs)
    np.testing.assert_allclose(ours(inputs), theirs, rtol=1e-5, atol=1e-6)


@only_keras_2
def test_a_saved_model_loads_with_a_loss_object_and_a_function(tmp_path: Path) -> None:
    x, y = keras.Input([3]), keras.Input([3])
    loss = CategoricalCrossentropy(from_logits=True, reduction="sum_by_nonzero_weights")
    sparse = v1.sparse_softmax_cross_entropy(tf.argmax(y, 1), x, W.tolist())
    model = keras.Model([x, y], [loss(y, x, sample_weight=W), sparse])
    path = str(tmp_path / "model")
    model.save(path)
    found, found_sparse = keras.models.load_model(path)([tf.constant(X), tf.constant(Y)])
    losses = tf.compat.v1.losses
    np.testing.assert_allclose(found, losses.softmax_cross_entropy(Y, X, W), rtol=1e-6)
    expected_sparse = losses.sparse_softmax_cross_entropy(Y.argmax(1), X, W)
    np.testing.assert_allclose(found_sparse, expected_sparse, rtol=1e-6)


@only_keras_2
def test_a_model_with_a_variable_says_that_it_can_not_be_saved(tmp_path: Path) -> None:
    x = keras.Input([3])
    model = keras.Model(x, v1.softmax_cross_entropy(tf.constant(Y), x, tf.Variable(W)))
    with pytest.raises(ValueError, match="weights is the variable"):
        model.get_config()


@pytest.mark.skipif(not IS_KERAS_3, reason="about Keras 3")
def test_keras_3_raises_tf1s_error() -> None:
    x = keras.Input([3])
    for functions in (tf1.OURS, tf1.THEIRS):
        with pytest.raises(ValueError, match="A KerasTensor cannot be used as input"):
            functions.softmax_cross_entropy(tf.constant(Y), x)
