"""KX005: contrib's own functions, which the package tf_slim keeps, are the oracle."""

from __future__ import annotations

import pytest
import tensorflow as tf
from migrate import executing
from migrate.tools import (
    TARGETS,
    check_flagged,
    check_loss_object,
    check_noop,
    check_stays_v1,
    check_transformed,
    ported,
)

from keras_xent_cli.migrate.finding import Action

IMPORTS = [
    ("import tensorflow as tf", "tf.contrib.losses."),
    ("import tensorflow as tf", "tf.contrib.slim.losses."),
    ("import tensorflow as tf\n\nslim = tf.contrib.slim", "slim.losses."),
    ("import tensorflow as tf\nfrom tensorflow.contrib import slim", "slim.losses."),
    ("import tensorflow as tf\nimport tensorflow.contrib.slim as slim", "slim.losses."),
    ("import tensorflow as tf\nfrom tensorflow.contrib import losses", "losses."),
    ("import tensorflow as tf\nfrom tensorflow.contrib.losses import softmax_cross_entropy", ""),
    ("import tensorflow as tf\nimport tf_slim as slim", "slim.losses."),
    ("import tensorflow as tf\nfrom tf_slim.losses import loss_ops", "loss_ops."),
]

CALLS = [
    "(logits, labels)",
    "(logits, labels, weights)",
    "(logits, labels, weights, 0.1)",
    "(logits, labels, 0.4)",
    "(logits, onehot_labels=labels)",
    "(onehot_labels=labels, logits=logits, label_smoothing=0.1)",
    "(logits, labels, weights=weights, label_smoothing=0)",
    "(logits, labels, scope=None)",
    "(logits, tf.cast(labels, tf.int32), weights > 0)",
    "(logits, labels + 0.1 * logits)",
    "(logits, tf.abs(logits), weights)",
]


def call(
    arguments: str,
    imports: str = "import tensorflow as tf\nfrom tensorflow.contrib import slim",
    name: str = "slim.losses.",
) -> str:
    return (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n"
        f"    return {name}softmax_cross_entropy{arguments}\n"
    )


@pytest.mark.parametrize(("imports", "name"), IMPORTS)
def test_imports(imports: str, name: str) -> None:
    before = call("(logits, labels, weights)", imports, name)
    new, findings = ported(before)
    assert (
        "return keras_xent.v1.softmax_cross_entropy("
        "logits=logits, onehot_labels=labels, weights=tf.reshape(weights, [-1]))\n"
    ) in new
    # That `slim = tf.contrib.slim` is there too is KX109's.
    assert [each.rule for each in findings if each.rule != "KX109"] == ["KX005"]
    assert new.count("import") == 2, "nothing uses what was imported"
    executing.check_same(before, [new, ported(before, "keras")[0]])


@pytest.mark.parametrize("arguments", CALLS)
def test_calls(arguments: str) -> None:
    before = call(arguments)
    new, _ = ported(before)
    assert "slim.losses" not in new
    executing.check_same(before, [new])
    check_loss_object(before)


OTHERS = [
    ("sparse_softmax_cross_entropy(logits, tf.argmax(labels, 1))", "labels"),
    ("sparse_softmax_cross_entropy(logits, tf.argmax(labels, 1), weights)", "labels"),
    ("sparse_softmax_cross_entropy(logits, tf.argmax(labels, 1)[:, None], 0.4)", "labels"),
    ("sparse_softmax_cross_entropy(labels=tf.argmax(labels, 1), logits=logits)", "labels"),
    ("sigmoid_cross_entropy(logits, labels)", "multi_class_labels"),
    ("sigmoid_cross_entropy(logits, labels, 0.4, 0.1)", "multi_class_labels"),
    ("sigmoid_cross_entropy(logits, labels + 0.1 * logits)", "multi_class_labels"),
]


@pytest.mark.parametrize(("call", "parameter"), OTHERS)
def test_the_other_losses(call: str, parameter: str) -> None:
    before = (
        "import tensorflow as tf\nfrom tensorflow.contrib import slim\n\n\n"
        f"def loss(labels, logits, weights):\n    return slim.losses.{call}\n"
    )
    new, (finding,) = ported(before)
    assert "slim.losses" not in new
    assert "(logits=logits, " in new or f"({parameter}=" in new
    assert finding.rule == "KX005"
    assert ("the weights are a number" in finding.message) == (", weights)" in call)
    executing.check_same(before, [new])
    check_loss_object(before)


NAMES = [
    "softmax_cross_entropy(logits, labels",
    "sparse_softmax_cross_entropy(logits, tf.argmax(labels, 1)",
    "sparse_softmax_cross_entropy(logits, tf.argmax(labels, 1)[:, None]",
    "sigmoid_cross_entropy(logits, labels",
]
WEIGHTS = [
    "0.4",
    "weights",
    "weights[:, None]",
    "weights[:, tf.newaxis]",
    "tf.expand_dims(weights, -1)",
    "weights[:, None] > 0",
    "column",
    "scalar",
    "numbers",
]
# Of these the text doesn't tell that they are a column.
UNKNOWN = ("weights", "weights[:, None] > 0", "scalar", "numbers")


def with_weights(function: str, weights: str) -> str:
    return (
        "import tensorflow as tf\nfrom tensorflow.contrib import slim\n\nscalar = float('0.4')\n"
        "numbers = [[1.0], [0.0], [2.0], [3.0]]\n\n\n"
        "def loss(labels, logits, weights):\n    column = weights[:, None]\n"
        f"    return slim.losses.{function}, {weights})\n"
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("function", NAMES)
def test_weights(function: str, weights: str, target: str) -> None:
    """contrib drops a last dimension of 1; what may be others than it takes is left."""
    before = with_weights(function, weights)
    new, (finding,) = ported(before, target)
    assert finding.rule == "KX005"
    if function.startswith("sigmoid") and weights in UNKNOWN:
        assert new == before
        assert "contrib accepts weights in the logits' shape and one weight" in finding.message
    else:
        executing.check_same(before, [new])


@pytest.mark.parametrize("weights", ["weights", "tf.ones_like(logits)", "weights[:, None] > 0"])
def test_what_is_said_of_the_weights_of_a_sigmoid(weights: str) -> None:
    before = with_weights(NAMES[3], weights)
    finding = check_flagged(before, "KX005", f"pass weights=({weights})[:, None] if there is one")
    assert "and the weights unchanged if they have the logits' shape" in finding.message
    each = "[:, None]" if weights == "weights" else ""
    call = (
        "keras_xent.v1.sigmoid_cross_entropy(logits=logits, multi_class_labels=labels, "
        f"weights=({weights}){each}"
    )
    after = "import keras_xent\n" + before.replace(f"slim.losses.{NAMES[3]}, {weights}", call)
    executing.check_same(before, [after])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("weights", ["[0.5]", "[[0.5]]", "tf.constant([0.5])", "one"])
@pytest.mark.parametrize("function", NAMES)
def test_weights_of_one_element(function: str, weights: str, target: str) -> None:
    """contrib counts one example; `keras_xent.v1` broadcasts."""
    before = "one = [0.5]\n" + with_weights(function, weights)
    assert ported(before, target)[0] == before
    check_flagged(before, "KX005", "contrib divides as if the batch had one", target=target)
    theirs = executing.results(before, executing.inputs())
    mean = executing.results(before.replace(f", {weights})", ", 0.5)"), executing.inputs())
    assert theirs[0] == pytest.approx(4 * mean[0], rel=1e-5)


def test_no_name_for_tensorflow() -> None:
    source = (
        "from tf_slim import losses\n\n\ndef loss(labels, logits, weights):\n"
        "    return losses.softmax_cross_entropy(logits, labels, weights)\n"
    )
    assert ported(source)[0] == source
    check_flagged(source, "KX005", "Pass weights of one dimension")


KEPT = """\
import tensorflow as tf
from tensorflow.contrib import slim

functions = [slim.losses.add_loss]
with slim.arg_scope({}) as scope:
    pass


def loss(labels, logits, weights):
    with slim.arg_scope({}):
        return slim.losses.softmax_cross_entropy(logits, labels)
"""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "scope", ["functions, loss_collection=None", "[slim.losses.add_loss], loss_collection=None"]
)
def test_an_arg_scope_that_is_kept_decides_the_collection_anywhere(scope: str, target: str) -> None:
    source = KEPT.format(scope, "scope")
    assert ported(source, target)[0] == source
    check_flagged(source, "KX005", "pass it the scope's loss_collection", line=11, target=target)


def test_a_scope_whose_collection_is_not_known() -> None:
    source = KEPT.format("functions", "[slim.losses.add_loss], **arguments")
    source = source.replace("return slim.losses.softmax_cross_entropy", "return network")
    check_flagged(source, "KX005", "pass loss_collection=... to each ported loss", line=10)


SCOPES = [
    "[slim.losses.add_loss], loss_collection=None",
    "(slim.conv2d, slim.losses.add_loss), loss_collection='mine'",
]
INSIDE = """\
import tensorflow as tf
from tensorflow.contrib import slim


def loss(labels, logits, weights):
    outside = slim.losses.softmax_cross_entropy(logits, labels, 2.0)
    with slim.arg_scope({}):
        return tf.add(outside, slim.losses.softmax_cross_entropy(logits, labels))
"""


def collected(source: str) -> list[int]:
    """How many losses a program puts into each collection."""
    with tf.Graph().as_default() as graph:
        executing.program(source)["loss"](*map(tf.constant, executing.inputs()))
        return [len(graph.get_collection(name)) for name in ("losses", "mine")]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("scope", SCOPES)
def test_only_what_stands_in_the_scope_is_named(scope: str, target: str) -> None:
    before = INSIDE.format(scope)
    new, findings = ported(before, target)
    outside, inside = (each for each in findings if each.rule == "KX005")
    assert (outside.action, outside.line) == (Action.PORTED, 6)
    assert "arg_scope" not in outside.message
    assert (inside.action, inside.line) == (Action.FLAGGED, 8)
    assert "an arg_scope (line 7)" in inside.message
    executing.check_same(before, [new])
    if target == "v1":  # a loss object joins none
        assert collected(new) == collected(before)


@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_said_of_what_stands_in_the_scope(scope: str) -> None:
    before = INSIDE.format(scope)
    check_flagged(before, "KX005", "with keywords, and pass it the scope's loss_collection", 8)
    collection = scope.rsplit("=", 1)[1]
    after = ported(before)[0].replace(
        "slim.losses.softmax_cross_entropy(logits, labels)",
        "keras_xent.v1.softmax_cross_entropy(logits=logits, onehot_labels=labels, "
        f"loss_collection={collection})",
    )
    assert collected(before) == collected(after) == [1, int(collection != "None")]
    executing.check_same(before, [after])


AROUND = """\
import tensorflow as tf
from tensorflow.contrib import slim


def network(labels, logits):
    return slim.losses.softmax_cross_entropy(logits, labels)


def loss(labels, logits, weights):
    with slim.arg_scope({}):
        return network(labels, logits)
"""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_around_calls_is_named(scope: str, target: str) -> None:
    before = AROUND.format(scope)
    collection = scope.rsplit("=", 1)[1]
    said = f"loss_collection={collection} to each ported loss that runs here"
    check_flagged(before, "KX005", said, line=10, target=target)
    new, findings = ported(before, target)
    assert "run inside the arg_scope of add_loss (file.py:10)" in findings[1].note
    executing.check_same(before, [new])
    # As the report says.
    after = ported(before)[0].replace(
        "onehot_labels=labels", f"onehot_labels=labels, loss_collection={collection}"
    )
    assert collected(before) == collected(after) == [0, int(collection != "None")]


def test_arg_scopes_of_other_functions() -> None:
    """A function that an arg_scope changes is not TF1's, but one that was made of it."""
    before = """\
import tensorflow as tf
import tf_slim as slim

xent = slim.add_arg_scope(tf.losses.softmax_cross_entropy)


def loss(labels, logits, weights):
    with slim.arg_scope([xent], weights=0.4):
        return xent(labels, logits) + slim.losses.softmax_cross_entropy(logits, labels)
"""
    new, _ = ported(before)
    assert new.count("keras_xent.v1") == 2
    executing.check_same(before, [new])


def test_transformed() -> None:
    before = """\
        import tensorflow as tf
        import tf_slim as slim

        def loss(labels, logits, weights):
            return slim.losses.softmax_cross_entropy(
                logits,  # of the network
                labels,
                label_smoothing=0.1,  # a little
            )
        """
    (message,) = check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(
                logits=logits,  # of the network
                onehot_labels=labels,
                label_smoothing=0.1,  # a little
            )
        """,
        codes=["KX005"],
    )
    assert "rank 2" in message
    check_stays_v1(before, "there are comments between its arguments, and label_smoothing")


def test_a_walrus_needs_parentheses() -> None:
    check_transformed(
        """\
        import tensorflow as tf
        import tf_slim as slim

        def loss(labels, logits, weights):
            return slim.losses.softmax_cross_entropy(x := logits + 1, labels) + tf.reduce_sum(x)
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(logits=(x := logits + 1), \
onehot_labels=labels) + tf.reduce_sum(x)
        """,
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("f = slim.losses.softmax_cross_entropy\nz = f(x, y)", "an argument or assigned"),
        ("f = functools.partial(slim.losses.softmax_cross_entropy, x)", "passed as an argument"),
        ("z = slim.losses.softmax_cross_entropy(*xs)", "it is called with *args"),
        ("z = slim.losses.softmax_cross_entropy(x, **ys)", "it is called with **kwargs"),
        (
            "z = slim.losses.softmax_cross_entropy(x, y, reduction=r)",
            "'reduction' isn't one of its arguments",
        ),
        ("z = slim.losses.softmax_cross_entropy(1, 2, 3, 4, 5, 6)", "at most 5"),
        ("f = slim.losses.sparse_softmax_cross_entropy", "v1's expects (labels, logits)"),
        ("z = slim.losses.sigmoid_cross_entropy(*xs)", "arguments are (logits, multi_class_labels"),
        ("z = slim.losses.softmax_cross_entropy(x, y, logits=x)", "'logits' is passed twice"),
    ],
)
def test_flagged(line: str, message: str, target: str) -> None:
    source = f"import functools\nfrom tensorflow.contrib import slim\n{line}\n"
    assert ported(source, target)[0] == source
    check_flagged(source, "KX005", message, line=3, target=target)


def test_scope_has_no_counterpart() -> None:
    check_stays_v1(call("(logits, labels, scope='x')"), "a loss object has no scope=")


def test_noop() -> None:
    check_noop("from tensorflow.contrib import slim\nx = slim.fully_connected(x, 3)\n")
