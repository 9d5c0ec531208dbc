"""Comparisons with TF1, Keras and XLA: `python -m benchmarks`."""
