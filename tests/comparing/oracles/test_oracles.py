"""Every function of keras_xent.v1 has an oracle: TensorFlow's own, called as ours was."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import oracle_calls
import pytest
import tensorflow as tf

from keras_xent import v1
from keras_xent.comparing import exactness
from keras_xent.comparing.oracles import ORACLES, Oracle
from keras_xent.comparing.tensors import compare

MODULES = {"tf.compat.v1.losses": tf.compat.v1.losses, "tf.compat.v1.nn": tf.compat.v1.nn}


def tensorflows(name: str) -> Any:
    module, function = ORACLES[name].theirs.rsplit(".", 1)
    return getattr(MODULES[module], function)


def arguments_of(oracle: Oracle) -> dict[str, Any]:
    # "dim" is what both functions of dense labels know.
    return {"dim" if key == "axis" else key: value for key, value in oracle.arguments.items()}


def test_every_function_has_an_oracle() -> None:
    assert set(v1.__all__) == set(ORACLES)
    assert set(oracle_calls.ARGUMENTS) == set(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
class TestEveryOracle:
    def test_it_names_both_functions_and_their_arguments(self, name: str) -> None:
        oracle = oracle_calls.oracle(name)
        assert oracle.ours == f"keras_xent.v1.{name}"
        assert oracle.theirs.endswith(f".{name}")
        parameters = list(inspect.signature(tensorflows(name)).parameters)
        assert parameters[: len(oracle.inputs)] == list(oracle.inputs)
        assert set(oracle.arguments) <= set(parameters)
        assert oracle.arguments.get("reduction", "weighted_sum").startswith("weighted_")

    def test_its_value_and_gradients_are_tensorflows(self, name: str) -> None:
        oracle, tensors = oracle_calls.oracle(name), oracle_calls.inputs(name)
        arguments = arguments_of(oracle)
        floating = [tensor for tensor in tensors if tensor.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(floating)
            value = tensorflows(name)(**dict(zip(oracle.inputs, tensors)), **arguments)
        np.testing.assert_array_equal(oracle.value(*tensors), value)
        upstream = tf.ones_like(value) * 3
        expected = iter(tape.gradient(value, floating, upstream))
        for tensor, found in zip(tensors, oracle.gradients(upstream, tensors)):
            other = next(expected) if tensor.dtype.is_floating else None
            assert (found is None) is (other is None)
            if found is not None:
                np.testing.assert_array_equal(found, other)

    def test_ours_is_within_its_tolerances(self, name: str) -> None:
        oracle, tensors = oracle_calls.oracle(name), oracle_calls.inputs(name)
        floating = [tensor for tensor in tensors if tensor.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(floating)
            given = dict(zip(oracle.inputs, tensors))
            value = getattr(v1, name)(**given, **arguments_of(oracle))
        assert compare(value, oracle.value(*tensors), oracle.value_tolerance(*tensors))[0]
        upstream = tf.ones_like(value) * 3
        ours = iter(tape.gradient(value, floating, upstream))
        tolerances = oracle.gradient_tolerances(upstream, *tensors)
        for tensor, theirs, tolerance in zip(
            tensors, oracle.gradients(upstream, tensors), tolerances
        ):
            found = next(ours) if tensor.dtype.is_floating else None
            assert (found is None) is (theirs is None) is (tolerance is None)
            if found is not None:
                assert compare(found, theirs, tolerance)[0]

    def test_tolerances_have_the_shapes_and_are_small(self, name: str) -> None:
        oracle, tensors = oracle_calls.oracle(name), oracle_calls.inputs(name)
        value = oracle.value(*tensors)
        tolerance = oracle.value_tolerance(*tensors)
        assert tolerance.shape == value.shape
        assert np.all((tolerance > 0) & (tolerance < 1e-4))
        upstream = tf.ones_like(value)
        gradients = oracle.gradients(upstream, tensors)
        for gradient, each, tensor in zip(
            gradients, oracle.gradient_tolerances(upstream, *tensors), tensors
        ):
            assert (gradient is None) is (each is None)
            if each is not None:
                assert each.shape == tensor.shape
                assert np.all((each >= 0) & (each < 1e-4))

    @pytest.mark.parametrize("dtype", exactness.DTYPES)
    def test_integer_inputs_have_no_gradients(self, name: str, dtype: str) -> None:
        oracle, tensors = oracle_calls.oracle(name), oracle_calls.inputs(name)
        middle = 0 if name == "compute_weighted_loss" else 1
        others = [tf.cast(tensor, tf.int32) for tensor in tensors]
        given = [*others[:middle], tf.cast(tensors[middle], dtype), *others[middle + 1 :]]
        value = oracle.value(*given)
        gradients = oracle.gradients(tf.ones_like(value), given)
        assert [each is None for each in gradients] == [
            not tensor.dtype.is_floating for tensor in given
        ]
        assert oracle.value_tolerance(*given).shape == value.shape

    def test_what_is_known_to_differ_is_said_of_the_dtypes_it_is_true_of(self, name: str) -> None:
        oracle, tensors = oracle_calls.oracle(name), oracle_calls.inputs(name)
        said = {}
        for dtype in exactness.DTYPES:
            given = [
                tf.cast(tensor, dtype) if tensor.dtype.is_floating else tensor
                for tensor in tensors
            ]
            said[dtype] = str(oracle.known_differences(*given))
        weighted = "weights" in oracle.inputs
        assert ("float64 losses to float32" in said["float64"]) is weighted
        assert ("every loss to bfloat16" in said["bfloat16"]) is weighted
        assert "rounds" not in said["float32"]
        # Of class ids TensorFlow adds up no class but the label's.
        dense = "logits" in oracle.inputs and not name.startswith("sparse")
        assert ("the difference may be intended" in said["float32"]) is dense
