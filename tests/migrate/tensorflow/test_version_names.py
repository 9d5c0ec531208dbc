"""Names of one version of TensorFlow."""

from __future__ import annotations

import pytest
import tensorflow as tf

from keras_xent_cli.migrate.tensorflow.version_names import TF1_ONLY, TF1_PACKAGES, TF2_NAMES

# What even tf.compat.v1 has no longer.
GONE = {"contrib", "mul", "sub", "initialize_all_variables"}


def has(module: object, name: str) -> bool:
    for part in name.split("."):
        module = getattr(module, part, None)
    return module is not None


@pytest.mark.parametrize("name", sorted(TF1_ONLY))
def test_tf1_has_it_and_tf2_has_not(name: str) -> None:
    assert has(tf.compat.v1, name) or name in GONE
    assert not has(tf, name)


@pytest.mark.parametrize("package", TF1_PACKAGES)
def test_tf2_has_no_such_package(package: str) -> None:
    assert not has(tf, package.split(".", 1)[1])


@pytest.mark.parametrize("name", sorted(TF2_NAMES))
def test_tf2_has_it(name: str) -> None:
    assert has(tf, name)
    assert name not in TF1_ONLY
