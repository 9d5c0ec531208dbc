"""`python -m keras_xent_cli`: the same as the `keras-xent` command."""

from __future__ import annotations

import os
import sys

# `python -m` searches the current folder first. A program's file there may have the name of a
# library, and would run. In a checkout, the folder has this package.
_IN_CHECKOUT = os.path.isdir("keras_xent_cli")  # noqa: PTH112
if __name__ == "__main__" and sys.path[0] == os.getcwd() and not _IN_CHECKOUT:  # noqa: PTH109
    del sys.path[0]

from keras_xent_cli.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
