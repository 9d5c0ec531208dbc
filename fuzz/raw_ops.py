"""Calls the ops of the native library with random arguments: `python -m fuzz.raw_ops` (README.md).

A call returns a value, or raises a `ValueError`, a `TypeError` or an `InvalidArgumentError`. The op
in a graph, with unknown dimensions, has a shape that includes the value's, and no error if there
is a value. The process doesn't grow.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import os
import random
import sys
import time
from typing import Any, Callable, Hashable, Mapping, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# With oneDNN, TensorFlow never gives a tensor's memory back.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_registry

from fuzz.memory import FoundError, Memory, message_length
from keras_xent.ops import library

_ERRORS = (ValueError, TypeError, tf.errors.InvalidArgumentError)
_REDUCTIONS = ["sum", "sum_over_batch_size", "mean_with_sample_weight", "sum_by_nonzero_weights"]
_FLOATS = [tf.float16, tf.bfloat16, tf.float32, tf.float64]
_OTHERS = [tf.int32, tf.int64, tf.bool, tf.complex64, tf.uint8, tf.string]
# A few, because eager execution keeps a kernel for each value.
_AXES = [-1, 0, 1, 2, -2, -4, 3, 5, 2**31, -(2**63), 2**63 - 1]
_SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e4, -1e4, 1e30, -1e9, 1e-40, np.inf, -np.inf, np.nan]
_WARM_UP = 0.2
_ENOUGH_TO_MEASURE = 50_000

_IDS = "ids"


@dataclasses.dataclass(frozen=True)
class Call:
    """A call of an op.

    Args:
        op: its name.
        inputs: by name, in the op's order.
        attributes: by name.
    """

    op: str
    inputs: Mapping[str, tf.Tensor]
    attributes: Mapping[str, Any]

    def __str__(self) -> str:
        inputs = [f"{name}: {each.dtype.name}{each.shape}" for name, each in self.inputs.items()]
        return f"{self.op}({', '.join(inputs)}, {dict(self.attributes)})"

    @property
    def kernel(self) -> Hashable:
        """Eager execution makes and keeps one kernel for all calls with the same."""
        dtypes = tuple(each.dtype for each in self.inputs.values())
        return self.op, dtypes, tuple(self.attributes.items())


class Maker:
    """Makes random calls, always the same for a seed. Most of their arguments fit together."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._numbers = np.random.default_rng(seed)
        self._functions = _functions()
        self._wrong = 0.0

    def next(self) -> tuple[Callable[..., Any], Call]:
        """The function of an op, and its arguments."""
        name = self._rng.choice(sorted(self._functions))
        function, inputs, attributes = self._functions[name]
        # In half of the calls, everything is right.
        self._wrong = self._rng.choice([0.0, 0.0, 0.1, 0.3])
        dims = self._dims()
        axis = self._rng.choice([-1, 0, 1]) if len(dims) > 1 else -1
        has_axis = "axis" in attributes and len(dims) > 0
        classes = dims[axis] if has_axis else 1
        losses = [dim for each, dim in enumerate(dims) if not has_axis or each != axis % len(dims)]
        made = {each: self._input(each, dims, losses, classes) for each in inputs}
        chosen: dict[str, Any] = {}
        if "axis" in attributes:
            chosen["axis"] = self._rng.choice(_AXES) if self._is_wrong() else axis
        if "reduction" in attributes:
            bad = ["none", "", "SUM", "é"]
            chosen["reduction"] = self._rng.choice(bad if self._is_wrong() else _REDUCTIONS)
        number = self._rng.choice(_FLOATS)
        real = tf.float64 if number == tf.float64 else tf.float32
        typed = {
            "labels" if each == _IDS else each: self._tensor(each, value, number, real)
            for each, value in made.items()
        }
        return function, Call(name, typed, chosen)

    def _is_wrong(self) -> bool:
        return self._rng.random() < self._wrong

    def _dims(self) -> list[int]:
        rank = self._rng.choice([1, 2, 2, 3, 3, 4, 0 if self._is_wrong() else 2])
        if self._rng.random() < 0.05:
            return [self._rng.choice([1, 3, 4096]), self._rng.choice([1, 33, 300])]
        return [self._rng.choice([0, 1, 1, 2, 3, 5, 8, 17, 31]) for _ in range(rank)]

    def _input(self, name: str, dims: list[int], losses: list[int], classes: int) -> np.ndarray:
        shape = dims
        if name in ("weights", "coefficients"):
            some = [1 if axis % 2 else dim for axis, dim in enumerate(losses)]
            shape = self._rng.choice([losses, losses, [], some])
        elif name == "label_smoothing":
            shape = [2] if self._is_wrong() else []
        elif name == "grad":
            shape = self._rng.choice([[], losses, dims])
        elif name == _IDS:
            shape = losses
        if self._is_wrong():
            shape = self._rng.choice([[], [*shape, 1], shape[1:], [d + 1 for d in shape], [0], [7]])
        if name == _IDS:
            most = max(classes, 1) + (2 if self._is_wrong() else 0)
            return self._numbers.integers(-1 if self._is_wrong() else 0, most, shape)
        if name == "label_smoothing":
            value = self._rng.choice([-0.1, 1.1, np.nan] if self._is_wrong() else [0.0, 0.1, 1.0])
            return np.full(shape, value)
        values = self._numbers.normal(size=shape) * self._rng.choice([1, 1, 30])
        if self._rng.random() < 0.3:
            special = self._numbers.choice(_SPECIAL, size=shape)
            values = np.where(self._numbers.random(shape) < 0.2, special, values)
        return values

    def _tensor(self, name: str, value: np.ndarray, number: tf.DType, real: tf.DType) -> tf.Tensor:
        dtype = number
        if name in ("weights", "coefficients"):
            dtype = real
        elif name == "label_smoothing":
            dtype = tf.float64
        elif name == _IDS:
            dtype = self._rng.choice([tf.int32, tf.int64])
        if self._is_wrong() and self._rng.random() < 0.5:
            dtype = self._rng.choice([*_FLOATS, *_OTHERS])
        if dtype == tf.string:
            return tf.fill(value.shape, "a")
        with np.errstate(all="ignore"):
            return tf.constant(np.asarray(value).astype(dtype.as_numpy_dtype))


def _functions() -> dict[str, tuple[Callable[..., Any], list[str], list[str]]]:
    """The ops: TensorFlow's function, the names of the inputs, and those of the attributes."""
    ops = library.load().ops
    found = {}
    for name in dir(ops):
        definition = op_def_registry.get(name.replace("KerasXent_", "KerasXent>"))
        # The module also holds names that it imports, like `Any`, which is an op of TensorFlow.
        if name.startswith("KerasXent_") and definition is not None:
            # Class ids are the only input of a type L.
            inputs = [_IDS if each.type_attr == "L" else each.name for each in definition.input_arg]
            attributes = [each.name for each in definition.attr]
            found[definition.name] = (getattr(ops, name), inputs, attributes)
    assert len(found) > 10
    return found


def _output(function: Callable[..., Any], call: Call, inputs: Mapping[str, Any]) -> Any:
    return function(**inputs, **call.attributes)


class Outcome(NamedTuple):
    """What a call did.

    Args:
        kind: "value", "kernel's error", or "error", which TensorFlow raised before it called the
            kernel.
        length: that of the message of a kernel's error.
    """

    kind: str
    length: int = 0


def check(function: Callable[..., Any], call: Call, in_graph: bool) -> Outcome:
    """Call an op.

    Args:
        function: the op's function.
        call: its arguments.
        in_graph: whether to put the op into a graph too.

    Raises:
        FoundError: something that must hold doesn't.
    """
    value, outcome = None, Outcome("error")
    try:
        value, outcome = _output(function, call, call.inputs), Outcome("value")
    except _ERRORS as error:
        if "keras_xent: " in str(error):
            outcome = Outcome("kernel's error", message_length(error))
    except tf.errors.NotFoundError as error:
        # TensorFlow's error for a combination of types that each are right.
        if "Could not find device for node" not in str(error):
            raise FoundError(f"{call}: {error!r}") from error
    except Exception as error:
        raise FoundError(f"{call}: {type(error).__name__}: {error}") from error
    if in_graph:
        _check_graph(function, call, value)
    return outcome


def _check_graph(function: Callable[..., Any], call: Call, value: Any) -> None:
    unknown = random.Random(str(call))
    with tf.Graph().as_default():
        inputs = {}
        for name, tensor in call.inputs.items():
            dims = [None if unknown.random() < 0.3 else dim for dim in tensor.shape]
            shape = None if unknown.random() < 0.2 else dims
            inputs[name] = tf.compat.v1.placeholder(tensor.dtype, shape)
        try:
            output = _output(function, call, inputs)
        except _ERRORS as error:
            if value is not None:
                raise FoundError(f"{call} has a value, but not in a graph: {error}") from error
            return
        except Exception as error:
            raise FoundError(f"{call} in a graph: {type(error).__name__}: {error}") from error
        if value is not None:
            for made, got in zip(tf.nest.flatten(output), tf.nest.flatten(value)):
                if not made.shape.is_compatible_with(got.shape) or made.dtype != got.dtype:
                    raise FoundError(f"{call} is {got.shape}, and {made.shape} in a graph")


def run(
    count: int | None,
    seed: int,
    progress: Callable[[str], None] = lambda line: None,
    seconds: float | None = None,
) -> int:
    """Make calls, and check each.

    Args:
        count: how many calls, or None if `seconds` says when to stop.
        seed: chooses them.
        progress: gets a line now and then.
        seconds: after how long to stop.

    Returns:
        How many of them returned a value.

    Raises:
        FoundError: something that must hold doesn't.
    """
    maker, memory = Maker(seed), Memory(progress)
    outcomes: collections.Counter[str] = collections.Counter()
    number = tenths = 0
    start = time.monotonic()
    done = 0.0
    while done < 1:
        function, call = maker.next()
        outcome = check(function, call, in_graph=number % 4 == 0)
        outcomes[outcome.kind] += 1
        if outcome.kind != "error":
            memory.add_kernel(call.kernel)
        if outcome.length:
            memory.add_error(outcome.length)
        number += 1
        done = number / count if count else (time.monotonic() - start) / (seconds or 1)
        if int(10 * done) > tenths:
            tenths = int(10 * done)
            used = memory.measure()
            progress(f"{number} calls, {outcomes['value']} values, {used / 2**20:.1f} MiB")
            if done >= _WARM_UP:
                memory.start()
    progress(f"{number} calls in {time.monotonic() - start:.0f} s: {dict(outcomes)}")
    if number >= _ENOUGH_TO_MEASURE:
        memory.check()
    return outcomes["value"]


def main() -> int:
    """Make as many calls as the user says, or for as long."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.raw_ops", description=__doc__)
    parser.add_argument("calls", nargs="?", type=int, default=60_000)
    parser.add_argument("--seconds", type=float, default=None, help="instead of a number of calls")
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(2**31) if args.seed is None else args.seed
    print(f"seed {seed}", flush=True)
    count = args.calls if args.seconds is None else None
    run(count, seed, lambda line: print(line, flush=True), args.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
