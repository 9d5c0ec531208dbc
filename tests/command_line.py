"""``python -m keras_xent_cli migrate`` in a process of its own, with packages blocked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Sequence

ROOT = Path(__file__).parent.parent


def environment(folder: Path, blocked: Sequence[str] = ()) -> dict[str, str]:
    """An environment in which some packages can't be imported.

    Args:
        folder: Where to write what blocks them.
        blocked: Their names.
    """
    for name in blocked:
        (folder / f"{name}.py").write_text(f"raise ImportError('{name} is blocked')\n")
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    path = os.pathsep.join([str(folder), str(ROOT)])
    return {**plain, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def migrate(
    *arguments: str, cwd: Path, env: dict[str, str], **options: object
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "keras_xent_cli", "migrate", *arguments],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        **options,  # type: ignore[call-overload]
    )
