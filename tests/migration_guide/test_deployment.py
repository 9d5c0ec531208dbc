"""What the page on deployment says of other processes and of files.

Run as a program, this file is a process without keras_xent that loads what the tests have saved.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np
import pytest
import tensorflow as tf

keras = tf.keras
v1 = tf.compat.v1

GUIDE = Path(__file__).parents[2] / "migration_guide"
PAGE = GUIDE / "deployment.md"
VERSION = tuple(int(part) for part in tf.__version__.split(".")[:2])
X = np.random.RandomState(0).normal(size=(6, 4)).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[[0, 2, 1, 1, 0, 2]]
KERNEL = np.random.RandomState(1).normal(size=(4, 3)).astype(np.float32)
IMPORT = "import keras_xent  # noqa: F401  (registers the loss's ops)\n"
WITHOUT = "import sys\nsys.modules['keras_xent'] = None\n"


def needs_native() -> None:
    import keras_xent

    if keras_xent.backend().name != "native":
        pytest.skip(keras_xent.backend().reason)


def holds_the_op(path: Path) -> bool:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    assert files
    return any(b"KerasXent>" in file.read_bytes() for file in files)


# Workers.


def start(program: str) -> tuple[int, Any]:
    """The id of a worker process in a cluster of its own, and its address."""
    import processes

    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    cluster = {"worker": [f"localhost:{port}"]}
    config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}})
    process = processes.start(["-c", program], env={**os.environ, "TF_CONFIG": config})
    return process, ("localhost", port)


def wait_for(address: Any) -> str:
    end = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(address).close()
        except OSError:
            assert time.monotonic() < end, "the worker doesn't answer"
            time.sleep(0.1)
        else:
            return f"grpc://{address[0]}:{address[1]}"


@pytest.fixture(scope="module")
def workers() -> Iterator[dict[str, str]]:
    """The guide's worker, and the same without its import of keras_xent."""
    program = (GUIDE / "programs" / "worker.py").read_text(encoding="utf-8")
    assert IMPORT in program
    started = {
        "imports": start(program),
        "plain": start(WITHOUT + program.replace(IMPORT, "")),
    }
    try:
        yield {name: wait_for(address) for name, (_, address) in started.items()}
    finally:
        for process, _ in started.values():
            os.kill(process, signal.SIGKILL)


def run_on(target: str, softmax_cross_entropy: Any) -> list[np.ndarray]:
    """The loss and its gradient, computed by the worker."""
    with tf.Graph().as_default(), v1.Session(target) as session:
        logits = v1.placeholder(tf.float32, [None, 3])
        loss = softmax_cross_entropy(Y, logits, [1, 0, 2, 0.5, 0, 1])
        return session.run([loss, *tf.gradients(loss, logits)], {logits: X[:, :3]})


def check_same(target: str) -> None:
    import keras_xent

    ours = run_on(target, keras_xent.v1.softmax_cross_entropy)
    for our, their in zip(ours, run_on(target, v1.losses.softmax_cross_entropy)):
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-6)


def test_a_plain_worker_fails_as_the_page_says(workers: dict[str, str]) -> None:
    needs_native()
    import keras_xent

    said = "Op type not registered 'KerasXent>SoftmaxCrossEntropy' in binary running on"
    assert said in PAGE.read_text(encoding="utf-8")
    with pytest.raises(tf.errors.NotFoundError, match=said):
        run_on(workers["plain"], keras_xent.v1.softmax_cross_entropy)


def test_a_worker_that_imports_keras_xent_runs_every_backend(
    workers: dict[str, str], backend: str
) -> None:
    check_same(workers["imports"])


def test_a_plain_worker_runs_the_portable_backend(workers: dict[str, str]) -> None:
    import keras_xent

    keras_xent.set_backend("portable")
    check_same(workers["plain"])


# Files of Keras models.


def trained_model() -> Any:
    import keras_xent

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, use_bias=False)])
    model.compile("sgd", loss=keras_xent.CategoricalCrossentropy(from_logits=True))
    model.fit(X, Y, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    model.set_weights([KERNEL])
    return model


def call_of(model: Any) -> Any:
    signature = tf.TensorSpec([None, 4], tf.float32)
    return tf.function(lambda x: model(x, training=False)).get_concrete_function(signature)


def save_keras(folder: Path) -> None:
    from keras_xent._keras import IS_KERAS_3

    model = trained_model()
    model.save(str(folder / "file.keras"))
    model.save(str(folder / "file.h5"))
    tf.saved_model.save(model, str(folder / "model_saved"), signatures=call_of(model))
    (folder / "graph").write_bytes(call_of(model).graph.as_graph_def().SerializeToString())
    lite = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    (folder / "model.tflite").write_bytes(lite)
    if VERSION >= (2, 13):  # In 2.12 it fails with Keras's own loss, too.
        model.export(str(folder / "model_exported"))
    if not IS_KERAS_3:
        model.save(str(folder / "keras_2_saved"))
        keras.models.save_model(model, str(folder / "keras_2_saved_2"), include_optimizer=False)


# Files of TF1 graphs.


def network(features: Any) -> Any:
    kernel = v1.get_variable("kernel", initializer=KERNEL)
    return tf.identity(features @ kernel, "logits")


def training_step(labels: Any, logits: Any) -> Any:
    import keras_xent

    loss = keras_xent.v1.softmax_cross_entropy(labels, logits)
    optimizer = v1.train.GradientDescentOptimizer(0.0)  # so that every file predicts the same
    return loss, optimizer.minimize(loss, v1.train.get_or_create_global_step())


def simple_save(session: Any, path: Path) -> None:
    graph = session.graph
    inputs = {"x": graph.get_tensor_by_name("x:0")}
    v1.saved_model.simple_save(
        session, str(path), inputs, {"y": graph.get_tensor_by_name("logits:0")}
    )


def save_tf1(folder: Path) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        logits = network(v1.placeholder(tf.float32, [None, 4], "x"))
        _, train = training_step(v1.placeholder(tf.float32, [None, 3], "y"), logits)
        session.run(v1.global_variables_initializer())
        session.run(train, {"x:0": X, "y:0": Y})
        simple_save(session, folder / "training_saved")
        definition = session.graph.as_graph_def()
        frozen = v1.graph_util.convert_variables_to_constants(session, definition, ["logits"])
        (folder / "frozen").write_bytes(frozen.SerializeToString())
        checkpoint = v1.train.Saver().save(session, str(folder / "checkpoint" / "model"))
    with tf.Graph().as_default(), v1.Session() as session:
        network(v1.placeholder(tf.float32, [None, 4], "x"))
        v1.train.Saver().restore(session, checkpoint)
        simple_save(session, folder / "inference_saved")


def save_estimator(folder: Path) -> None:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        logits = network(features["x"])
        if mode == "infer":
            return v1.estimator.EstimatorSpec(mode, predictions={"y": logits})
        loss, train = training_step(labels, logits)
        return v1.estimator.EstimatorSpec(mode, loss=loss, train_op=train)

    def input_fn() -> Any:
        return tf.data.Dataset.from_tensors(({"x": X}, Y))

    def serving_input_receiver_fn() -> Any:
        inputs = {"x": v1.placeholder(tf.float32, [None, 4])}
        return v1.estimator.export.ServingInputReceiver(inputs, inputs)

    estimator = v1.estimator.Estimator(model_fn, str(folder / "estimator_checkpoints"))
    estimator.train(input_fn)
    estimator.evaluate(input_fn)
    exported = estimator.export_saved_model(str(folder / "exported"), serving_input_receiver_fn)
    Path(os.fsdecode(exported)).rename(folder / "estimator_exported")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    save_keras(folder)
    save_tf1(folder)
    if hasattr(v1, "estimator"):  # up to TensorFlow 2.15
        save_estimator(folder)
    return folder


@pytest.fixture(scope="module")
def predictions(folder: Path) -> dict[str, Any]:
    """What a process without keras_xent gets from each file."""
    import processes

    return json.loads(processes.printed_by([__file__, str(folder)]).splitlines()[-1])


def test_no_file_for_inference_holds_the_op(folder: Path) -> None:
    found = {folder / "graph", folder / "model_saved", folder / "inference_saved"}
    found |= {*folder.glob("*_exported"), *folder.glob("keras_2_*")}
    assert [path.name for path in sorted(found) if holds_the_op(path)] == []


def test_a_saved_training_graph_does(folder: Path, predictions: dict[str, Any]) -> None:
    needs_native()
    assert holds_the_op(folder / "training_saved")
    assert "Op type not registered 'KerasXent>" in predictions["training_saved"]


def test_every_file_for_inference_runs_without_keras_xent(predictions: dict[str, Any]) -> None:
    inference = {name: made for name, made in predictions.items() if name != "training_saved"}
    assert set(inference) >= {"model_saved", "file.keras with Keras", "inference_saved"}
    for name, made in inference.items():
        assert isinstance(made, list), f"{name}: {made}"
        np.testing.assert_allclose(np.array(made), X @ KERNEL, rtol=1e-5, atol=1e-6, err_msg=name)


# The other process.


def from_saved_model(path: Path) -> Any:
    loaded = tf.saved_model.load(str(path))
    (prediction,) = loaded.signatures["serving_default"](tf.constant(X)).values()
    return prediction


def from_keras(path: Path) -> Any:
    return keras.models.load_model(str(path), compile=False)(X)


def from_frozen(path: Path) -> Any:
    with tf.Graph().as_default(), v1.Session() as session:
        tf.import_graph_def(v1.GraphDef.FromString(path.read_bytes()), name="")
        return session.run("logits:0", {"x:0": X})


def from_lite(path: Path) -> Any:
    interpreter = tf.lite.Interpreter(model_path=str(path))
    (features,), (logits,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(features["index"], X.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(features["index"], X)
    interpreter.invoke()
    return interpreter.get_tensor(logits["index"])


def predict(load: Callable[[Path], Any], path: Path) -> Any:
    try:
        return np.asarray(load(path)).tolist()
    except Exception as error:
        return str(error)


def main(folder: Path) -> None:
    made = {}
    for path in [*folder.glob("*_saved*"), *folder.glob("*_exported")]:
        made[path.name] = predict(from_saved_model, path)
    for path in [*folder.glob("file.*"), *folder.glob("keras_2_*")]:
        made[f"{path.name} with Keras"] = predict(from_keras, path)
    made["frozen"] = predict(from_frozen, folder / "frozen")
    made["model.tflite"] = predict(from_lite, folder / "model.tflite")
    print(json.dumps(made))


if __name__ == "__main__":
    sys.modules["keras_xent"] = None  # type: ignore[assignment]
    main(Path(sys.argv[1]))
