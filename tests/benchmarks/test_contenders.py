"""Every contender computes TF1's loss and gradient."""

from __future__ import annotations

import functools
import json
from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from benchmarks import contenders
from benchmarks.benchmark import Options, Recorder
from benchmarks.setups import LOSSES, SIGMOID, SPARSE, Setup
from keras_xent.ops import library
from keras_xent.ops.dispatch import Dispatched

SETUPS = [Setup((12, 7)), Setup((12, 7), soft_labels=True), Setup((12, 7), "float64")]
FAMILY = [
    Setup((12, 7), loss=loss, label_smoothing=smoothing)
    for loss in (SPARSE, SIGMOID)
    for smoothing in (0.0, 0.1)
]


def results(module: str, setup: Setup, traced: bool = True) -> tuple[Any, Any, Any]:
    """Loss, gradient, and the loss of an evaluation."""
    contender = contenders.load(module)
    inputs = contender.inputs(setup)
    training, evaluation = contender.training(setup), contender.evaluation(setup)
    if traced:
        training, evaluation = contender.traced(training), contender.traced(evaluation)
    return (*training(*inputs), evaluation(*inputs))


@functools.lru_cache(maxsize=None)
def expected_results(setup: Setup) -> tuple[Any, Any, Any]:
    return results("v1", setup, traced=False)


def assert_equal(found: tuple[Any, Any, Any], setup: Setup, factor: float = 1.0) -> None:
    for one, other in zip(found, expected_results(setup)):
        np.testing.assert_allclose(np.asarray(one) * factor, other, rtol=1e-5, atol=1e-7)


def skip_without_native(module: str) -> None:
    if module == "ours_native" and library.problem() is not None:
        pytest.skip("needs the native library")


ALONG_1 = Setup((2, 5, 3, 3), axis=1)
# What the others compute is in tests/ops and tests/v1. A trace doesn't depend on the setup.
CASES = [("ours", setup, True) for setup in (SETUPS[0], FAMILY[1], FAMILY[3], ALONG_1)]
CASES += [("ours", setup, False) for setup in (*SETUPS[1:], FAMILY[0], FAMILY[2])]
CASES += [("ours_v1", ALONG_1, True), ("ours_v1", FAMILY[1], False), ("ours_v1", FAMILY[3], False)]
# These differ from "ours" and "v1" in how they run a step of any setup.
CASES += [("ours_native", FAMILY[1], True), ("ours_portable", FAMILY[3], True)]
CASES += [("ours_xla", ALONG_1, True), ("v1_xla", FAMILY[3], True)]


@pytest.mark.parametrize(("module", "setup", "traced"), CASES, ids=str)
def test_tensorflows(module: str, setup: Setup, traced: bool) -> None:
    skip_without_native(module)
    assert_equal(results(module, setup, traced), setup)


@pytest.mark.parametrize(
    ("module", "dtype"), [("ours_portable", "float16"), ("ours_xla", "bfloat16")]
)
def test_half_precision(module: str, dtype: str) -> None:
    setup = Setup((12, 7), dtype)
    if tf.as_dtype(dtype).as_numpy_dtype is not setup.logits().dtype.type:
        pytest.skip("TensorFlow 2.12 has a bfloat16 of its own for numpy")
    eps = 2.0**-7 if dtype == "bfloat16" else 2.0**-10
    for one, other in zip(results(module, setup), expected_results(setup)):
        assert one.dtype == other.dtype == dtype
        one, other = [np.asarray(tf.cast(tensor, "float64")) for tensor in (one, other)]
        np.testing.assert_allclose(one, other, rtol=8 * eps, atol=eps)


def native_and_portable_ops(module: str) -> tuple[bool, bool]:
    """Whether a traced step has native ops, and others that compute exponentials."""
    setup = SETUPS[0]
    contender = contenders.load(module)
    function = contender.traced(contender.training(setup))
    graph = function.get_concrete_function(*contender.inputs(setup)).graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    ops = {node.op for node in nodes}
    native = {op for op in ops if op.startswith("KerasXent")}
    return bool(native), bool(ops & {"Exp", "SoftmaxCrossEntropyWithLogits"})


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("ours", (True, True)),
        ("ours_native", (True, False)),
        ("ours_portable", (False, True)),
        ("ours_xla", (False, True)),
    ],
)
def test_a_graph_has_the_backend_that_its_contender_names(
    module: str, expected: tuple[bool, bool]
) -> None:
    if library.problem() is not None:
        pytest.skip("needs the native library")
    assert native_and_portable_ops(module) == expected
    assert keras_xent.backend().requested == "auto"


@pytest.mark.parametrize("kind", ["training", "evaluation"])
@pytest.mark.parametrize("backend", ["native", "portable"])
def test_an_eager_call_has_the_backend_and_the_others_have_theirs(
    backend: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without_native(f"ours_{backend}")
    served: list[str] = []
    run = Dispatched._run

    def spy(*arguments: Any) -> Any:
        served.append(keras_xent.backend().name)
        return run(*arguments)

    monkeypatch.setattr(Dispatched, "_run", spy)
    step = getattr(contenders.load(f"ours_{backend}"), kind)(SETUPS[0])
    step(*contenders.load("ours").inputs(SETUPS[0]))
    assert served and set(served) == {backend}
    assert keras_xent.backend().requested == "auto"


def test_the_backend_is_put_back_after_an_error() -> None:
    step = contenders.load("ours_portable").training(SETUPS[0])
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        step(tf.zeros([2, 3]), tf.zeros([2, 4]), tf.zeros([2]))
    assert keras_xent.backend().requested == "auto"


def test_v1_along_axis_1_is_v1_along_the_last() -> None:
    v1 = contenders.load("v1")
    setup, at_end = Setup((2, 5, 3, 3), axis=1), Setup((2, 3, 3, 5))
    logits, labels, weights = v1.inputs(setup)
    loss, gradient = v1.training(setup)(logits, labels, weights)
    moved = [tf.transpose(tensor, [0, 2, 3, 1]) for tensor in (logits, labels, gradient)]
    expected, expected_gradient = v1.training(at_end)(*moved[:2], weights)
    np.testing.assert_allclose(loss, expected, rtol=1e-6)
    np.testing.assert_allclose(moved[2], expected_gradient, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "setup", [Setup((4, 3)), Setup((2, 5, 3, 3), axis=1), Setup((4, 3), loss=SIGMOID)], ids=str
)
def test_an_empty_call_adds_1_to_a_weight(setup: Setup) -> None:
    contender = contenders.load("empty")
    found = contender.traced(contender.training(setup))(*contender.inputs(setup))
    assert found.shape.rank == 0
    np.testing.assert_array_equal(found, setup.weights().flat[0] + np.float32(1))


# Along another axis, Keras smooths by the size of the last one.
KERAS_ALONG_1 = Setup((2, 5, 3, 2), axis=1, label_smoothing=0.0)


@pytest.mark.parametrize("setup", [*SETUPS, *FAMILY, KERAS_ALONG_1], ids=str)
def test_keras_divides_by_all_examples(setup: Setup) -> None:
    try:
        found = results("keras", setup, traced=setup is KERAS_ALONG_1)
    except contenders.NoSuchLoss as error:
        assert setup.loss == SPARSE and setup.label_smoothing
        assert str(error) == "Keras's SparseCategoricalCrossentropy has no label smoothing"
    else:
        assert_equal(found, setup, factor=12 / 8)


def test_class_ids_are_one_hot_labels() -> None:
    found = results("v1", Setup((12, 7), loss=SPARSE, label_smoothing=0.0))
    assert_equal(found, Setup((12, 7), label_smoothing=0.0))


@pytest.mark.parametrize("module", ["v1", "keras"])
def test_who_takes_ids_along_the_last_axis_only_says_so(module: str) -> None:
    setup = Setup((2, 5, 3), axis=1, loss=SPARSE, label_smoothing=0.0)
    with pytest.raises(contenders.NoSuchLoss, match="needs the class axis last"):
        contenders.load(module).training(setup)


def test_ours_takes_ids_along_another_axis() -> None:
    found = results("ours", Setup((2, 5, 3), axis=1, loss=SPARSE))
    for one, other in zip(found, results("ours", Setup((2, 5, 3), axis=1))):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_floor_reads_what_the_loss_reads(loss: str) -> None:
    setup = Setup((12, 7), loss=loss)
    contender = contenders.load(contenders.FLOORS[loss])
    found = contender.traced(contender.training(setup))(*contender.inputs(setup))
    logits = setup.logits()
    np.testing.assert_array_equal(found, -logits if loss == SPARSE else logits + setup.labels())


def test_who_can_not_run_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(contenders.PACKAGES, "pytorch", "no_such_package")
    monkeypatch.setitem(contenders.PACKAGES, "optax", "json")
    monkeypatch.setattr(library, "problem", lambda: None)
    names = ["ours", "ours_native", *contenders.PACKAGES]

    here, on_gpu = Recorder(), Recorder(Options(device="/GPU:0"))
    assert contenders.available(names, here) == ["ours", "ours_native", "optax"]
    assert here.notes == ["Not measured: no_such_package is not installed."]
    assert contenders.available(names, on_gpu) == ["ours"]
    assert on_gpu.notes == [
        "Not measured: keras_xent, native runs only on CPUs.",
        "Not measured: no_such_package runs only without --device.",
        "Not measured: json runs only without --device.",
    ]

    monkeypatch.setattr(library, "problem", lambda: "there is no library")
    assert contenders.available(["ours_native"], here) == []
    assert here.notes[1:] == [
        "Not measured: keras_xent, native can't run here: there is no library."
    ]


OTHER = """
import json
from benchmarks import contenders
from benchmarks.setups import Setup
import numpy as np

def results(setup):
    try:
        step = contender.training(setup)
    except contenders.NoSuchLoss as error:
        return str(error)
    loss, gradient = step(*contender.inputs(setup))
    evaluated = contender.evaluation(setup)(*contender.inputs(setup))
    return [np.asarray(x).tolist() for x in (loss, gradient, evaluated)]

contender = contenders.load({module!r})
print(json.dumps([results(setup) for setup in {setups!r}]))
"""


@pytest.mark.parametrize("module", contenders.PACKAGES)
def test_others(module: str, run_python: Callable[[str], str]) -> None:
    if not contenders.available([module], Recorder()):
        pytest.skip(f"{contenders.PACKAGES[module]} is not installed")
    setups = [*SETUPS[:2], *FAMILY]
    printed = run_python(OTHER.format(setups=setups, module=module))
    for setup, found in zip(setups, json.loads(printed)):
        if isinstance(found, str):
            assert (module, setup.loss, setup.label_smoothing) == ("optax", SPARSE, 0.1)
            assert found.endswith("has no label smoothing")
        else:
            assert_equal(found, setup)
