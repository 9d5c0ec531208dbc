"""`python -m benchmarks`: speed and memory."""

from __future__ import annotations

import sys

from benchmarks import cli
from benchmarks.suite import SUITE

if __name__ == "__main__":
    sys.exit(cli.main(SUITE))
