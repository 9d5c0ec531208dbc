"""Whoever asks for a derivative gets the one that was given, not TensorFlow's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import explicit
from keras_xent.ops.spec import Spec

X = np.array([1.0, 2.0, 4.0])
SEVEN = explicit.registered(
    "KerasXentTestSeven",
    1,
    # 7 in the spec, 1 from the kept x / x, and nothing of the true gradient.
    lambda spec, grad, inputs, kept, wanted: [spec.axis * grad * kept[0] / inputs[0]],
)


def seven_times_the_gradient(x: tf.Tensor) -> tf.Tensor:
    """x squared, of which the derivative is said to be 7."""
    spec = Spec(7, 0.1, Reduction.NONE)
    return explicit.in_graph(SEVEN, spec, lambda x: (tf.square(x), [tf.identity(x)]), [x])


def tape_inside(x: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = seven_times_the_gradient(x)
    return tape.gradient(value, x)


def tf_gradients(x: tf.Tensor) -> tf.Tensor:
    return tf.gradients(seven_times_the_gradient(x), x)[0]


def accumulator(x: tf.Tensor) -> tf.Tensor:
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as forward:
        value = seven_times_the_gradient(x)
    return forward.jvp(value)


INSIDE: dict[str, Callable[[tf.Tensor], Any]] = {
    "tape_inside": tape_inside,
    "tf_gradients": tf_gradients,
    "accumulator": accumulator,
}


@pytest.mark.parametrize("ask", INSIDE.values(), ids=INSIDE.keys())
def test_a_traced_function_gets_it(ask: Callable[[tf.Tensor], Any]) -> None:
    traced = tf.function(ask, autograph=False)
    np.testing.assert_array_equal(traced(tf.constant(X)), [7.0, 7.0, 7.0])


def test_a_tape_outside_a_traced_function_gets_it() -> None:
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.function(seven_times_the_gradient, autograph=False)(x)
    np.testing.assert_array_equal(value, X**2)
    np.testing.assert_array_equal(tape.gradient(value, x), [7.0, 7.0, 7.0])


def test_autograph_does_not_convert_it_when_it_is_saved(tmp_path: Path) -> None:
    statuses = []

    def backward(spec: Spec, grad: Any, *_: Any) -> list[Any]:
        statuses.append(tf.__internal__.autograph.control_status_ctx().status.name)
        return [grad]

    gradient = explicit.Gradient("KerasXentTestConverted", 1, backward)
    spec = Spec(7, 0.1, Reduction.NONE)
    module = tf.Module()
    module.square = tf.function(
        lambda x: explicit.in_graph(gradient, spec, lambda x: (tf.square(x), []), [x]),
        input_signature=[tf.TensorSpec([3])],
    )
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=True)
    tf.saved_model.save(module, str(tmp_path), options=options)
    assert set(statuses) == {"DISABLED"}


def test_a_tf1_graph_gets_it() -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        np.testing.assert_array_equal(session.run(tf_gradients(tf.constant(X))), [7.0, 7.0, 7.0])


def test_a_tf1_graph_that_was_written_and_read_gets_it() -> None:
    with tf.Graph().as_default() as graph:
        tf.identity(seven_times_the_gradient(tf.constant(X, name="x")), name="y")
    written = graph.as_graph_def().SerializeToString()
    definition = tf.compat.v1.GraphDef.FromString(written)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x, y = tf.import_graph_def(definition, return_elements=["x:0", "y:0"], name="")
        np.testing.assert_array_equal(session.run(y), X**2)
        np.testing.assert_array_equal(session.run(tf.gradients(y, x)[0]), [7.0, 7.0, 7.0])


def test_in_tf1_no_name_is_counted_that_means_something_else_elsewhere() -> None:
    with tf.Graph().as_default() as graph:
        seven_times_the_gradient(tf.constant(X))
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(node for f in definition.library.function for node in f.node_def)]
    names = {node.attr["_gradient_op_type"].s for node in nodes} - {b""}
    assert names == {b"KerasXentTestSeven"}


def test_a_tape_that_sees_the_value_asks_for_what_it_watches() -> None:
    asked = []

    def backward(
        spec: Spec, grad: tf.Tensor, inputs: list[tf.Tensor], kept: list[tf.Tensor], wanted: Any
    ) -> list[Any]:
        asked.append(list(wanted))
        return [grad if want else None for want in wanted]

    both = explicit.registered("KerasXentTestBoth", 2, backward)
    spec = Spec(-1, 0.0, Reduction.NONE)

    @tf.function(autograph=False)
    def function(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(y)
            value = explicit.in_graph(both, spec, lambda x, y: (x + y, []), [x, y])
        return tape.gradient(value, y)

    x = tf.constant(X)
    np.testing.assert_array_equal(function(x, x), [1.0, 1.0, 1.0])
    assert asked == [[False, True]]


class Module(tf.Module):
    """Two values of different specs: their gradients must not be mixed up."""

    @tf.function(input_signature=[tf.TensorSpec([3], tf.float64)])
    def both(self, x: tf.Tensor) -> tf.Tensor:
        """7 and 5 are the derivatives."""
        spec = Spec(5, 0.1, Reduction.NONE)
        five = explicit.in_graph(SEVEN, spec, lambda x: (x, [tf.identity(x)]), [x])
        return seven_times_the_gradient(x) + 100.0 * five


def test_a_saved_model_keeps_each_values_own(tmp_path: Path) -> None:
    tf.saved_model.save(Module(), str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loaded.both(x)
    np.testing.assert_array_equal(tape.gradient(value, x), [507.0] * 3)


def test_a_tf1_saved_model_that_tf2_saves_again_says_that_it_has_no_gradient(
    tmp_path: Path,
) -> None:
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float64, [3])
        y = seven_times_the_gradient(x)
        tf.compat.v1.saved_model.simple_save(session, first, {"x": x}, {"y": y})
    of_tf1 = tf.saved_model.load(first)
    tf.saved_model.save(of_tf1, second, signatures=of_tf1.signatures)
    again = tf.saved_model.load(second).signatures["serving_default"]
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        (value,) = again(x=x).values()
    np.testing.assert_array_equal(value, X**2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="contain the gradient of keras_xent"):
        tape.gradient(value, x)
