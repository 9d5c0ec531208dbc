"""A user's program, as mypy sees it, and what an editor shows."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import keras_xent
import keras_xent_cli

ROOT = Path(__file__).parent.parent
PUBLIC = [keras_xent, keras_xent.metrics, keras_xent.testing, keras_xent.v1]

# With --strict an `ignore` of an error that isn't there is an error: if a function or a class were
# Any, its wrong call would be none.
PROGRAM = """
from typing import Any, Dict, Optional, Type, assert_type

import keras_xent
from keras_xent import Reduction, testing, v1

loss = keras_xent.CategoricalCrossentropy(from_logits=True, reduction="sum_by_nonzero_weights")
assert_type(loss, keras_xent.CategoricalCrossentropy)
assert_type(loss.label_smoothing, float)
assert_type(loss.reduction, Reduction)
assert_type(loss.name, Optional[str])
assert_type(loss.dtype, Optional[str])
assert_type(loss.get_config(), Dict[str, Any])
assert_type(keras_xent.CategoricalCrossentropy.from_config({}), keras_xent.CategoricalCrossentropy)
loss([[0.0, 1.0]], [[1.0, 2.0]], sample_weight=[0.5])
loss([[0.0, 1.0]])  # type: ignore[call-arg]
loss([[0.0, 1.0]], [[1.0, 2.0]], weights=1.0)  # type: ignore[call-arg]
keras_xent.CategoricalCrossentropy(from_logit=True)  # type: ignore[call-arg]
keras_xent.CategoricalCrossentropy(reduction=1)  # type: ignore[arg-type]
keras_xent.SparseCategoricalCrossentropy(ignore_class="no")  # type: ignore[arg-type]
keras_xent.BinaryCrossentropy(label_smoothing="0.1")  # type: ignore[arg-type]

metric = keras_xent.metrics.CategoricalCrossentropy("loss", from_logits=True)
assert_type(metric, keras_xent.metrics.CategoricalCrossentropy)
keras_xent.metrics.BinaryCrossentropy(from_logit=True)  # type: ignore[call-arg]
micro, summed = keras_xent.micro_batches(None, 2, loss)
assert_type(summed, keras_xent.CategoricalCrossentropy)
keras_xent.micro_batches(None, "2", loss)  # type: ignore[arg-type]

keras_xent.softmax_cross_entropy(labels=[[0, 1]], logits=[[1.0, 2.0]], reduction=Reduction.SUM)
keras_xent.softmax_cross_entropy([[0, 1]], [[1.0, 2.0]])  # type: ignore[call-arg]
keras_xent.sparse_softmax_cross_entropy(labels=[1])  # type: ignore[call-arg]
keras_xent.sigmoid_cross_entropy(labels=[1], logits=[1.0], axis=0)  # type: ignore[call-arg]

v1.softmax_cross_entropy([[0, 1]], [[1.0, 2.0]], 0.5, scope="loss")
v1.softmax_cross_entropy(logits=[[1.0]])  # type: ignore[call-arg]
v1.softmax_cross_entropy_with_logits_v2(logit=[[1.0]])  # type: ignore[call-arg]
v1.softmax_cross_entropy_with_logits(name=1)  # type: ignore[arg-type]
v1.sparse_softmax_cross_entropy([1], [[1.0]], reduction=1)  # type: ignore[arg-type]
v1.sparse_softmax_cross_entropy_with_logits(name=1)  # type: ignore[arg-type]
v1.sigmoid_cross_entropy([1], [1.0], label_smoothing="0")  # type: ignore[arg-type]
v1.sigmoid_cross_entropy_with_logits(name=1)  # type: ignore[arg-type]
v1.compute_weighted_loss([1.0], scope=1)  # type: ignore[arg-type]

assert_type(Reduction("weighted_mean"), Reduction)
assert_type(Reduction.SUM.upper(), str)
Reduction.SUM_BY_ZERO_WEIGHTS  # type: ignore[attr-defined]

assert_type(keras_xent.__version__, str)
assert_type(keras_xent.backend(), keras_xent.Backend)
assert_type(keras_xent.backend().threads, Optional[int])
keras_xent.set_backend(1)  # type: ignore[arg-type]

with testing.verify():
    pass
testing.verify(True)  # type: ignore[call-arg]
testing.assert_same_loss(len, len)  # type: ignore[call-arg]
assert_type(testing.VerificationError("different"), testing.VerificationError)
"""


def test_a_program_has_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [
            *[sys.executable, "-m", "mypy", "--strict", "--python-version", "3.11", "--cache-dir"],
            *[os.devnull, "--config-file="],
            # Without TensorFlow's types, which only its stubs have: its tensors are Any.
            *["--no-site-packages", "--ignore-missing-imports", "--follow-imports", "silent"],
            str(program),
        ],
        env={**os.environ, "MYPYPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", [keras_xent, keras_xent_cli], ids=lambda each: each.__name__)
def test_the_packages_say_that_they_have_types(package: ModuleType) -> None:
    assert (Path(str(package.__file__)).parent / "py.typed").exists()


@pytest.mark.parametrize("module", PUBLIC, ids=lambda each: each.__name__)
def test_completion_shows_the_public_names_alone(module: ModuleType) -> None:
    assert dir(module) == sorted(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name)


@pytest.mark.parametrize("module", PUBLIC, ids=lambda each: each.__name__)
def test_what_is_called_has_a_docstring_and_a_real_signature(module: ModuleType) -> None:
    for name in module.__all__:
        member = getattr(module, name)
        if callable(member):
            assert len(inspect.getdoc(member) or "") > 40, name
        if callable(member) and not issubclass(type(member), type):
            kinds = {each.kind for each in inspect.signature(member).parameters.values()}
            assert not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    if module is keras_xent.metrics:
        return
    for loss in (value for value in vars(module).values() if hasattr(value, "from_config")):
        assert "from_logits" in inspect.signature(loss).parameters
        assert list(inspect.signature(loss.__call__).parameters)[1:] == [
            *["y_true", "y_pred", "sample_weight"]
        ]
        assert "sample_weight: None, a scalar" in (inspect.getdoc(loss.__call__) or "")
