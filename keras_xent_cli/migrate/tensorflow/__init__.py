"""Facts about TensorFlow: its modules, its losses and its versions."""
