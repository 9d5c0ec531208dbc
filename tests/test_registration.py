"""Saved models find the functions of keras_xent.v1."""

from __future__ import annotations

import tensorflow as tf

from keras_xent import registration, v1


def test_every_function_is_registered() -> None:
    assert registration.v1 is v1
    for name in v1.__all__:
        registered = tf.keras.utils.get_registered_name(getattr(v1, name))
        assert registered == f"keras_xent>{name}"
        assert tf.keras.utils.get_registered_object(registered) is getattr(v1, name)
