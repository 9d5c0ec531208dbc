"""When calls are verified."""

from __future__ import annotations

import os
import threading
from typing import Any

import processes
import pytest
import tf1

import keras_xent
from keras_xent._verification import switch
from keras_xent.testing import verify

LOGITS, LABELS = tf1.logits_of([4, 3]), tf1.one_hot_of([4, 3])


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_XENT_VERIFY", raising=False)


def test_by_default_nothing_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(*_: Any) -> None:
        raise AssertionError("verified")

    monkeypatch.setattr("keras_xent._verification.hook.verified", unwanted)
    assert not switch.wanted()
    keras_xent.v1.softmax_cross_entropy(LABELS, LOGITS)
    with verify(), pytest.raises(AssertionError, match="verified"):
        keras_xent.v1.softmax_cross_entropy(LABELS, LOGITS)


def test_it_may_be_nested_and_ends_when_the_last_one_does() -> None:
    with verify():
        with pytest.raises(KeyError), verify():
            raise KeyError
        assert switch.wanted()
    assert not switch.wanted()


def test_it_holds_in_other_threads() -> None:
    # MirroredStrategy calls the loss in threads of its own.
    seen = []
    with verify():
        thread = threading.Thread(target=lambda: seen.append(switch.wanted()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_the_variable_is_read_when_called(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("1", "true", "True", "YES", "on", " 1 "):
        monkeypatch.setenv("KERAS_XENT_VERIFY", value)
        assert switch.wanted()
    for value in ("", "0", "false", "No", "OFF", " "):
        monkeypatch.setenv("KERAS_XENT_VERIFY", value)
        assert not switch.wanted()


def test_another_value_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_XENT_VERIFY", "maybe")
    message = "KERAS_XENT_VERIFY is 'maybe', expected 1, true, yes or on to turn"
    with pytest.raises(ValueError, match=message):
        keras_xent.v1.softmax_cross_entropy(LABELS, LOGITS)


def test_that_it_was_on_is_known_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "_was_open", False)
    assert not switch.asked()
    with verify():
        pass
    assert switch.asked()
    monkeypatch.setattr(switch, "_was_open", False)
    monkeypatch.setenv("KERAS_XENT_VERIFY", "1")
    assert switch.asked()


_BROKEN = """
import tensorflow as tf
from keras_xent import ops, v1

v1.softmax_cross_entropy([[0.0, 1.0]], [[2.0, 1.0]])
right = ops.softmax_cross_entropy
ops.softmax_cross_entropy = lambda *args, **kwargs: 2 * right(*args, **kwargs)
v1.softmax_cross_entropy([[0.0, 1.0]], [[2.0, 1.0]])
"""


def test_the_variable_verifies_a_whole_process() -> None:
    done = processes.run(["-c", _BROKEN], env={**os.environ, "KERAS_XENT_VERIFY": "True"})
    assert done.returncode != 0
    assert "VerificationError" in done.stderr
    assert done.stderr.endswith("\nkeras_xent: 2 values and 0 gradients verified, 1 different\n")
