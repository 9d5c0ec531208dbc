"""The codemod behind `keras-xent migrate`: ports TF1's cross entropies in a program's source.

It reads source with Python's `ast`, which is fast and has exact positions, and rewrites calls
with libcst, which keeps comments and formatting. Nothing here imports TensorFlow.

From the bottom up: `source/` reads Python; `tensorflow/` has TF1's modules and functions, with
a file for each loss; `module` finds the places in one source (the text of a file, or of a
notebook's cells) that use them; `keras_target/` decides when a call can become a loss object;
`rules/` has a file for each rule; `engine` applies the rules to one source; `running/` applies it
to many files and prints the reports.
"""
