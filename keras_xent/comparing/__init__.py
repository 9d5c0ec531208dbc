"""Compares our results with TensorFlow's.

Verification, `keras_xent.testing`, the doctor, the demo and the tests share this package. It has
TensorFlow's own functions, the expected precision of a result, the comparison of two results, and
the description of a difference. It doesn't depend on `keras_xent.v1` or on a Keras loss.
"""
