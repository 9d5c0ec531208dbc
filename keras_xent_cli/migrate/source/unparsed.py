"""Code that Python can't parse: whether it may still contain one of the functions.

If it can't, there is nothing to port or to report in it.
"""

from __future__ import annotations

import io
import itertools
import re
import tokenize
from typing import Iterator

from keras_xent_cli.migrate.running import files

_COMMENT_LINE = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
_OTHER_LINE_END = re.compile(r"\r\n?")
_BEGIN_A_LINE = frozenset({tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT})


def may_hold(source: str) -> bool:
    """Whether a source that can't be parsed contains a name that a rule looks for.

    Args:
        source: for example, Python 2, or an exercise with blanks.
    """
    return files.of_interest(_without_comments(source).encode("utf-8", "replace"))


def _without_comments(source: str) -> str:
    """The source without comments and docstrings, as far as it can be tokenized."""
    source = _OTHER_LINE_END.sub("\n", source)
    lines = source.split("\n")
    starts = list(itertools.accumulate((len(line) + 1 for line in lines), initial=0))
    parts: list[str] = []
    end = 0
    try:
        for token in _unused_tokens(source):
            start = starts[token.start[0] - 1] + token.start[1]
            parts.append(source[end:start])
            end = starts[token.end[0] - 1] + token.end[1]
    except (tokenize.TokenError, SyntaxError):
        return _COMMENT_LINE.sub("", source)
    return "".join([*parts, source[end:]])


def _unused_tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    """The comments, and the strings that begin a line."""
    begins = True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and begins):
            yield token
        begins = token.type in _BEGIN_A_LINE or (begins and token.type == tokenize.COMMENT)
