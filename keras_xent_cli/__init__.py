"""The command line. It is a separate package, so it starts even if TensorFlow is missing."""
