"""`python -m keras_xent_cli`: the same as the `keras-xent` command."""

from __future__ import annotations

import sys

from keras_xent_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
