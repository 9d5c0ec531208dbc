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

from fuzz import raw_ops


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


def test_growing_memory_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter(range(100, 10**9, 10))
    monkeypatch.setattr(raw_ops, "used_bytes", lambda: next(sizes))
    monkeypatch.setattr(raw_ops, "_lost_per_error", lambda calls: (0.0, 0))
    monkeypatch.setattr(raw_ops, "_ENOUGH_TO_MEASURE", 5)
    with pytest.raises(raw_ops.FoundError, match="memory has grown by"):
        raw_ops.run(9, seed=1)


def test_an_error_that_loses_more_than_tensorflows_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(raw_ops, "_SAMPLE", 20)
    kept = []

    def leak() -> None:
        kept.append(tf.zeros([1000]))
        raise tf.errors.InvalidArgumentError(None, None, "x")

    with pytest.raises(raw_ops.FoundError, match=r"an error loses 4\d{3} bytes"):
        raw_ops._check_memory(10**9, 10**9, 1, [leak] * 20, lambda line: None)
