"""Compares our results with TensorFlow's.

Verification, `keras_xent.testing`, the doctor, the demo and the tests share this package. It calls
TensorFlow's own functions, estimates how accurate their results are, compares two results, and
describes a difference. It doesn't depend on `keras_xent.v1` or on the Keras losses.
"""
