"""What the porting rules share."""

from __future__ import annotations

import pytest

from keras_xent_cli.migrate import porting
from keras_xent_cli.migrate.finding import Action
from keras_xent_cli.migrate.keras_target.surroundings import Surroundings
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.source.edits import apply
from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.tensorflow.losses.softmax import LOSS as FUNCTION
from keras_xent_cli.migrate.tensorflow.losses.weighted import WEIGHTED

V1 = Options()
KERAS = Options(Target.KERAS)
LOSS = "import tensorflow as tf\nz = tf.losses.softmax_cross_entropy(y, x)\n"


def ported(source: str, options: Options = V1, function: Function = FUNCTION) -> tuple:
    module = Module(source)
    remarks = list(porting.port_references(module, options, function))
    return apply(source, [edit for remark in remarks for edit in remark.edits]), remarks


def test_to_v1() -> None:
    new, (remark,) = ported(LOSS)
    assert new == LOSS.replace("tf.losses", "keras_xent.v1")
    assert remark.action is Action.PORTED
    assert remark.offset == LOSS.index("tf.losses")
    assert remark.needs_import
    assert remark.message == (
        "tf.losses.softmax_cross_entropy is keras_xent.v1.softmax_cross_entropy"
    )


def test_to_keras() -> None:
    new, (remark,) = ported(LOSS, KERAS)
    assert "= keras_xent.CategoricalCrossentropy(" in new
    assert remark.message.startswith("tf.losses.softmax_cross_entropy is the loss object; ")


def test_to_keras_where_it_may_differ() -> None:
    surroundings = Surroundings((("collection", "other.py:3"),))
    new, (remark,) = ported(LOSS, Options(Target.KERAS, surroundings))
    assert new == LOSS.replace("tf.losses", "keras_xent.v1")
    assert remark.message == (
        "tf.losses.softmax_cross_entropy is keras_xent.v1.softmax_cross_entropy; not the loss "
        "object: the loss collection is read (other.py:3), and a loss object doesn't join it. "
            "Without it: migration_guide/collections-and-estimators.md#where-each-term-goes"
    )


def test_what_is_ported_stays() -> None:
    source = "import keras_xent\nf = keras_xent.v1.softmax_cross_entropy\n"
    assert ported(source) == (source, [])
    new, (remark,) = ported(source, KERAS)
    assert new == source
    assert remark.action is Action.FLAGGED
    assert "stays, no loss object: the function is handed on" in remark.message


def test_of_one_function_alone() -> None:
    assert ported(LOSS, function=WEIGHTED) == (LOSS, [])


@pytest.mark.parametrize("options", [V1, KERAS])
def test_a_variable_keeps_its_name(options: Options) -> None:
    source = "import tensorflow as tf\nf = tf.losses.softmax_cross_entropy\nz = f(y, x)\n"
    new, remarks = ported(source, options)
    assert new == source.replace("tf.losses", "keras_xent.v1")
    assert len(remarks) == 1


def test_port_to_keras_has_two_outcomes() -> None:
    module = Module(LOSS)
    (call,) = module.calls
    assert porting.port_to_keras(module, V1, call.reference, call) == (None, "")
    remark, why_not = porting.port_to_keras(module, KERAS, call.reference, call)
    assert remark is not None
    assert why_not == ""
    surroundings = Surroundings((("collection", "other.py:3"),))
    remark, why_not = porting.port_to_keras(
        module, Options(Target.KERAS, surroundings), call.reference, call
    )
    assert remark is None
    assert why_not.startswith("the loss collection is read")
