"""Compares keras_xent with TF1, Keras, XLA, PyTorch and optax: `python -m benchmarks`."""
