"""The errors of `import keras_xent` without TensorFlow, or with another backend of Keras."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

import keras_xent
from keras_xent import _requirements
from keras_xent._keras import IS_KERAS_3
from keras_xent_cli.install import OLDEST_TENSORFLOW


def test_without_tensorflow_the_import_says_what_to_install(tmp_path: Path) -> None:
    block = f"import sys; sys.path.insert(0, {str(Path(keras_xent.__file__).parents[1])!r})"
    block += "; sys.modules['tensorflow'] = None; import keras_xent"
    result = subprocess.run(
        [sys.executable, "-c", block], cwd=str(tmp_path), capture_output=True, text=True
    )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "ImportError: keras_xent needs TensorFlow 2.12 or later, but TensorFlow is not installed: "
        "pip install tensorflow (or another distribution, such as tensorflow-cpu)"
    )


@pytest.mark.parametrize("version", ["2.11.1", "2.9.0rc1", "1.15.5"])
def test_an_old_tensorflow(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(tf, "__version__", version)
    with pytest.raises(ImportError, match=f"2.12 or later, but TensorFlow {version} is installed"):
        _requirements.check()


@pytest.mark.parametrize("version", ["2.12.0", "2.22.0-dev20260101", "3.0.0"])
def test_other_tensorflows(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(tf, "__version__", version)
    _requirements.check()


def test_what_tensorflow_itself_lacks_is_its_own_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tensorflow.py").write_text("import what_tensorflow_lacks\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tensorflow")
    with pytest.raises(ModuleNotFoundError, match="No module named 'what_tensorflow_lacks'"):
        _requirements.check()


def test_the_oldest_tensorflow_is_the_extras() -> None:
    setup = (Path(__file__).parent.parent / "setup.cfg").read_text(encoding="utf-8")
    (oldest,) = re.findall(r"^tensorflow =\s+tensorflow>=(\S+)$", setup, re.MULTILINE)
    assert oldest == OLDEST_TENSORFLOW


# Twice, as in a notebook: TensorFlow's second error is a RecursionError.
OTHER_BACKEND = """
for attempt in range(2):
    try:
        import keras_xent
        keras_xent.CategoricalCrossentropy()
    except (ImportError, ValueError) as error:
        print(f"{type(error).__name__}: {error}")
"""


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 has one backend")
def test_another_backend_of_keras() -> None:
    # Without jax, Keras can't be imported. With it, the loss raises the error.
    done = subprocess.run(
        [sys.executable, "-c", OTHER_BACKEND],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done.stderr
    for line in lines:
        assert re.match("(Import|Value)Error: .*'jax', expected 'tensorflow'", line)
        assert "set the environment variable KERAS_BACKEND=tensorflow to use keras_xent" in line


class KerasWithout:
    """`tf.keras`, if Keras's backend needs a package that isn't installed."""

    def __init__(self, package: str) -> None:
        self.package = package

    @property
    def losses(self) -> None:
        try:
            raise ModuleNotFoundError(f"No module named {self.package!r}", name=self.package)
        except ModuleNotFoundError:
            raise ImportError("Keras cannot be imported. Check that it is installed.")  # noqa: B904


@pytest.mark.parametrize(
    ("variable", "package", "found"),
    [
        ("torch", "torch", "backend 'torch'"),
        ("numpy", "jax", "backend 'numpy'"),
        # keras.json selects the backend.
        ("", "jax", "backend 'jax'"),
        # No backend is missing: the error is TensorFlow's.
        ("", "tf_keras", "^Keras cannot be imported"),
        ("tensorflow", "tf_keras", "^Keras cannot be imported"),
    ],
)
def test_keras_cannot_be_imported(
    monkeypatch: pytest.MonkeyPatch, variable: str, package: str, found: str
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", variable)
    monkeypatch.setattr(tf, "keras", KerasWithout(package))
    with pytest.raises(ImportError, match=found):
        _requirements.check_keras()
