"""`python -m keras_xent` runs the `keras-xent` command, after importing TensorFlow."""

from __future__ import annotations

import sys

from keras_xent_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
