"""The library in processes of its own: forks, exits, and the settings it starts from."""

from __future__ import annotations

import functools
import os
import pickle
import shutil
import textwrap
from pathlib import Path

import processes
import pytest
import tensorflow as tf

import keras_xent
from keras_xent.ops import library

pytestmark = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))


def run(program: str, environment: dict[str, str]) -> str:
    """Runs a program that must end well; returns what it printed."""
    variables = {**os.environ, **environment}
    return processes.printed_by(["-c", textwrap.dedent(program)], env=variables, timeout=120)


def test_another_library_in_the_current_folder_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / library.PATH.name).write_text("no library")
    program = """
        from pathlib import Path
        from keras_xent.ops import library

        library.load()
        maps = Path("/proc/self/maps").read_text().splitlines()
        print(*sorted({line.split()[-1] for line in maps if "libkeras_xent" in line}))
        """
    variables = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    arguments = ["-c", textwrap.dedent(program)]
    printed = processes.printed_by(arguments, env=variables, cwd=tmp_path, timeout=120)
    assert printed.split() == [str(library.PATH)]


def test_the_pool_survives_a_fork_and_the_end_of_the_process() -> None:
    printed = run(
        """
        import os, sys, threading
        import tensorflow as tf
        from keras_xent.ops import library, softmax_cross_entropy

        library.load().set_threads(3)
        logits = tf.random.normal([300, 1000], seed=1)
        labels = tf.one_hot(tf.range(300), 1000)
        before = float(softmax_cross_entropy(logits, labels))

        def busy():
            while not stop.is_set():
                softmax_cross_entropy(logits, labels)

        stop = threading.Event()
        thread = threading.Thread(target=busy)
        thread.start()
        for _ in range(3):
            child = os.fork()
            if child == 0:
                # The pool starts afresh: it has none of the parent's threads.
                same = float(softmax_cross_entropy(logits, labels)) == before
                os._exit(0 if same and library.load().threads == 3 else 1)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        thread.join()
        assert float(softmax_cross_entropy(logits, labels)) == before
        print("done")
        """,
        {},
    )
    assert printed.split() == ["done"]


def test_a_process_ends_well_after_many_threads_used_the_pool() -> None:
    printed = run(
        """
        import threading
        import tensorflow as tf
        from keras_xent.ops import library, softmax_cross_entropy

        library.load().set_threads(3)
        logits = tf.random.normal([300, 1000])
        labels = tf.one_hot(tf.range(300), 1000)

        def call():
            for _ in range(20):
                softmax_cross_entropy(logits, labels)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("done")
        """,
        {},
    )
    assert printed.split() == ["done"]


THREADS = """
    import tensorflow as tf
    {setting}
    from keras_xent import backend
    print(backend().threads)
    """


@pytest.mark.parametrize(
    ("setting", "environment", "threads"),
    [
        ("", {"TF_NUM_INTRAOP_THREADS": "1"}, 1),
        (
            "tf.config.threading.set_intra_op_parallelism_threads(4)",
            {"TF_NUM_INTRAOP_THREADS": "3"},
            4,
        ),
    ],
    ids=["the environment's", "the program's"],
)
def test_tensorflows_intra_op_setting_is_followed(
    setting: str, environment: dict[str, str], threads: int
) -> None:
    assert int(run(THREADS.format(setting=setting), environment)) == threads


def test_the_backend_can_be_looked_at_before_that_setting() -> None:
    printed = run(
        """
        import tensorflow as tf
        import keras_xent

        print(keras_xent.backend().threads)
        tf.config.threading.set_intra_op_parallelism_threads(4)
        print(keras_xent.backend().threads)
        keras_xent.v1.softmax_cross_entropy([[1.0, 0.0]], [[1.0, 2.0]])
        print(keras_xent.backend().threads)
        """,
        {"TF_NUM_INTRAOP_THREADS": "3"},
    )
    assert printed.split() == ["3", "4", "4"]


def test_a_saved_graph_loads_where_keras_xent_has_been_imported(tmp_path: Path) -> None:
    module = tf.Module()
    module.loss = tf.function(
        lambda logits: keras_xent.v1.softmax_cross_entropy([[1.0, 0.0]], logits),
        input_signature=[tf.TensorSpec([1, 2])],
    )
    tf.saved_model.save(module, str(tmp_path))
    printed = run(
        """
        import os
        import tensorflow as tf
        import keras_xent

        module = tf.saved_model.load(os.environ["SAVED"])
        print(f"{module.loss(tf.constant([[1.0, 2.0]])):.5f}")
        """,
        {"SAVED": str(tmp_path)},
    )
    assert printed.strip() == "1.31326"


def test_a_new_process_that_is_sent_a_call_gets_the_same_value() -> None:
    """As `multiprocessing` sends it to the processes that it spawns."""
    labels, logits = [[0.0, 1.0]], [[1.0, 2.0]]
    loss = functools.partial(keras_xent.v1.softmax_cross_entropy, labels, logits)
    program = """
        import os, pickle, sys

        assert "keras_xent" not in sys.modules
        print(float(pickle.loads(bytes.fromhex(os.environ["CALL"]))()))
        """
    assert float(run(program, {"CALL": pickle.dumps(loss).hex()})) == float(loss())


def test_a_process_may_end_during_calls() -> None:
    # The threads never come back to Python: up to 3.13, it ends a thread that comes back while the
    # process ends, and now and then that aborts the process in TensorFlow's code.
    printed = run(
        """
        import threading
        import time
        import tensorflow as tf
        import keras_xent

        logits = tf.random.normal([2000, 1000])
        labels = tf.nn.softmax(logits)
        calls = tf.Variable(0)

        def call(total):
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = keras_xent.softmax_cross_entropy(labels=labels, logits=logits)
            total += tf.reduce_sum(tape.gradient(value, logits))
            with tf.control_dependencies([total]):
                calls.assign_add(1)
            return [total]

        @tf.function
        def call_forever():
            return tf.while_loop(lambda total: True, call, [0.0])

        call_forever.get_concrete_function()
        for _ in range(3):
            threading.Thread(target=call_forever, daemon=True).start()
        while calls.numpy() < 10:
            time.sleep(0.01)
        print("end", flush=True)
        """,
        {},
    )
    assert printed.split() == ["end"]


def test_threads_that_import_it_at_once_all_get_it() -> None:
    printed = run(
        """
        import concurrent.futures
        import threading

        start = threading.Barrier(8)

        def load(_):
            start.wait()
            import keras_xent
            value = keras_xent.v1.softmax_cross_entropy([[1.0, 0.0]], [[1.0, 2.0]])
            return f"{keras_xent.backend().name} {value:.5f}"

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            print(*set(pool.map(load, range(8))))
        """,
        {},
    )
    assert printed.split() == ["native", "1.31326"]


def test_a_second_copy_of_the_package_is_an_error_and_the_first_one_works(tmp_path: Path) -> None:
    package = library.PATH.parents[1]
    for name in ("keras_xent", "keras_xent_cli"):
        shutil.copytree(package.parent / name, tmp_path / name)
    printed = run(
        """
        import os, sys
        import tensorflow as tf
        import keras_xent

        def value():
            return f"{keras_xent.v1.softmax_cross_entropy([[1.0, 0.0]], [[1.0, 2.0]]):.5f}"

        first = keras_xent
        print(value())
        for name in [name for name in sys.modules if name.split(".")[0] == "keras_xent"]:
            del sys.modules[name]
        sys.path.insert(0, os.environ["COPY"])
        try:
            import keras_xent
        except ImportError as error:
            print(error)
        keras_xent = first
        print(value())
        # A library of the same ops that somebody else loads. TensorFlow then knows two kernels.
        tf.load_op_library(os.path.join(os.environ["COPY"], "keras_xent/ops/libkeras_xent.so"))
        try:
            other = keras_xent.v1.sparse_softmax_cross_entropy([0], [[1.0, 2.0]])
            print(f"{other:.5f}")
        except tf.errors.InvalidArgumentError as error:
            print("1.31326" if "Multiple OpKernel registrations" in str(error) else error)
        """,
        {"COPY": str(tmp_path)},
    )
    before, error, after, last = printed.splitlines()
    assert before == after == last == "1.31326"
    assert error.startswith("keras_xent has already been loaded in this process")
