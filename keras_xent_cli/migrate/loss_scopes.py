"""Whether a program tells contrib's losses elsewhere which collection to join.

They call `add_loss`, whose collection an `arg_scope` can change for all that runs inside of it.
`keras_xent.v1` doesn't see that.
"""

from __future__ import annotations

import re

# In no comment, import or string, and neither called nor defined.
_HANDED_ON = re.compile(
    rb"^(?![ \t]*#)(?![^\n]*\bimport\b)[^\n#]*?(?<!['\"])\badd_loss\b(?!['\"\\]|\s*[(=])", re.M
)


def find(path: str, content: bytes) -> str:
    """The place at which a file may put `add_loss` into an `arg_scope`, `path:line`; or "".

    Args:
        path: The file.
        content: What is in it.
    """
    if b"arg_scope" not in content:
        return ""
    match = _HANDED_ON.search(content)
    if match is None:
        return ""
    line = content.count(b"\n", 0, match.end()) + 1
    return f"{path}:{line}"
