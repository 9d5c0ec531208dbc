"""Right ports pass; what can't be compared is refused, not passed."""

from __future__ import annotations

import functools
from typing import Any

import ports
import pytest
import tensorflow as tf
from ports import PLAIN, tf1_loss, tf1_nn

import keras_xent
from keras_xent import v1
from keras_xent.testing import assert_same_loss

same = functools.partial(assert_same_loss, num_classes=ports.CLASSES)


# Every reduction, and one of them with smoothing.
ARGUMENTS = [
    *({"reduction": reduction} for reduction in ports.TF1_REDUCTIONS),
    {"label_smoothing": 0.1},
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_v1_is_tf1_in_everything(arguments: Any) -> None:
    same(
        functools.partial(tf1_loss, **arguments),
        functools.partial(v1.softmax_cross_entropy, **arguments),
    )


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_the_keras_loss_is_tf1s_for_plain_programs(arguments: Any) -> None:
    new = keras_xent.CategoricalCrossentropy(
        from_logits=True, **{"reduction": "sum_by_nonzero_weights", **arguments}
    )
    same(functools.partial(tf1_loss, **arguments), new, **PLAIN)


def test_the_nn_function_is_v1s_and_kerass_unreduced() -> None:
    same(tf1_nn, v1.softmax_cross_entropy_with_logits_v2)
    new = keras_xent.CategoricalCrossentropy(from_logits=True, reduction="none")
    # Labels have a gradient in both.
    same(tf1_nn, new, weights=False, dtypes="float32", softmax_output=False)


def test_a_stopped_gradient_is_what_the_message_asks_for() -> None:
    loss = keras_xent.CategoricalCrossentropy(from_logits=True, reduction="sum_by_nonzero_weights")

    def new(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return loss(tf.stop_gradient(y_true), y_pred, sample_weight)

    same(tf1_loss, new, dtypes=["float32"], softmax_output=False)


def test_traced_functions_are_called_too() -> None:
    @tf.function(autograph=False)
    def old(labels: Any, logits: Any, weights: Any) -> Any:
        return tf1_loss(labels, logits, weights)

    same(old, tf1_loss, **PLAIN)
    with pytest.raises(AssertionError, match="Pitfall 1,"):
        same(old, tf.keras.losses.CategoricalCrossentropy(from_logits=True), **PLAIN)


@pytest.mark.parametrize(("num_classes", "batch_size"), [(2, 3), (12, 6)])
def test_sizes_are_free(num_classes: int, batch_size: int) -> None:
    sizes = {"num_classes": num_classes, "batch_size": batch_size}
    assert_same_loss(tf1_loss, v1.softmax_cross_entropy, **sizes)
    with pytest.raises(AssertionError, match="Pitfall 1,"):
        new = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
        assert_same_loss(tf1_loss, new, **sizes, **PLAIN)


def test_tolerances_are_free() -> None:
    def new(labels: Any, logits: Any, weights: Any) -> Any:
        return tf1_loss(labels, logits, weights) * 1.001

    same(tf1_loss, new, rtol=1e-2, **PLAIN)
    with pytest.raises(AssertionError):
        same(tf1_loss, new, **PLAIN)


class TestRefusals:
    def refuse(self, labels: Any, logits: Any, weights: Any = None) -> Any:
        raise KeyError("never")

    def test_nothing_compared_is_no_pass(self) -> None:
        with pytest.raises(ValueError, match=r"nothing was compared.*KeyError"):
            same(self.refuse, tf1_loss)

    def test_nothing_compared_with_weights_is_no_pass(self) -> None:
        def unweighted(labels: Any, logits: Any, weights: Any = None) -> Any:
            if weights is not None:
                raise KeyError("weights")
            return tf1_loss(labels, logits)

        with pytest.raises(ValueError, match="every call with weights"):
            same(unweighted, unweighted)
        same(unweighted, unweighted, weights=False)

    def test_what_the_old_one_takes_the_new_one_must(self) -> None:
        with pytest.raises(AssertionError, match="the new loss raises KeyError: 'never'"):
            same(tf1_loss, self.refuse, **PLAIN)

    def test_one_with_weights_and_one_without(self) -> None:
        with pytest.raises(ValueError, match="say weights=False"):
            same(tf1_loss, tf1_nn)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"num_classes": 1},
            {"batch_size": 2},
            {"dtypes": []},
            {"dtypes": ["int32"]},
        ],
    )
    def test_arguments_out_of_range(self, arguments: Any) -> None:
        with pytest.raises(ValueError, match=next(iter(arguments))):
            assert_same_loss(tf1_loss, tf1_loss, **{"num_classes": 5, **arguments})

    def test_a_graph(self) -> None:
        with tf.Graph().as_default(), pytest.raises(ValueError, match="eagerly"):
            same(tf1_loss, tf1_loss)
