"""Random calls of the ops, always the same: `python -m fuzz.raw_ops` makes more of them."""

from __future__ import annotations

import ctypes

import pytest
import tensorflow as tf

from keras_xent.ops import library

if library.problem() is not None:
    pytest.skip(str(library.problem()), allow_module_level=True)

if not hasattr(ctypes.CDLL(None), "mallinfo2"):
    pytest.skip("it needs glibc 2.33 or later", allow_module_level=True)

from fuzz import memory, raw_ops


def test_what_holds_for_random_calls() -> None:
    values = raw_ops.run(300, seed=1)
    assert 100 < values < 250


def test_the_same_seed_makes_the_same_calls() -> None:
    first, second = raw_ops.Maker(1), raw_ops.Maker(1)
    calls = [str(first.next()[1]) for _ in range(50)]
    assert calls == [str(second.next()[1]) for _ in range(50)]
    ops = {call.split("(")[0] for call in calls}
    assert len(ops) > 10
    assert all(op.startswith("KerasXent>") for op in ops)


def call(dtype: tf.DType = tf.float32) -> raw_ops.Call:
    return raw_ops.Call("op", {"x": tf.constant([1, 2], dtype)}, {})


@pytest.mark.parametrize("error", [RuntimeError("x"), tf.errors.InternalError(None, None, "x")])
def test_another_error_is_found_out(error: Exception) -> None:
    def fail(x: tf.Tensor) -> tf.Tensor:
        raise error

    with pytest.raises(raw_ops.FoundError, match=type(error).__name__):
        raw_ops.check(fail, call(), in_graph=False)


def test_an_op_that_has_another_shape_in_a_graph_is_found_out() -> None:
    def grow(x: tf.Tensor) -> tf.Tensor:
        return x if tf.executing_eagerly() else tf.zeros([7])

    with pytest.raises(raw_ops.FoundError, match="in a graph"):
        raw_ops.check(grow, call(), in_graph=True)


def test_an_op_that_only_fails_in_a_graph_is_found_out() -> None:
    def fail(x: tf.Tensor) -> tf.Tensor:
        if not tf.executing_eagerly():
            raise ValueError("x")
        return x

    with pytest.raises(raw_ops.FoundError, match="but not in a graph"):
        raw_ops.check(fail, call(), in_graph=True)


def test_calls_of_one_kernel() -> None:
    assert call().kernel == call().kernel
    assert call().kernel != call(tf.int64).kernel


def test_the_memory_of_many_calls_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter(range(100, 10**9, 10))
    monkeypatch.setattr(memory, "used_bytes", lambda: next(sizes))
    monkeypatch.setattr(memory, "lost_by_tensorflow", lambda *counts: 0)
    monkeypatch.setattr(raw_ops, "_ENOUGH_TO_MEASURE", 5)
    with pytest.raises(raw_ops.FoundError, match="memory has grown by"):
        raw_ops.run(9, seed=1)


def test_what_a_call_did() -> None:
    function = library.load().ops.keras_xent_softmax_cross_entropy
    right = raw_ops.Call("op", {"logits": tf.zeros([2, 3]), "labels": tf.zeros([2, 3])}, {})

    def outcome(**inputs: tf.Tensor) -> raw_ops.Outcome:
        attributes = {"axis": -1, "reduction": "sum"}
        more = {"weights": tf.ones([]), "label_smoothing": tf.zeros([], tf.float64)}
        call = raw_ops.Call("op", {**right.inputs, **more, **inputs}, attributes)
        return raw_ops.check(function, call, in_graph=False)

    assert outcome() == ("value", 0)
    wrong = outcome(labels=tf.zeros([2, 2]))
    assert wrong.kind == "kernel's error"
    assert 20 < wrong.length < 300
    assert outcome(labels=tf.zeros([2, 3], tf.int32)) == ("error", 0)
