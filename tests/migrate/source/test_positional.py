"""What TF1's nn functions refuse; KX009's and KX011's tests have the rest."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import TARGETS, ported

from keras_xent_cli.migrate.finding import Action
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.positional import problem

CALL = "import tensorflow.compat.v1 as tf\ntf.nn.sigmoid_cross_entropy_with_logits"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("(labels=y, logits=x)", ""),
        ("(labels=y, logits=x, _sentinel=None, name='x')", ""),
        ("(**arguments)", ""),
        ("(y, x)", "TF1 raises an error for positional arguments"),
        ("(*arguments)", "TF1 raises an error for positional arguments"),
        ("(y, logits=x)", "TF1 raises an error for positional arguments"),
        ("(targets=y, logits=x)", "'targets' isn't one of its arguments"),
    ],
)
def test_problem(arguments: str, expected: str) -> None:
    (call,) = Module(CALL + arguments).calls
    found = problem(call)
    assert found.startswith(expected) and bool(found) == bool(expected)


NAMES = [
    "sparse_softmax_cross_entropy_with_logits",
    "sigmoid_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits",
]
HANDED_ON = [
    "apply({}, y, x)",
    "apply(fn={})",
    "g = functools.partial({}, y)",
    "g = functools.partial({}, logits=x)",
    "g = functools.partial({})\nz = g(y, x)",
    "model.compile(loss={})",
    "class A:\n    f = {}",
    "self.f = {}",
    "def g(f={}): return f(labels=y, logits=x)",
    "losses = {{'a': {}}}",
    "def g():\n    return {}",
    "f = {}",
    "f = {}\nz = f(labels=y, logits=x)\napply(f)",
    "f = {}\nz = f(labels=y, logits=x)\nglobals()['f'](y, x)",
]
WITH_KEYWORDS = [
    "g = functools.partial({}, labels=y, logits=x)",
    "g = functools.partial({}, labels=y)",
    "g = functools.partial({}, name='x')\nz = g(labels=y, logits=x)",
    "f = {}\nz = f(labels=y, logits=x)",
    "f = {}\ndef g(y, x):\n    return f(labels=y, logits=x)",
    "def g(y, x, **more):\n    f = {}\n    return f(labels=y, logits=x, **more)",
]
BEGINNING = "import functools\nimport tensorflow.compat.v1 as tf\n"


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("use", HANDED_ON)
def test_handed_on(use: str, name: str, target: str) -> None:
    source = BEGINNING + use.format(f"tf.nn.{name}") + "\n"
    new, findings = ported(source, target)
    assert f"tf.nn.{name}" in new
    messages = [each.message for each in findings]
    advice = f"Use lambda labels, logits: keras_xent.v1.{name}(labels=labels, logits=logits)"
    assert len([each for each in messages if each.endswith(advice)]) == 1, messages


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("use", WITH_KEYWORDS)
def test_handed_on_with_keywords(use: str, name: str, target: str) -> None:
    source = BEGINNING + use.format(f"tf.nn.{name}") + "\n"
    new, findings = ported(source, target)
    assert f"tf.nn.{name}" not in new
    assert {each.action for each in findings} == {Action.PORTED}


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_that_is_called_with_positional_arguments(name: str) -> None:
    """It is named where it is called."""
    source = f"{BEGINNING}f = tf.nn.{name}\nz = f(labels=y, logits=x)\nz = f(y, x)\n"
    new, (finding,) = ported(source)
    assert new == source
    assert finding.line == 5
    assert finding.message.startswith("TF1 raises an error for positional arguments")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_a_function_handed_on(name: str) -> None:
    """Called with positional arguments, it computes what TensorFlow 2 does; with keywords too."""
    labels = "tf.argmax(labels, -1)" if name.startswith("sparse") else "labels"
    for call in (f"fn({labels}, logits)", f"fn(labels={labels}, logits=logits)"):
        before = (
            "import keras_xent\nimport tensorflow.compat.v1 as tf\n\n\n"
            f"def apply(fn, labels, logits):\n    return {call}\n\n\n"
            "def loss(labels, logits, weights):\n"
            f"    return apply(tf.nn.{name}, labels, logits)\n"
        )
        _, (finding,) = ported(before)
        advice = finding.message.partition("Use ")[2]
        executing.check_same(before, [before.replace(f"tf.nn.{name}", f"({advice})")])
