"""All instructions for installing TensorFlow or another missing package.

This doesn't import TensorFlow, so the command line and `import keras_xent` can print them without
it.
"""

from __future__ import annotations

import re
from typing import Iterable

# The same as in setup.cfg's extra `tensorflow`.
OLDEST_TENSORFLOW = "2.12"
# pip installs one distribution of TensorFlow over another, so the user has to choose.
INSTALL_TENSORFLOW = "pip install tensorflow (or another distribution, such as tensorflow-cpu)"
UPGRADE_TENSORFLOW = "Upgrade your distribution of TensorFlow (tensorflow, tensorflow-cpu, ...)."

# keras_xent isn't on PyPI yet. Change this at the release.
REINSTALL = (
    "pip install --force-reinstall --no-deps PATH, with the path of your checkout or wheel (or "
    "-e PATH for an editable installation)"
)


def is_too_old(version: str) -> bool:
    """Whether a version of TensorFlow, such as "2.21.0-rc1", is older than `OLDEST_TENSORFLOW`."""
    return _first_two(version) < _first_two(OLDEST_TENSORFLOW)


def _first_two(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:2]]


def pip_install(packages: Iterable[str]) -> str:
    """The command that installs these packages."""
    return f"pip install {' '.join(packages)}"
