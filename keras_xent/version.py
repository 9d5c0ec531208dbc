"""The package's version, in a file that setup.cfg can read without TensorFlow."""

__version__ = "0.1.0"
