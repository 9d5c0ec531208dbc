"""Lets saved models that were compiled with a function of `keras_xent.v1` find it again."""

from __future__ import annotations

from keras_xent import _keras, v1

for _name in v1.__all__:
    _keras.register_serializable(getattr(v1, _name))
