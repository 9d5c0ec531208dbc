"""A call checks its arguments in order, computes in its scope, and names its result as TF1."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from keras_xent import Reduction, _verifiable
from keras_xent.v1 import calls, results

INPUTS = {"first": [1.0, 2.0], "second": 3.0}
SCOPE: dict[str, Any] = {"scope": None, "default_scope": "mine", "loss_collection": "kept"}


def product(first: tf.Tensor, second: tf.Tensor, **others: Any) -> tf.Tensor:
    with results.op_scope():
        return tf.reduce_sum(first * second)


def weighted(inputs: Any = INPUTS, compute: Any = product, **others: Any) -> Any:
    others.setdefault("reduction", "weighted_sum")
    return calls.weighted("function", compute, inputs, **{**SCOPE, **others})


def of_examples(labels: Any = (1.0, 2.0), logits: Any = (3.0, 4.0), **others: Any) -> Any:
    names = {"name": None, "default_name": "mine", "result_name": lambda scope, logits: "last"}
    return calls.of_examples(
        "function",
        lambda labels, logits, **_: labels * logits,
        labels,
        logits,
        **{**names, **others},
    )


class TestWeighted:
    def test_the_computation_gets_tensors_and_checked_arguments(self) -> None:
        seen: list[Any] = []

        def compute(first: tf.Tensor, second: tf.Tensor, **others: Any) -> tf.Tensor:
            seen.append(others)
            return first * second

        found = weighted(compute=compute, label_smoothing=-1, reduction="weighted_mean")
        assert found.numpy().tolist() == [3, 6]
        weighted(compute=compute)
        assert seen == [
            {"reduction": Reduction.MEAN, "label_smoothing": 0.0},
            {"reduction": Reduction.SUM},
        ]

    def test_the_first_wrong_argument_is_named(self) -> None:
        text = {"first": "text", "second": ["text"]}
        with pytest.raises(ValueError, match="second is None"):
            weighted({"first": "text", "second": None}, reduction="no", label_smoothing="no")
        with pytest.raises(ValueError, match="reduction is 'no'"):
            weighted(text, reduction="no", label_smoothing="no")
        with pytest.raises(TypeError, match="label_smoothing is 'no'"):
            weighted(text, label_smoothing="no")
        with pytest.raises(TypeError, match="first must contain numbers, not text"):
            weighted(text)

    def test_the_loss_is_in_the_graph_of_its_inputs(self) -> None:
        with tf.Graph().as_default() as graph:
            inputs = {"first": tf.constant([1.0, 2.0]), "second": tf.constant([3.0, 4.0])}
        with tf.Graph().as_default():
            loss = weighted(inputs)
        assert loss.graph is graph
        assert loss.op.name == "mine/Sum"

    def test_the_loss_is_named_in_its_scope_and_collected(self) -> None:
        with tf.Graph().as_default():
            losses = [
                weighted(),
                weighted(scope="other", reduction="none", label_smoothing=0.1),
                weighted(scope="other", reduction="none", label_smoothing=0.0),
                weighted(loss_collection=None),
            ]
            names = [loss.op.name for loss in losses]
            assert tf.compat.v1.get_collection("kept") == losses[:3]
        assert names == ["mine/Sum", "other/Mul_1", "other_1/Mul", "mine_1/Sum"]


class TestOfExamples:
    def test_the_losses_are_named_by_the_scope_and_the_logits(self) -> None:
        def result_name(scope: str, logits: tf.Tensor) -> str:
            return scope if logits.shape.rank == 1 else "last"

        with tf.Graph().as_default():
            names = [
                of_examples(**arguments, result_name=result_name).op.name
                for arguments in ({}, {"name": "named"}, {"logits": [[1.0, 2.0]]})
            ]
        assert names == ["mine", "named", "mine_1/last"]

    def test_the_ops_are_in_the_graph_of_the_logits(self) -> None:
        with tf.Graph().as_default() as graph:
            labels, logits = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
        with tf.Graph().as_default():
            losses = of_examples(labels, logits)
            assert losses.graph is graph
            assert losses.op.name == "mine/last"
            theirs = tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2
            assert theirs(labels=labels, logits=logits).graph is graph

    def test_the_first_wrong_argument_is_named(self) -> None:
        with pytest.raises(ValueError, match="logits is None"):
            of_examples("text", None)
        with pytest.raises(ValueError, match="labels is None"):
            of_examples(None, "text")
        with pytest.raises(TypeError, match="labels must contain numbers, not text"):
            of_examples("text", "text")
        with pytest.raises(ValueError, match="labels is None"):
            of_examples(None, None)
        with pytest.raises(TypeError, match=r"^logits must contain numbers, not text"):
            of_examples([1.0], "text")


def test_both_can_be_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def verifier(compute: Any, inputs: Any, function: str, arguments: Any) -> tf.Tensor:
        seen.append((function, len(inputs), arguments))
        return compute(*inputs) + 1

    monkeypatch.setattr(_verifiable, "_verifier", verifier)
    assert float(weighted(label_smoothing=0.5)) == 9 + 1
    assert of_examples(axis=3).numpy().tolist() == [3 + 1, 8 + 1]
    smoothed = {"reduction": Reduction.SUM, "label_smoothing": 0.5}
    assert seen == [("function", 2, smoothed), ("function", 2, {"axis": 3})]
