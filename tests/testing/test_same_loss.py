"""Right ports pass; what can't be compared is refused, not passed."""

from __future__ import annotations

import ast
import functools
from typing import Any

import numpy as np
import ports
import pytest
import tensorflow as tf
from ports import PLAIN, tf1_loss, tf1_nn

import keras_xent
from keras_xent import v1
from keras_xent.testing import assert_same_loss, cases

ONE_HOT_CASES = (*cases.UNWEIGHTED, *cases.WEIGHTED)
same = functools.partial(assert_same_loss, num_classes=ports.CLASSES, batch_size=ports.ROWS)


# Inputs of every kind are skipped. These are left: plain labels, and weights of their shape.
FEW = {**PLAIN, "skip": list(cases.KINDS)}

# Every reduction. TF1's own is smoothed here, and isn't in `test_sizes_are_free`.
SMOOTHED = "weighted_sum_by_nonzero_weights"
ARGUMENTS = [
    {"reduction": reduction, **({"label_smoothing": 0.1} if reduction == SMOOTHED else {})}
    for reduction in ports.TF1_REDUCTIONS
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

    same(tf1_loss, new, **{**FEW, "labels_gradient": True})


def test_traced_functions_are_called_too() -> None:
    @tf.function(autograph=False)
    def old(labels: Any, logits: Any, weights: Any) -> Any:
        return tf1_loss(labels, logits, weights)

    # It is traced again for every shape.
    same(old, tf1_loss, skip="rank 3", **PLAIN)
    with pytest.raises(AssertionError, match="Silent change 1,"):
        same(old, tf.keras.losses.CategoricalCrossentropy(from_logits=True), **FEW)


@pytest.mark.parametrize(("num_classes", "batch_size"), [(2, 3), (12, 6)])
def test_sizes_are_free(num_classes: int, batch_size: int) -> None:
    sizes = {"num_classes": num_classes, "batch_size": batch_size}
    assert_same_loss(tf1_loss, v1.softmax_cross_entropy, **sizes, dtypes="float32")
    with pytest.raises(AssertionError, match="Silent change 1,"):
        new = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
        assert_same_loss(tf1_loss, new, **sizes, skip="rank 3", **PLAIN)


def test_tolerances_are_free() -> None:
    def new(labels: Any, logits: Any, weights: Any) -> Any:
        return tf1_loss(labels, logits, weights) * 1.001

    same(tf1_loss, new, rtol=1e-2, **FEW)
    with pytest.raises(AssertionError):
        same(tf1_loss, new, **FEW)


def by_hand(labels: Any, logits: Any, weights: Any) -> Any:
    """The weighted mean as people write it."""
    losses = ports.each(labels, logits)
    return tf.reduce_sum(weights * losses) / tf.reduce_sum(weights)


@functools.lru_cache(maxsize=None)
def called_without(*kinds: str) -> set[Any]:
    """The inputs that a loss is called with if these kinds are skipped."""
    inputs = set()

    def loss(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
        given = (labels, logits, tf.convert_to_tensor(weights))
        inputs.add(tuple(f"{each.numpy().tolist()} {each.dtype}" for each in given))
        return tf.constant(1.0)

    same(loss, loss, skip=kinds, **PLAIN)
    return inputs


class TestSkip:
    # What a weighted mean by hand does otherwise than TF1's MEAN.
    KINDS = (
        "scalar weights",
        "all-zero weights",
        "broadcast weights",
        "weights of another rank",
    )
    MEANS = (
        functools.partial(v1.softmax_cross_entropy, reduction=keras_xent.Reduction.MEAN),
        keras_xent.CategoricalCrossentropy(from_logits=True, reduction=keras_xent.Reduction.MEAN),
    )

    @pytest.mark.parametrize("new", MEANS, ids=["v1", "class"])
    def test_a_weighted_mean_by_hand_is_tf1s_mean(self, new: Any) -> None:
        same(by_hand, new, skip=self.KINDS, **PLAIN)
        same(new, by_hand, skip=[*self.KINDS, "boolean weights", "integer weights"], **PLAIN)

    def test_a_weighted_mean_by_hand_is_not_tf1s_default(self) -> None:
        with pytest.raises(AssertionError, match="Silent change 2,"):
            same(by_hand, v1.softmax_cross_entropy, skip=self.KINDS, **PLAIN)

    def test_the_message_names_the_kinds(self) -> None:
        with pytest.raises(AssertionError) as caught:
            same(by_hand, self.MEANS[0], **PLAIN)
        text = str(caught.value)
        assert "you can skip all of them: pass" in text
        found = ast.literal_eval(text.split("pass skip=")[1].rstrip("."))
        assert sorted(found) == sorted(self.KINDS)
        assert 'a scalar weight (float32; "scalar weights"): labels [3, 5]' in text
        same(by_hand, self.MEANS[0], skip=found, **PLAIN)

    def test_a_difference_in_plain_inputs_can_not_be_skipped(self) -> None:
        with pytest.raises(AssertionError) as caught:
            same(tf1_loss, lambda y, x, w: 2 * tf1_loss(y, x, w), **FEW)
        assert "skip" not in str(caught.value)

    @pytest.mark.parametrize(
        "kind", sorted({kind for case in ONE_HOT_CASES for kind in case.kinds})
    )
    def test_each_kind_is_left_out_and_no_more(self, kind: str) -> None:
        every, others = called_without(), called_without(kind)
        left_out = sum(kind in case.kinds for case in (*cases.UNWEIGHTED, *cases.WEIGHTED))
        assert others < every
        assert len(every) - len(others) == left_out

    def test_one_may_be_given_as_it_is(self) -> None:
        def new(labels: Any, logits: Any, weights: Any = None) -> Any:
            if weights is None:
                return tf1_loss(labels, logits)
            return tf1_loss(labels, logits, weights) * (2 if weights.shape.rank == 0 else 1)

        same(tf1_loss, new, skip="scalar weights", **PLAIN)

    @pytest.mark.parametrize("skip", ["scalar", ["scalar weights", "scalars"]])
    def test_an_unknown_one_raises_an_error(self, skip: Any) -> None:
        with pytest.raises(ValueError, match=r"skip contains 'scalars?', .*'scalar weights'"):
            same(tf1_loss, tf1_loss, skip=skip)


def in_a_session(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
    arrays = [np.asarray(each) for each in (labels, logits, weights)]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return session.run(tf1_loss(*arrays))


class TestNumbers:
    """Losses that return no tensor, and losses without a gradient."""

    @pytest.mark.parametrize(
        ("number", "name"),
        [(float, "old"), (lambda value: value.numpy(), "new"), (np.asarray, "old")],
    )
    def test_a_number_is_told_and_compared_without_gradients(self, number: Any, name: str) -> None:
        def loss(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
            return number(tf1_loss(labels, logits, weights))

        pair = (loss, tf1_loss) if name == "old" else (tf1_loss, loss)
        with pytest.raises(TypeError, match=f"the {name} loss returned .* pass gradients=False"):
            same(*pair)
        same(*pair, gradients=False, dtypes=["float32", "float16", "float64"])
        wrong = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
        with pytest.raises(AssertionError, match="Silent change 1,"):
            same(loss, wrong, gradients=False, **FEW)

    def test_what_a_session_gives(self) -> None:
        with pytest.raises(TypeError, match=r"the old loss returned .*numpy\.float32"):
            same(in_a_session, v1.softmax_cross_entropy)
        same(in_a_session, v1.softmax_cross_entropy, gradients=False, **FEW)

    @pytest.mark.parametrize("result", [None, [1.0], (tf.constant(1.0), tf.constant(2.0))])
    def test_what_is_no_loss_is_told(self, result: Any) -> None:
        def loss(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
            return result

        for pair in ((loss, tf1_loss), (tf1_loss, loss)):
            with pytest.raises(TypeError, match=r"loss returned .*, not (one|a) tensor"):
                same(*pair)

    @pytest.mark.parametrize(
        ("cut", "name"),
        [(lambda value: tf.constant(value.numpy()), "old"), (tf.stop_gradient, "new")],
        ids=["numpy", "stop"],
    )
    def test_a_loss_that_is_cut_off_has_no_swapped_arguments(self, cut: Any, name: str) -> None:
        def loss(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
            return cut(tf1_loss(labels, logits, weights))

        pair = (loss, tf1_loss) if name == "old" else (tf1_loss, loss)
        with pytest.raises(AssertionError) as caught:
            same(*pair, **PLAIN)
        text = str(caught.value)
        assert f"The {name} loss has no gradient with respect to the logits" in text
        assert "No gradient:" in text
        assert "swapped" not in text
        assert "Silent change" not in text
        same(*pair, gradients=False, **FEW)

    def test_without_gradients_none_is_compared(self) -> None:
        @tf.custom_gradient
        def twice_the_gradient(tensor: Any) -> Any:
            return tf.identity(tensor), lambda gradient: 2 * gradient

        def loss(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
            return twice_the_gradient(tf1_loss(labels, logits, weights))

        same(tf1_loss, loss, gradients=False, **FEW)
        with pytest.raises(AssertionError):
            same(tf1_loss, loss, **FEW)


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
            same(unweighted, unweighted, **PLAIN)
        same(unweighted, unweighted, weights=False, **FEW)

    def test_what_the_old_one_takes_the_new_one_must(self) -> None:
        with pytest.raises(AssertionError, match="the new loss raises KeyError: 'never'"):
            same(tf1_loss, self.refuse, **FEW)

    def test_one_with_weights_and_one_without(self) -> None:
        with pytest.raises(ValueError, match="pass weights=False"):
            same(tf1_loss, tf1_nn)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"num_classes": 1},
            {"batch_size": 2},
            {"dtypes": []},
            {"dtypes": ["int32"]},
            {"labels": "sparse"},
        ],
    )
    def test_arguments_out_of_range(self, arguments: Any) -> None:
        with pytest.raises(ValueError, match=next(iter(arguments))):
            assert_same_loss(tf1_loss, tf1_loss, **{"num_classes": 5, **arguments})

    def test_a_graph(self) -> None:
        with tf.Graph().as_default(), pytest.raises(ValueError, match="needs eager execution"):
            same(tf1_loss, tf1_loss)
