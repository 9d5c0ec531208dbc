"""The codemod behind ``keras-xent migrate``: TF1's cross entropies in a program's source.

Source is read with Python's own ``ast``, which is fast and has exact positions, and calls are
rewritten with libcst, which keeps comments and formatting. Nothing here imports TensorFlow.

The order of the modules, from the bottom: ``lines``, ``scopes`` and ``names`` know Python;
``losses/`` has one file for every loss, with TF1's functions for it, and ``functions`` finds them;
``module`` finds the places in one source where they are used; ``rules/`` has one file for every
rule; ``engine`` applies the rules to one source; ``files``, ``notebook``, ``job`` and ``runner``
bring it to many files; ``report`` and ``json_report`` say what came of it.
"""
