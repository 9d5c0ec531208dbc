"""What the codemod knows about TensorFlow: its modules, its losses and its versions."""
