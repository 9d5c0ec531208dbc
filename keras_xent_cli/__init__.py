"""The command line. It is a package of its own, so that it starts if TensorFlow is missing."""
