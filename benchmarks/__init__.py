"""What keras_xent costs beside TF1, Keras, XLA, PyTorch and optax: `python -m benchmarks`."""
