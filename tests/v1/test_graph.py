"""What old code finds in a TF1 graph is there: names, scopes, collections, device-free ops."""

from __future__ import annotations

import functools
import itertools
from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent

DEFAULT = "softmax_cross_entropy_loss/value:0"
placeholder = tf.compat.v1.placeholder
losses = tf.compat.v1.losses


def in_both(build: Callable[[tf1.Functions], Any]) -> list[Any]:
    """What `build` returns in a graph of ours, and in one of TF1's."""
    results = []
    for functions in (tf1.OURS, tf1.THEIRS):
        with tf.Graph().as_default():
            results.append(build(functions))
    return results


def a_loss(
    functions: tf1.Functions,
    labels_dtype: Any = None,
    name: str = "softmax_cross_entropy",
    batch_size: int | None = 4,
    **arguments: Any,
) -> Any:
    shape = [batch_size, 3]
    logits = placeholder(tf.float32, shape)
    is_sparse = name.startswith("sparse")
    labels = placeholder(
        labels_dtype or (tf.int32 if is_sparse else tf.float32), shape[:1] if is_sparse else shape
    )
    return getattr(functions, name)(labels, logits, **arguments)


def calls_of(name: str, **arguments: Any) -> list[dict[str, Any]]:
    """Arguments of `a_loss`: weights of several kinds, and labels of several dtypes.

    The batch's size is unknown, so our graph has ops that check shapes.
    """
    losses_shape = tf1.losses_shape(name, [None, 3])
    weights = [1.0, placeholder(tf.float32, losses_shape), placeholder(tf.bool, None), 2]
    dtypes = [tf.int64, tf.int32] if name.startswith("sparse") else [tf.float32, tf.int32]
    return [
        {"name": name, "batch_size": None, "labels_dtype": dtype, "weights": each, **arguments}
        for each, dtype in zip(weights, itertools.cycle(dtypes))
    ]


@pytest.fixture
def one_backend() -> None:
    """For names: they are given outside of the ops, whose graphs the portable backend builds fast.

    That both give them: `test_scopes_rename_the_result_as_in_tf1`.
    """
    keras_xent.set_backend("portable")


def last_reduction() -> str:
    return tf.compat.v1.get_default_graph()._last_loss_reduction


@pytest.mark.parametrize("loss", tf1.LABELS)
def test_the_default_results_are_named_as_old_code_fetches_them(loss: str) -> None:
    with tf.Graph().as_default():
        names = [a_loss(tf1.OURS, name=loss).name for _ in range(3)]
    assert names == [f"{loss}_loss/value:0", f"{loss}_loss_1/value:0", f"{loss}_loss_2/value:0"]


@pytest.mark.usefixtures("one_backend")
def test_the_gradient_that_stops_is_named_as_in_tf1() -> None:
    def stops(functions: tf1.Functions) -> list[str]:
        a_loss(functions, name="softmax_cross_entropy")
        operations = tf.compat.v1.get_default_graph().get_operations()
        return [each.name for each in operations if each.type == "StopGradient"]

    ours, theirs = in_both(stops)
    assert len(theirs) == 1
    assert [each.rpartition("/")[2] for each in ours] == [theirs[0].rpartition("/")[2]]


@pytest.mark.parametrize("reduction", sorted(set(tf1.REDUCTIONS.values())))
@pytest.mark.parametrize("loss", tf1.LABELS)
@pytest.mark.usefixtures("one_backend")
def test_every_reduction_names_its_result_as_tf1(reduction: str, loss: str) -> None:
    smoothings = [0, 0.1, -1] if loss in tf1.SMOOTHED else [None]

    def names(functions: tf1.Functions) -> list[str]:
        calls = calls_of(loss, reduction=reduction)
        default = ("softmax_cross_entropy", "weighted_sum_by_nonzero_weights")
        if reduction != "none" and (loss, reduction) != default:
            # What names the result is the same for all losses.
            calls = calls[:2]
        for call, smoothing in zip(calls, itertools.cycle(smoothings)):
            if smoothing is not None:
                call["label_smoothing"] = smoothing
        return [a_loss(functions, **call).name for call in calls]

    ours, theirs = in_both(names)
    assert ours == theirs


@pytest.mark.parametrize(
    ("labels_shape", "logits_shape", "reduction"),
    [
        ([], [3], "weighted_sum_by_nonzero_weights"),
        ([None, None], [None, None, 3], "none"),
        ([None, 1], [None, 3], "weighted_sum_by_nonzero_weights"),
        (None, None, "weighted_sum_by_nonzero_weights"),
        (None, None, "none"),
    ],
)
@pytest.mark.usefixtures("one_backend")
def test_ids_of_any_rank_leave_the_name_as_it_is(
    labels_shape: Any, logits_shape: Any, reduction: str
) -> None:
    def names(functions: tf1.Functions) -> list[str]:
        return [
            functions.sparse_softmax_cross_entropy(
                placeholder(tf.int32, labels_shape),
                placeholder(tf.float32, logits_shape),
                weights,
                reduction=reduction,
            ).name
            for weights in (1.0, placeholder(tf.float32, None))
        ]

    ours, theirs = in_both(names)
    assert ours == theirs


@pytest.mark.parametrize("reduction", sorted(set(tf1.REDUCTIONS.values())))
@pytest.mark.usefixtures("one_backend")
def test_compute_weighted_loss_names_its_result_as_tf1(reduction: str) -> None:
    def names(functions: tf1.Functions) -> list[str]:
        weighted = functions.compute_weighted_loss
        each = placeholder(tf.float32, [None, 3])
        unknown = placeholder(tf.float32)
        return [
            weighted(each, reduction=reduction).name,
            weighted(each, placeholder(tf.int32, [None, 1]), reduction=reduction).name,
            weighted(unknown, unknown, "mine", reduction=reduction).name,
            weighted([1.0, 2.0], [0.0, 3.0], reduction=reduction).name,
        ]

    ours, theirs = in_both(names)
    assert ours == theirs


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        *((function, shape) for function in tf1.NN for shape in ([None, 3], None)),
        *((tf1.NN[0], shape) for shape in ([3], [None, None, 3])),
        *((tf1.NN[2], shape) for shape in ([3], [None, None, 3])),
    ],
)
@pytest.mark.usefixtures("one_backend")
def test_the_nn_functions_name_their_results_as_tf1(function: str, shape: Any) -> None:
    def names(functions: tf1.Functions) -> list[str]:
        logits = labels = placeholder(tf.float32, shape)
        if function.startswith("sparse"):
            labels = placeholder(tf.int32, shape if shape is None else shape[:-1])
        call = getattr(functions, function)
        arguments = {"labels": labels, "logits": logits}
        if shape != [None, 3]:
            # The shape may matter to the names, but not to what scopes do to them.
            return [call(name=name, **arguments).name for name in (None, "mine")]
        found = [
            call(name=name, **arguments).name
            for name in (None, None, "mine", "mine", "within/it", "all/of_it/")
        ]
        with tf.name_scope("outer"):
            return [*found, call(**arguments).name]

    ours, theirs = in_both(names)
    assert ours == theirs


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.usefixtures("one_backend")
def test_an_axis_does_not_change_the_name(axis: Any) -> None:
    def names(functions: tf1.Functions) -> list[str]:
        logits = placeholder(tf.float32, [None, 3])
        both = {"labels": logits, "logits": logits}
        return [
            functions.softmax_cross_entropy_with_logits_v2(axis=axis, **both).name,
            functions.softmax_cross_entropy_with_logits(dim=axis, **both).name,
        ]

    ours, theirs = in_both(names)
    assert ours == theirs


@pytest.mark.parametrize(
    ("choice", "loss"),
    [
        ("auto", "softmax_cross_entropy"),
        ("portable", "sparse_softmax_cross_entropy"),
        ("portable", "sigmoid_cross_entropy"),
    ],
)
def test_scopes_rename_the_result_as_in_tf1(choice: str, loss: str) -> None:
    keras_xent.set_backend(choice)
    a_loss = functools.partial(globals()["a_loss"], name=loss)

    def names(functions: tf1.Functions) -> list[str]:
        found = [a_loss(functions, scope=scope).name for scope in ("a", "a", "b/c", "d/", "", "d/")]
        with tf.name_scope("outer"), tf.compat.v1.name_scope("inner"):
            found += [a_loss(functions).name, a_loss(functions, scope="mine").name]
        with tf.compat.v1.variable_scope("variables"):
            found += [a_loss(functions).name, a_loss(functions, scope="mine").name]
        with tf.compat.v1.variable_scope("variables", reuse=True):
            found += [a_loss(functions).name]
        with tf.compat.v1.name_scope("entered") as scope:
            found += [a_loss(functions, scope=scope).name]
        return found

    ours, theirs = in_both(names)
    assert ours == theirs


@pytest.mark.parametrize("choice", ["auto", "portable"])
def test_the_result_comes_by_its_name_in_a_session(choice: str) -> None:
    keras_xent.set_backend(choice)
    logits, labels = tf1.logits_of([4, 3]), tf1.one_hot_of([4, 3], "float32")

    def fetched(functions: tf1.Functions) -> list[Any]:
        a_loss(functions, label_smoothing=0.1)
        with tf.compat.v1.Session() as session:
            feed = {"Placeholder:0": logits, "Placeholder_1:0": labels}
            return [session.run(DEFAULT, feed)]

    tf1.assert_same(*in_both(fetched))


@pytest.mark.parametrize("choice", ["auto", "portable"])
def test_the_result_can_be_fed_in_place_of_being_computed(choice: str) -> None:
    keras_xent.set_backend(choice)
    def fed(functions: tf1.Functions) -> Any:
        doubled = a_loss(functions) * 2
        with tf.compat.v1.Session() as session:
            return session.run(doubled, {DEFAULT: 21.0})

    assert in_both(fed) == [42, 42]


@pytest.mark.parametrize("collection", ["losses", "mine", None, ""])
@pytest.mark.usefixtures("one_backend")
def test_the_loss_joins_its_collection_as_in_tf1(collection: Any) -> None:
    def collections(functions: tf1.Functions) -> Any:
        for name in tf1.LABELS:
            a_loss(functions, name=name, loss_collection=collection)
        functions.compute_weighted_loss(placeholder(tf.float32), loss_collection=collection)
        graph = tf.compat.v1.get_default_graph()
        return {
            key: [tensor.name for tensor in graph.get_collection(key)]
            for key in graph.get_all_collection_keys()
        }

    ours, theirs = in_both(collections)
    assert ours == theirs
    assert len(ours) == (1 if collection else 0)


@pytest.mark.usefixtures("one_backend")
def test_only_the_losses_functions_collect() -> None:
    def collected(functions: tf1.Functions) -> Any:
        for name in tf1.NN:
            labels = 1 if name.startswith("sparse") else placeholder(tf.float32)
            getattr(functions, name)(labels=labels, logits=[1.0, 2.0])
        return tf.compat.v1.get_default_graph().get_all_collection_keys()

    assert in_both(collected) == [[], []]


@pytest.mark.parametrize("choice", ["auto", "portable"])
def test_a_loss_outlives_its_result_in_get_losses_and_get_total_loss(choice: str) -> None:
    keras_xent.set_backend(choice)
    logits, labels = tf1.logits_of([4, 3]), tf1.one_hot_of([4, 3])

    def totals(functions: tf1.Functions) -> list[Any]:
        fed = tf.constant(logits)
        functions.softmax_cross_entropy(labels, fed)  # The result is dropped, as often.
        functions.softmax_cross_entropy(labels, fed, 0.4, scope="aux")
        functions.sparse_softmax_cross_entropy(tf1.ids_of([4, 3]), fed, 0.3)
        functions.sigmoid_cross_entropy(labels, fed, 0.2)
        tf.compat.v1.add_to_collection(
            tf.compat.v1.GraphKeys.REGULARIZATION_LOSSES, tf.constant(0.25)
        )
        fetches = [
            *losses.get_losses(),
            *losses.get_losses(scope="aux"),
            losses.get_total_loss(),
            losses.get_total_loss(add_regularization_losses=False),
        ]
        with tf.compat.v1.Session() as session:
            return list(session.run(fetches))

    ours, theirs = in_both(totals)
    assert len(ours) == 7
    tf1.assert_same(ours, theirs)


@pytest.mark.parametrize("choice", ["auto", "portable"])
def test_losses_of_a_traced_function_join_that_functions_graph(choice: str) -> None:
    keras_xent.set_backend(choice)
    labels, logits = tf1.one_hot_of([4, 3]), tf1.logits_of([4, 3])

    def total(functions: tf1.Functions) -> Any:
        @functools.partial(tf.function, autograph=False)
        def function(logits: Any) -> Any:
            functions.softmax_cross_entropy(labels, logits)
            functions.softmax_cross_entropy(labels, logits, 0.4)
            return losses.get_total_loss()

        return function(logits)

    tf1.assert_same([total(tf1.OURS)], [total(tf1.THEIRS)])


def test_eagerly_nothing_is_collected_and_names_are_ignored(eager_backend: str) -> None:
    labels, logits = tf1.one_hot_of([4, 3]), tf1.logits_of([4, 3])
    before = len(losses.get_losses())
    plain = tf1.OURS.softmax_cross_entropy(labels, logits)
    # Other tests of this process may have their own.
    named = tf1.OURS.softmax_cross_entropy(labels, logits, scope="s", loss_collection="eager")
    assert plain.numpy() == named.numpy()
    assert len(losses.get_losses()) == before
    assert losses.get_losses(loss_collection="eager") == []


@pytest.mark.usefixtures("one_backend")
def test_optimizers_find_the_reduction_of_the_last_loss_in_the_graph() -> None:
    # Every loss, and every reduction.
    names = itertools.cycle([*tf1.LABELS, "compute_weighted_loss"])
    for name, (ours, theirs) in zip(names, tf1.REDUCTIONS.items()):
        with tf.Graph().as_default():
            tf1.OURS.compute_weighted_loss([1.0], reduction="weighted_sum")
            assert last_reduction() == "weighted_sum"
            if name == "compute_weighted_loss":
                tf1.OURS.compute_weighted_loss([1.0], reduction=ours)
            else:
                a_loss(tf1.OURS, name=name, reduction=ours)
            assert last_reduction() == theirs, f"{name} with {ours!r}"
            assert type(last_reduction()) is str


# Whether the gradient flows to the labels.
FLOWS = {
    "softmax_cross_entropy": False,
    "sigmoid_cross_entropy": True,
    "softmax_cross_entropy_with_logits": False,
    "softmax_cross_entropy_with_logits_v2": True,
    "sigmoid_cross_entropy_with_logits": True,
}


@pytest.mark.parametrize("choice", ["auto", "portable"])
@pytest.mark.parametrize("name", FLOWS)
def test_labels_have_a_gradient_where_tf1_sends_one(choice: str, name: str) -> None:
    keras_xent.set_backend(choice)
    values = tf1.logits_of([4, 3])

    def loss_of(functions: tf1.Functions, labels: Any) -> Any:
        smoothing = {"label_smoothing": 0.1} if name in tf1.SMOOTHED else {}
        given = {tf1.LABELS.get(name, "labels"): labels * 2, "logits": tf.constant(values)}
        return getattr(functions, name)(**given, **smoothing)

    def by_a_tape(functions: tf1.Functions, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(labels)
            loss = loss_of(functions, labels)
        return tape.gradient(loss, labels)

    def by_tf_gradients(functions: tf1.Functions, labels: Any) -> Any:
        return tf.gradients(loss_of(functions, labels), labels)[0]

    expected = by_a_tape(tf1.THEIRS, tf.constant(np.abs(values)))
    found = by_a_tape(tf1.OURS, tf.constant(np.abs(values)))
    assert (expected is not None) == (found is not None) == FLOWS[name]
    if FLOWS[name]:
        tf1.assert_same([found], [expected], scale=8)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        given = tf.constant(np.abs(values))
        found = [by_a_tape(tf1.OURS, given), by_tf_gradients(tf1.OURS, given)]
        assert [gradient is not None for gradient in found] == [FLOWS[name]] * 2
        if FLOWS[name]:
            tf1.assert_same(session.run(found), [expected] * 2, scale=8)
