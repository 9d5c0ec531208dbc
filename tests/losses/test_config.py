"""What is written of a loss makes the same loss, whose name no Keras loss has in a file."""

from __future__ import annotations

import pytest
import tensorflow as tf

import keras_xent
from keras_xent.losses.config import without_prefix

COMMON = {"from_logits": True, "label_smoothing": 0.1, "axis": 0}
ARGUMENTS = {
    keras_xent.CategoricalCrossentropy: COMMON,
    keras_xent.SparseCategoricalCrossentropy: {**COMMON, "ignore_class": 3},
    keras_xent.BinaryCrossentropy: COMMON,
}


@pytest.mark.parametrize("loss_class", ARGUMENTS)
@pytest.mark.parametrize("name", ["mine", None])
@pytest.mark.parametrize("dtype", ["float64", None])
def test_a_config_has_the_constructor_s_arguments(
    loss_class: type, name: str | None, dtype: str | None
) -> None:
    given = {**ARGUMENTS[loss_class], "name": name, "reduction": "sum", "dtype": dtype}
    loss = loss_class(**given)
    config = loss.get_config()
    # Keras 3 names a loss without a name.
    assert {**config, "name": without_prefix(config["name"])} == {**given, "name": loss.name}
    assert config["name"] == (None if loss.name is None else f"keras_xent>{loss.name}")
    again = loss_class.from_config(config)
    assert again.get_config() == config
    assert again.name == loss.name


@pytest.mark.parametrize("loss_class", ARGUMENTS)
def test_the_name_is_keras_s(loss_class: type) -> None:
    assert loss_class().name == getattr(tf.keras.losses, loss_class.__name__)().name


@pytest.mark.parametrize("loss_class", ARGUMENTS)
def test_a_normalization_is_written_if_it_isn_t_the_default(loss_class: type) -> None:
    assert "normalization" not in loss_class(normalization="replica").get_config()
    config = loss_class(normalization="global").get_config()
    assert config["normalization"] == "global"
    assert loss_class.from_config(config).normalization == "global"


def test_a_repr_is_the_constructor_s_call_with_the_user_s_name() -> None:
    loss = keras_xent.BinaryCrossentropy(from_logits=True, name="mine", normalization="global")
    assert repr(loss) == (
        "BinaryCrossentropy(from_logits=True, label_smoothing=0.0, axis=-1, "
        "reduction='sum_over_batch_size', name='mine', dtype=None, normalization='global')"
    )


def test_only_the_prefix_is_removed() -> None:
    assert without_prefix("keras_xent>mine") == "mine"
    assert without_prefix("keras_xent") == "keras_xent"
    assert without_prefix("mine>keras_xent>") == "mine>keras_xent>"
    assert without_prefix(None) is None
