"""How our results are compared with TensorFlow's.

What verification, `keras_xent.testing`, the doctor, the demo and the tests share: TensorFlow's own
functions, how exact a result can be expected to be, whether two results are the same, and what is
said of a difference. Nothing here knows `keras_xent.v1` or a Keras loss.
"""
