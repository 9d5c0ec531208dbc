"""Registers the functions of `keras_xent.v1`, so saved models that use one can be loaded."""

from __future__ import annotations

from keras_xent import _keras, v1

for _name in v1.__all__:
    _keras.register_serializable(getattr(v1, _name))
