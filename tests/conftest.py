"""What many tests share: quiet TensorFlow, a backend to test, and a clean default one."""

from __future__ import annotations

import atexit
import os
from typing import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import hypothesis
import pytest

import keras_xent
from keras_xent._verification import counting

# Tests break calls on purpose: how many means nothing.
atexit.unregister(counting.report)

# TensorFlow traces, compiles and allocates: no single example has a fair deadline.
hypothesis.settings.register_profile(
    "tensorflow",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("tensorflow")


@pytest.fixture(autouse=True)
def default_backend() -> Iterator[None]:
    """Every test starts and ends with the backend that the user gets."""
    keras_xent.set_backend("auto")
    yield
    keras_xent.set_backend("auto")


@pytest.fixture(params=["auto", "native", "portable"])
def backend(request: pytest.FixtureRequest) -> str:
    """Runs a test on each backend. The native one needs the library."""
    if request.param == "native" and keras_xent.backend().name != "native":
        pytest.skip(keras_xent.backend().reason)
    keras_xent.set_backend(request.param)
    return str(request.param)
