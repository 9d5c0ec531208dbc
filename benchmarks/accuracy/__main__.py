"""`python -m benchmarks.accuracy`: errors relative to exact values."""

from __future__ import annotations

import sys

from benchmarks import cli
from benchmarks.accuracy import SUITE

if __name__ == "__main__":
    sys.exit(cli.main(SUITE))
