"""The places in a source where the functions are used."""

from __future__ import annotations

import ast
import sys
import warnings

import pytest

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.tensorflow.losses import sigmoid, softmax, sparse_softmax, weighted

TF = "import tensorflow as tf\n"
LOSS = "tf.losses.softmax_cross_entropy"


def functions(source: str) -> list[Function]:
    return [reference.function for reference in Module(source).references]


def one_call(source: str) -> Call:
    (call,) = Module(source).calls
    return call


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("losses.softmax_cross_entropy", softmax.LOSS),
        ("losses.compute_weighted_loss", weighted.WEIGHTED),
        ("nn.softmax_cross_entropy_with_logits_v2", softmax.LOGITS_V2),
        ("nn.softmax_cross_entropy_with_logits", softmax.LOGITS),
        ("contrib.losses.softmax_cross_entropy", softmax.CONTRIB),
        ("losses.sparse_softmax_cross_entropy", sparse_softmax.SPARSE_LOSS),
        ("nn.sparse_softmax_cross_entropy_with_logits", sparse_softmax.SPARSE_LOGITS),
        ("contrib.losses.sparse_softmax_cross_entropy", sparse_softmax.SPARSE_CONTRIB),
        ("losses.sigmoid_cross_entropy", sigmoid.SIGMOID_LOSS),
        ("nn.sigmoid_cross_entropy_with_logits", sigmoid.SIGMOID_LOGITS),
        ("contrib.losses.sigmoid_cross_entropy", sigmoid.SIGMOID_CONTRIB),
    ],
)
@pytest.mark.parametrize("module", ["tensorflow", "tensorflow.compat.v1"])
def test_every_function(name: str, function: Function, module: str) -> None:
    (reference,) = Module(f"import {module} as tf\ntf.{name}(x)").references
    assert reference.function is function
    assert reference.tf1_for_certain == (module != "tensorflow")
    assert reference.renamed
    assert not reference.ported


@pytest.mark.parametrize(
    "source",
    [
        "from tensorflow import losses\nlosses.softmax_cross_entropy(x)",
        "from tensorflow.losses import softmax_cross_entropy as f\nf(x)",
        "from tensorflow.python.ops.losses import losses\nlosses.softmax_cross_entropy(x)",
        "from tensorflow.python.ops.losses.losses_impl import softmax_cross_entropy\n"
        "softmax_cross_entropy(x)",
        "import tensorflow\ntensorflow.losses.softmax_cross_entropy(x)",
        "import tensorflow as tf\ntf1 = tf.compat.v1\ntf1.losses.softmax_cross_entropy(x)",
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf\ntf.losses.softmax_cross_entropy(x)",
        "import tensorflow as tf\nclass A:\n    def f(self):\n"
        "        return [tf.losses.softmax_cross_entropy(x) for x in self.y]",
    ],
)
def test_ways_to_the_function(source: str) -> None:
    assert softmax.LOSS in functions(source)
    assert one_call(source).function is softmax.LOSS


@pytest.mark.parametrize(
    "source",
    [
        "import torch as tf\ntf.losses.softmax_cross_entropy(x)",
        "def f(tf): tf.losses.softmax_cross_entropy(x)",
        "tf.losses.softmax_cross_entropy(x)",
        TF + "tf.losses.mean_squared_error(x)",
        TF + "tf.losses.softmax_cross_entropy = f",
        TF + "'tf.losses.softmax_cross_entropy(x)'  # tf.losses.softmax_cross_entropy(x)",
        "import tensorflow.compat.v2 as tf\ntf.losses.softmax_cross_entropy(x)",
        TF + "f = tf.losses.softmax_cross_entropy if a else tf.losses.compute_weighted_loss\nf(x)",
    ],
)
def test_not_the_function(source: str) -> None:
    assert [call.function for call in Module(source).calls] == []


def test_a_variable_keeps_its_name() -> None:
    attribute, variable = Module(f"{TF}f = {LOSS}\nf(x)").references
    assert attribute.renamed
    assert not variable.renamed


def test_what_is_ported_already() -> None:
    call = one_call("import keras_xent\nkeras_xent.v1.softmax_cross_entropy(a, b)")
    assert call.reference.ported


def test_arguments_by_position_and_by_name() -> None:
    call = one_call(f"{TF}{LOSS}(a, b, c, reduction=d)")
    sources = {name: ast.dump(node) for name, node in call.arguments.items()}
    assert sorted(sources) == ["logits", "onehot_labels", "reduction", "weights"]
    assert isinstance(call.labels, ast.Name) and call.labels.id == "a"
    assert isinstance(call.logits, ast.Name) and call.logits.id == "b"
    assert call.problem == ""


def test_labels_and_logits_that_are_missing() -> None:
    call = one_call(f"{TF}tf.losses.compute_weighted_loss(a)")
    assert call.labels is None
    assert call.logits is None


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("*a", "it is called with *args"),
        ("**a", "it is called with **kwargs"),
        (
            "1, 2, 3, 4, 5, 6, 7, 8",
            "it is called with 8 positional arguments, but accepts at most 7",
        ),
        ("labels=a", "'labels' isn't one of its arguments"),
        ("a, onehot_labels=a", "'onehot_labels' is passed twice"),
    ],
)
def test_arguments_that_cannot_be_told(arguments: str, problem: str) -> None:
    assert one_call(f"{TF}{LOSS}({arguments})").problem == problem


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("", ""),
        ("import keras_xent", "keras_xent"),
        ("import keras_xent as kx", "kx"),
        ("import keras_xent.v1", "keras_xent"),
        ("from keras_xent import v1", ""),
        ("def f():\n    import keras_xent", ""),
    ],
)
def test_how_the_package_is_spelled(source: str, package: str) -> None:
    module = Module(source)
    assert module.imported_package() == package
    assert module.package == package or (package == "" and module.package == "keras_xent")


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        ("import keras_xent", False),
        ("import keras_xent as kx", False),
        ("keras_xent = 1", True),
        ("def f(keras_xent): pass", True),
        ("import other as keras_xent", True),
    ],
)
def test_whether_the_package_s_name_is_taken(source: str, taken: bool) -> None:
    assert Module(source).package_is_taken() == taken


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("a = 1\na", 1),
        ("a = 1\na = 2\na", 2),
        ("a = 1\na\na = 2", 1),
        ("a = 1\nb = a\nb", 1),
        ("a = 1\na = (\n  a)\na", 1),
        ("a = 1; a = 2\na", 2),
        ("a = 1\na *= (\n  2)\na", None),
        ("a = 1\nfor a in b:\n    a", None),
        ("a = 1\ndef f(a):\n    a", None),
        ("a", None),
        ("for a in b: pass\na", None),
    ],
)
def test_the_last_value(source: str, value: int | None) -> None:
    module = Module(source)
    name = next(node.value for node in module.all(ast.Expr) if isinstance(node.value, ast.Name))
    followed = module.followed(name)
    if value is None:
        assert followed is name
    else:
        assert isinstance(followed, ast.Constant) and followed.value == value


@pytest.mark.parametrize("kind", [ast.AST, ast.expr, ast.stmt, ast.Call, ast.Name, ast.Constant])
def test_all_nodes_of_a_kind(kind: type) -> None:
    module = Module(f"{TF}def f(): return g(1, {LOSS}(a))\n")
    expected = [node for node in ast.walk(module.tree) if isinstance(node, kind)]
    assert list(module.all(kind)) == expected
    assert expected


def test_calls_of_nodes_and_references() -> None:
    module = Module(f"{TF}def f():\n    x = g({LOSS}(a), {LOSS})\n    return h(f={LOSS})(b)\n")
    (call,) = module.calls
    assert module.call_of(call.node) is call
    assert module.call_of(call.node.args[0]) is None
    assert module.call_of(None) is None
    through = [module.call_through(reference) for reference in module.references]
    assert len(through) == 3
    assert [each for each in through if each] == [call]
    assert module.call_through(call.reference) is call
    assert module.offset(call.node) == module.text.index(LOSS)


def test_a_name_has_another_meaning_in_another_scope() -> None:
    module = Module("import a as x\ndef f():\n    import b as x\n    return x\nx\n")
    used = [node for node in module.all(ast.Name) if node.id == "x"]
    assert [sorted(module.names(node)) for node in used] == [["a"], ["b"]]


def test_characters_of_many_bytes_before_a_call() -> None:
    source = f"{TF}x = 'é😀', {LOSS}(a), '字', {LOSS}(b)\n"
    module = Module(source)
    assert [module.source(call.node) for call in module.calls] == [f"{LOSS}(a)", f"{LOSS}(b)"]


@pytest.mark.parametrize("quotes", ["'", "'''"])
def test_a_call_in_an_f_string_is_found_where_it_is_or_not_at_all(quotes: str) -> None:
    module = Module(f"{TF}x = f{quotes}é {{{LOSS}(a, b)!r:>{{c}}}}{quotes}\n")
    for call in module.calls:
        assert module.source(call.node) == f"{LOSS}(a, b)"
    if sys.version_info >= (3, 12):
        assert len(module.calls) == 1


def test_warnings_of_foreign_code_are_not_ours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Module("x = '\\d' is 1")


def test_what_is_no_python_3() -> None:
    with pytest.raises(SyntaxError):
        Module("print 'a'")


def test_null_bytes() -> None:
    with pytest.raises((ValueError, SyntaxError)):
        Module("a\0")
