"""The Keras losses."""

from keras_xent.losses.categorical import CategoricalCrossentropy

__all__ = ["CategoricalCrossentropy"]
