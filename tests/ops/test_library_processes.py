"""The library in processes of its own: forks, exits, and the settings it starts from."""

from __future__ import annotations

import os
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
