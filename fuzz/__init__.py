"""Fuzzers of the codemod, the kernels and the ops: see README.md."""
