"""A training graph that is saved, loaded in another process, and trained on there.

Run as a program, this file is that process.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf

v1 = tf.compat.v1

BEFORE, AFTER = 2, 3
LOSSES = [
    f"{name}_loss/value:0"
    for name in ("softmax_cross_entropy", "sparse_softmax_cross_entropy", "sigmoid_cross_entropy")
]
# How a graph is saved doesn't depend on the backend, so one has all ways.
# With "auto" the native ops run, next to the others.
FILES = {"portable": ["saver.meta"], "auto": ["saver.meta", "text.pbtxt", "monitored"]}

Trained = Dict[str, Dict[str, List[List[float]]]]


def build(losses: Any, batch_size: int | None = 6) -> None:
    features = v1.placeholder(tf.float32, [batch_size, 4], "features")
    labels = v1.placeholder(tf.float32, [batch_size, 3], "labels")
    weights = v1.placeholder(tf.float32, [batch_size], "weights")
    kernel = v1.get_variable("kernel", initializer=np.zeros([4, 3], np.float32))
    logits, columns = features @ kernel, weights[:, None]
    losses.softmax_cross_entropy(labels, logits, weights, label_smoothing=0.1)
    losses.sparse_softmax_cross_entropy(tf.argmax(labels, 1), logits, columns)
    losses.sigmoid_cross_entropy(labels, logits, columns, label_smoothing=0.1)
    optimizer = v1.train.MomentumOptimizer(0.5, 0.9)  # its state is saved, too
    step = v1.train.get_or_create_global_step()
    optimizer.minimize(v1.losses.get_total_loss(), step, name="train")


def batch(step: int) -> dict[str, np.ndarray]:
    random = np.random.RandomState(step)
    return {
        "features:0": random.normal(size=(6, 4)).astype(np.float32),
        "labels:0": np.eye(3, dtype=np.float32)[random.randint(3, size=6)],
        "weights:0": np.array([1, 0, 2, 0.5, 0, 1], np.float32),
    }


def train(session: Any, start: int, end: int) -> list[list[float]]:
    """What each loss is before each step."""
    fetches = [*LOSSES, "train"]
    return [
        [float(loss) for loss in session.run(fetches, batch(step))[:-1]]
        for step in range(start, end)
    ]


def save(losses: Any, folder: Path, files: list[str]) -> None:
    """Trains a little, and saves."""
    with tf.Graph().as_default(), v1.Session() as session:
        # Unknown, so our graph has ops that check shapes.
        build(losses, batch_size=None)
        session.run(v1.global_variables_initializer())
        train(session, 0, BEFORE)
        path = v1.train.Saver().save(session, str(folder / "saver"))
        v1.train.export_meta_graph(str(folder / "text.pbtxt"), as_text=True)
        assert path == str(folder / "saver")
    if "monitored" not in files:
        return
    with tf.Graph().as_default():
        build(losses)
        monitored = str(folder / "monitored")
        with v1.train.MonitoredTrainingSession(
            checkpoint_dir=monitored,
            save_checkpoint_steps=1,
            save_summaries_steps=None,
            save_summaries_secs=None,
            log_step_count_steps=None,
        ) as session:
            train(session, 0, BEFORE)


def train_on(folder: Path, file: str) -> list[list[float]]:
    """Imports the graph and goes on where the checkpoint ends."""
    checkpoint, meta = str(folder / "saver"), str(folder / file)
    if file == "monitored":
        checkpoint = v1.train.latest_checkpoint(str(folder / file))
        meta = f"{checkpoint}.meta"
    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.import_meta_graph(meta)
        assert [loss.name for loss in v1.losses.get_losses()] == LOSSES
        # Not the imported saver: text.pbtxt was written without one.
        v1.train.Saver().restore(session, checkpoint)
        return train(session, BEFORE, BEFORE + AFTER)


@pytest.fixture(scope="module")
def expected() -> list[list[float]]:
    """TF1's losses after the steps that come before saving, without an interruption."""
    with tf.Graph().as_default(), v1.Session() as session:
        build(v1.losses)
        session.run(v1.global_variables_initializer())
        return train(session, 0, BEFORE + AFTER)[BEFORE:]


@pytest.fixture(scope="module")
def losses(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """What another process made of every backend's files."""
    import processes

    import keras_xent

    folder = tmp_path_factory.mktemp("saved")
    for backend, files in FILES.items():
        keras_xent.set_backend(backend)
        (folder / backend).mkdir()
        save(keras_xent.v1, folder / backend, files)
    printed = processes.printed_by([__file__, str(folder)])
    return json.loads(printed.splitlines()[-1])


@pytest.mark.parametrize(
    ("backend", "file"), [(backend, file) for backend in FILES for file in FILES[backend]]
)
def test_another_process_trains_on_as_tf1_does(
    backend: str, file: str, losses: Trained, expected: list[list[float]]
) -> None:
    np.testing.assert_allclose(losses[backend][file], expected, rtol=1e-5)


def main(folder: Path) -> None:
    # A graph of the portable backend needs no keras_xent. The other graphs need its import alone.
    sys.modules["keras_xent"] = None  # type: ignore[assignment]
    trained = {}
    for backend, files in FILES.items():
        if backend == "auto":
            del sys.modules["keras_xent"]
            import keras_xent  # noqa: F401
        trained[backend] = {file: train_on(folder / backend, file) for file in files}
    print(json.dumps(trained))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
