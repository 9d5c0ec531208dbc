"""Forms of calls that hypothesis makes: every one is ported, and computes the same."""

from __future__ import annotations

import dataclasses
import io
import tokenize
from typing import Sequence

import hypothesis
import pytest
from hypothesis import strategies as st
from migrate import executing
from migrate.tools import TARGETS, ported

from keras_xent_cli.migrate.finding import Action
from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.tensorflow.losses.sigmoid import SIGMOID_LOGITS, SIGMOID_LOSS
from keras_xent_cli.migrate.tensorflow.losses.softmax import LOGITS_V2, LOSS
from keras_xent_cli.migrate.tensorflow.losses.sparse_softmax import SPARSE_LOGITS, SPARSE_LOSS
from keras_xent_cli.migrate.tensorflow.losses.weighted import WEIGHTED

FUNCTIONS = [
    LOSS,
    LOGITS_V2,
    WEIGHTED,
    SPARSE_LOSS,
    SPARSE_LOGITS,
    SIGMOID_LOSS,
    SIGMOID_LOGITS,
]
OF_LOSSES = [
    ("", "tf.losses."),
    ("", "tf.compat.v1.losses."),
    ("tf1 = tf.compat.v1", "tf1.losses."),
    ("from tensorflow import losses", "losses."),
    ("from tensorflow.python.ops.losses import losses", "losses."),
    ("from tensorflow.losses import {name}", ""),
    ("losses = tf.losses", "losses."),
]
OF_NN = [
    ("", "tf.nn."),
    ("", "tf.compat.v1.nn."),
    ("tf1 = tf.compat.v1", "tf1.nn."),
    ("from tensorflow import nn", "nn."),
    ("from tensorflow.nn import {name}", ""),
]

LABELS = [
    "labels",
    "tf.one_hot([0, 2, 1, 0], 3)",
    "tf.one_hot(tf.argmax(labels, -1), 3)",
    "tf.cast(labels, tf.int32)",
    "labels + 0.1 * logits",
    "labels if FLAG else logits",
]
LOGITS = ["logits", "logits * 0.5", "tf.identity(logits)", "(logits + 1.0)"]
WEIGHTS = ["1.0", "0.4", "weights", "weights > 0", "tf.cast(weights, tf.int32)", "[0.5]", "1"]
REDUCTIONS = [
    *[f"tf.losses.Reduction.{name}" for name in ("NONE", "SUM", "MEAN", "SUM_OVER_BATCH_SIZE")],
    "tf.losses.Reduction.SUM_BY_NONZERO_WEIGHTS",
    "'weighted_sum'",
    "'weighted_mean'",
    "REDUCTION",
]
OPTIONAL: dict[str, list[str]] = {
    "weights": WEIGHTS,
    "label_smoothing": ["0", "0.1", "EPSILON", "0.0"],
    "scope": ["None", "'x'"],
    "loss_collection": ["None", "'mine'"],
    "reduction": REDUCTIONS,
    "axis": ["-1", "0", "1"],
    "dim": ["-1", "0"],
    "name": ["None", "'x'"],
}
REQUIRED = {
    "onehot_labels": LABELS,
    "labels": LABELS,
    "logits": LOGITS,
    "losses": ["tf.reduce_sum(labels * logits, -1)", "tf.abs(logits[:, 0])"],
}
# What differs: class ids, and losses of the logits' shape.
IDS = ["tf.argmax(labels, -1)", "tf.cast(tf.argmax(labels, -1), tf.int32)"]
ELEMENTS = ["labels", "labels + 0.1 * logits", "labels if FLAG else logits"]
BY_FUNCTION: dict[Function, dict[str, list[str]]] = {
    SPARSE_LOSS: {
        "labels": [*IDS, "tf.argmax(labels, -1)[:, None]"],
        "weights": [*WEIGHTS, "weights[:, None]"],
    },
    SPARSE_LOGITS: {"labels": IDS},
    SIGMOID_LOSS: {
        "multi_class_labels": [*ELEMENTS, "tf.cast(labels, tf.int32)"],
        "weights": ["1.0", "0.4", "EPSILON", "weights[:, None]", "tf.abs(logits)", "[[0.5]]"],
    },
    SIGMOID_LOGITS: {"labels": ELEMENTS},
}
SEPARATORS = [", ", ",", ",\n        ", ",  # {n}\n        ", ",\n        # {n}\n\n        "]
OPENINGS = ["(", "( ", "(\n        ", "(  # {n}\n        ", "(\n        # {n}\n        "]
ENDINGS = [")", ",)", "\n    )", ",\n    )", ",  # {n}\n    )"]


@dataclasses.dataclass(frozen=True)
class Form:
    """A program, and what is in it."""

    source: str
    function: Function
    arguments: tuple[tuple[str, str], ...]


@st.composite
def forms(draw: st.DrawFn) -> Form:
    function = draw(st.sampled_from(FUNCTIONS))
    # TensorFlow has no argument `_sentinel` any more.
    parameters = [name for name in function.parameters if name != "_sentinel"]
    values = {**OPTIONAL, **REQUIRED, **BY_FUNCTION.get(function, {})}
    chosen: dict[str, str] = {}
    for name in parameters:
        is_required = name in ("logits", "losses", function.labels)
        if is_required or (not (name == "dim" and "axis" in chosen) and draw(st.booleans())):
            chosen[name] = draw(st.sampled_from(values[name]))
    leading = 0
    if "_sentinel" not in function.parameters:
        while leading < len(parameters) and parameters[leading] in chosen:
            leading += 1
    positional = draw(st.integers(0, leading))
    keywords = draw(st.permutations(sorted(set(chosen) - set(parameters[:positional]))))
    texts = [chosen[name] for name in parameters[:positional]]
    equal = draw(st.sampled_from(["=", " = "]))
    texts += [f"{name}{equal}{chosen[name]}" for name in keywords]
    line, prefix = draw(st.sampled_from(OF_LOSSES if function.reduces else OF_NN))
    return Form(
        f"import tensorflow as tf\n{line.format(name=function.name)}\n\n"
        "EPSILON = 0.2\nFLAG = True\nREDUCTION = 'weighted_sum_over_batch_size'\n\n\n"
        "def loss(labels, logits, weights):\n"
        f"    return {prefix}{function.name}{_parenthesized(draw, texts)}\n",
        function,
        tuple(chosen.items()),
    )


def _parenthesized(draw: st.DrawFn, texts: Sequence[str]) -> str:
    parts = [draw(st.sampled_from(OPENINGS)), texts[0]]
    for text in texts[1:]:
        parts += [draw(st.sampled_from(SEPARATORS)), text]
    parts.append(draw(st.sampled_from(ENDINGS)))
    return "".join(part.replace("{n}", f"comment {n}") for n, part in enumerate(parts))


def comments(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


@pytest.mark.parametrize("target", TARGETS)
@hypothesis.settings(max_examples=60)
@hypothesis.given(form=forms())
def test_call_forms(target: str, form: Form) -> None:
    new, findings = ported(form.source, target)
    hypothesis.note(new)
    assert new != form.source
    assert f".{form.function.name}" not in new.replace(f"keras_xent.v1.{form.function.name}", "")
    assert ported(new, target)[0] == new
    assert comments(new) == comments(form.source)
    if target == "v1":
        flagged = [each.rule for each in findings if each.action is Action.FLAGGED]
        assert not [code for code in flagged if code.startswith("KX0") and code != "KX006"]
    before = executing.results(form.source, executing.inputs())
    executing.assert_same(executing.results(new, executing.inputs()), before)


@hypothesis.settings(max_examples=30)
@hypothesis.given(form=forms())
def test_from_v1_on_to_keras(form: Form) -> None:
    """Two steps give what one gives, and compute the same."""
    at_once, _ = ported(form.source, "keras")
    in_steps, _ = ported(ported(form.source, "v1")[0], "keras")
    has_object = "Crossentropy(" in at_once
    assert ("Crossentropy(" in in_steps) == has_object
    before = executing.results(form.source, executing.inputs())
    executing.assert_same(executing.results(in_steps, executing.inputs()), before)


def test_a_loss_object_is_not_rare() -> None:
    """What the properties above are about does come up."""
    found = {False: 0, True: 0}

    @hypothesis.settings(max_examples=50, database=None)
    @hypothesis.given(form=forms())
    def count(form: Form) -> None:
        found["Crossentropy(" in ported(form.source, "keras")[0]] += 1

    count()
    assert min(found.values()) >= 5
