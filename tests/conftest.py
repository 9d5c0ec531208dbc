"""What many tests share: quiet TensorFlow, a backend to test, and a clean default one."""

from __future__ import annotations

import atexit
import contextvars
import ctypes
import functools
import gc
import os
import re
from typing import Any, Callable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import greenlet
import hypothesis
import processes
import pytest
from _pytest.runner import runtestprotocol
from lean_import import import_tensorflow

# Imports make next to no garbage, and looking for it is a quarter of their time. Tests run with it
# (`pytest_collection_finish`).
gc.disable()

# TensorFlow traces, compiles and allocates: no single example has a fair deadline.
hypothesis.settings.register_profile(
    "tensorflow",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("tensorflow")

_COMPILED_BY_XLA = ("compiled", "compiled_unknown_shapes", "traced_then_compiled")


def keep_all_objects() -> None:
    """Tells Python that what TensorFlow's import and pytest have made until now is no garbage.

    Otherwise `free_graphs` would look at all of it after every file.
    """
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    """Imports TensorFlow before the tests do, and prepares for them.

    With `pytest -n` the first process only hands the tests out. The others, which run them, are
    started by it afterwards: they would wait for its import.
    """
    if config.getoption("numprocesses", None):
        gc.enable()
        # For the others too.
        processes.address()
        return
    import_tensorflow()
    from keras_xent._verification import counting

    # Tests break calls on purpose: how many means nothing.
    atexit.unregister(counting.report)
    keep_all_objects()


def pytest_collection_finish() -> None:
    keep_all_objects()
    gc.enable()
    # A trace makes many objects, most of which stay.
    gc.set_threshold(20_000)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what a test of every mode would do twice.

    With "portable" XLA compiles the same ops as with "auto", and eagerly "native" runs the same
    kernels: see `tests/ops/test_dispatch.py`.
    """
    twice = []
    for item in items:
        given = getattr(getattr(item, "callspec", None), "params", {})
        backend, mode = given.get("backend", given.get("eager_backend")), given.get("mode")
        if (backend == "portable" and mode in _COMPILED_BY_XLA) or (backend, mode) == (
            "native",
            "eager",
        ):
            twice.append(item)
    if twice:
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in twice]


def without_callers(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, called on a stack of its own in the same thread."""

    @functools.wraps(function)
    def run(*arguments: Any, **keywords: Any) -> Any:
        stack = greenlet.greenlet(function)
        stack.gr_context = contextvars.copy_context()
        return stack.switch(*arguments, **keywords)

    return run


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Hides pytest's and Hypothesis's functions from TensorFlow.

    TensorFlow looks up the lines of all callers of each op. Forty of pytest's took an eighth of
    the time.
    """
    owner, name = getattr(pyfuncitem.obj, "hypothesis", None), "inner_test"
    if owner is None:
        owner, name = pyfuncitem, "obj"
    function = getattr(owner, name)
    setattr(owner, name, without_callers(function))
    yield
    setattr(owner, name, function)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """With `pytest -n`, reports a test that passes once, not three times.

    To send its setup and its teardown to the first process took longer than most tests.
    """
    if not hasattr(item.config, "workerinput"):
        return None
    place = {"nodeid": item.nodeid, "location": item.location}
    item.ihook.pytest_runtest_logstart(**place)
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(**place)
    return True


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Every test starts with the backend that the user gets, and every file without old graphs."""
    import keras_xent

    keras_xent.set_backend("auto")
    if nextitem is None or nextitem.path != item.path:
        free_graphs()


def free_graphs() -> None:
    """Frees the graphs that a file's tests have traced.

    Every custom gradient in a graph (ours, and `tf.custom_gradient`) has an entry with a number in
    TensorFlow's registry, which keeps the graph.
    """
    from tensorflow.python.framework import ops

    registered = ops.gradient_registry._registry
    numbered = [name for name in registered if re.search(r"-\d+$", name)]
    for name in numbered:
        del registered[name]
    if numbered:
        gc.collect()
        return_free_memory()


def return_free_memory() -> None:
    """Returns freed memory to the system, as far as the C library can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@pytest.fixture(params=["auto", "native", "portable"])
def backend(request: pytest.FixtureRequest) -> str:
    """Runs a test on each backend. The native one needs the library."""
    import keras_xent

    if request.param == "native" and keras_xent.backend().name != "native":
        pytest.skip(keras_xent.backend().reason)
    keras_xent.set_backend(request.param)
    return str(request.param)


@pytest.fixture(params=["auto", "portable"])
def eager_backend(request: pytest.FixtureRequest) -> str:
    """Runs a test that traces nothing on each backend.

    There "auto" is the native one, if there is a library: `tests/ops/test_dispatch.py` holds it to
    that. In graphs "auto" puts both side by side, which is a third way.
    """
    import keras_xent

    keras_xent.set_backend(request.param)
    return str(request.param)
