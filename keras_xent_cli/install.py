"""What to install and how: the only place in the code that says so.

It imports nothing, so that the command line and `import keras_xent` can say it without TensorFlow.
"""

from __future__ import annotations

from typing import Iterable

# As in the extra `tensorflow` of setup.cfg.
OLDEST_TENSORFLOW = "2.12"

# keras_xent is on no package index yet: to change at the release.
REINSTALL = "in a checkout of keras_xent, run: pip install --force-reinstall --no-deps ."


def pip_install(packages: Iterable[str]) -> str:
    """The command that installs these packages."""
    return f"pip install {' '.join(packages)}"
