"""Programs and notebooks to fuzz the codemod with: mutations of the corpus that mostly stay Python.

A mutation changes the text, not a syntax tree that is written out again, so the corpus's comments,
line breaks and spaces stay in the programs.
"""

from __future__ import annotations

import ast
import json
import random
import re
import textwrap
import warnings
from pathlib import Path
from typing import Callable, Sequence

_ROOT = Path(__file__).parents[1]
CORPUS = _ROOT / "fuzz" / "corpus" / "codemod"
GUIDE = _ROOT / "migration_guide" / "programs"
# Where a program is split if it becomes a notebook.
CELL = "# %%\n"

_NAME = re.compile(r"\b[A-Za-z_]\w*\b")
_NAMES = [
    *["tf", "losses", "nn", "contrib", "slim", "compat", "v1", "v2", "keras_xent", "np", "keras"],
    *["softmax_cross_entropy", "compute_weighted_loss", "softmax_cross_entropy_with_logits"],
    *["softmax_cross_entropy_with_logits_v2", "sparse_softmax_cross_entropy", "weights", "logits"],
    *["sparse_softmax_cross_entropy_with_logits", "sigmoid_cross_entropy", "labels", "reduction"],
    *["sigmoid_cross_entropy_with_logits", "add_loss", "Reduction", "dim", "axis", "name", "scope"],
    *["label_smoothing", "reduce_mean", "one_hot", "self", "x", "é", "_", "print", "match", "type"],
]
_EXPRESSIONS = [
    *["({})", "[{}]", "({},)", "{{'a': {}}}", "lambda: {}", "(lambda x: x)({})", "not {}", "-{}"],
    *["({} if x else y)", "[{} for x in y]", "(y := {})", "f'{{{}}}'", "{}.op", "{}[0]", "{}()"],
    *["(\n{}\n)", "(  # é\n    {})", "{} + x", "tf.reduce_mean({})", "await {}", "*{}", "x = {}"],
    *["{} or x", "{}\\\n", "functools.partial({}, x)", "getattr({}, 'losses')", "{} is None"],
    *["(yield {})", "f({}, **x)", "tf.nn.softmax({})", "tf.cast({}, tf.float16)"],
]
_STATEMENTS = [
    *["if x:", "while x:", "for x in y:", "def f(labels, logits, weights=1.0):", "class A:"],
    *["with tf.name_scope('é'):", "async def f(x):", "try:", "for tf in x:", "def tf(*losses):"],
    *["with slim.arg_scope([slim.losses.add_loss], x=1):", "if True: # é", "class losses(x):"],
]
_EXTRA_LINES = [
    *["import keras_xent", "from tensorflow import losses", "import tensorflow as tf", "pass"],
    *["from tensorflow.losses import *", "import tensorflow.contrib.slim as slim", "global tf"],
    *["tf = tf.compat.v1", "del tf", "losses = tf.losses", "__all__ = ['tf', 'losses']", "x: tf"],
    *["import tensorflow.compat.v1 as tf", "@tf.function", "f = tf.losses.softmax_cross_entropy"],
    *["from __future__ import annotations", "raise x", "return x", "nonlocal x", "'''é", '"""'],
    *["%matplotlib inline", "!pip install x", "x = %time y", "tf.losses?", "%%time", "\f", ""],
    *["# %%", "# coding: latin-1", "# keras-xent: ignore", "keras_xent = 1", "eval('tf.losses')"],
    *["from tensorflow.contrib import losses, slim  # é", "import a.b as losses, tf_slim", "\\"],
]
_ARGUMENTS = [
    *["*x", "**x", "None", "1.0", "0", "weights=x", "weights=1.0", "label_smoothing=0.1"],
    *["loss_collection=None", "reduction='none'", "reduction=tf.losses.Reduction.NONE", "dim=-1"],
    *["axis=1", "labels=tf.one_hot(x, 3)", "logits=x", "_sentinel=None", "x for x in y"],
    *["name='x'", "scope=x"],
]
_SPACES = ["  ", "\t", "\\\n", "\n", "\r\n", "\r", "\f", " # é\n", ";", "\u2028", "\xa0", "\ufeff"]


def seeds() -> list[str]:
    """The corpus and the guide's programs."""
    paths = [*sorted(CORPUS.iterdir()), *sorted(GUIDE.glob("*.py"))]
    return [path.read_text(encoding="utf-8") for path in paths]


def seeds_of_tests(folder: Path) -> list[str]:
    """The programs in the codemod's tests: all of their strings with several lines."""
    found: list[str] = []
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = textwrap.dedent(node.value)
                if text.count("\n") > 1 and _parsed(text):
                    found.append(text)
    return found


def mutated(text: str, pool: Sequence[str], rng: random.Random) -> str:
    """A program or a notebook after a few changes.

    Args:
        text: the program or notebook.
        pool: programs to take parts from.
        rng: chooses the changes.
    """
    if text.startswith("{"):
        return _mutated_notebook(text, pool, rng)
    for _ in range(rng.choice([1, 1, 2, 2, 3, 5])):
        text = rng.choice(_MUTATIONS)(text, rng.choice(pool), rng)
    return text[:8000]


def as_notebook(text: str, style: int) -> str:
    """The notebook whose code cells are a program's parts.

    Args:
        text: the program.
        style: chooses how the JSON is written.
    """
    cells = []
    for part in text.split(CELL):
        source = part if style & 1 else part.splitlines(keepends=True)
        outputs = [{"output_type": "stream", "name": "stdout", "text": [part]}]
        cells.append({"cell_type": "markdown", "metadata": {}, "source": source})
        cells.append({"cell_type": "code", "metadata": {}, "outputs": outputs, "source": source})
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    indent = 1 if style & 2 else None
    return json.dumps(notebook, indent=indent, ensure_ascii=bool(style & 4)) + "\n" * (style & 1)


def _mutated_notebook(text: str, pool: Sequence[str], rng: random.Random) -> str:
    try:
        notebook = json.loads(text)
        cell = rng.choice(notebook["cells"])
        source = cell["source"]
        changed = mutated("".join(source), pool, rng)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return _change_a_character(text, "", rng)
    if rng.random() < 0.1:
        return _change_a_character(text, "", rng)
    cell["source"] = changed if isinstance(source, str) else changed.splitlines(keepends=True)
    return json.dumps(notebook, indent=rng.choice([None, 1]), ensure_ascii=rng.random() < 0.5)


def _parsed(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _span(text: str, node: ast.AST) -> tuple[int, int]:
    """Where a node is in a text."""
    lines = text.splitlines(keepends=True)  # splits at more than Python does: then others move

    def offset(line: int, column: int) -> int:
        before = lines[line - 1].encode()[:column].decode(errors="replace")
        return sum(map(len, lines[: line - 1])) + len(before)

    if any(name not in node.__dict__ for name in ("lineno", "end_lineno")):
        return 0, 0
    first = offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
    last = offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
    return first, last


def _a_node(text: str, kind: type[ast.AST], rng: random.Random) -> tuple[int, int] | None:
    """Where a random node of a kind is, or None if there is none."""
    tree = _parsed(text)
    nodes = [node for node in ast.walk(tree) if isinstance(node, kind)] if tree else []
    if not nodes:
        return None
    try:
        return _span(text, rng.choice(nodes))
    except IndexError:
        return None


def _replace_expression(text: str, other: str, rng: random.Random) -> str:
    place, taken = _a_node(text, ast.expr, rng), _a_node(other, ast.expr, rng)
    if not place or not taken:
        return text
    return text[: place[0]] + other[slice(*taken)] + text[place[1] :]


def _wrap_expression(text: str, other: str, rng: random.Random) -> str:
    place = _a_node(text, rng.choice([ast.expr, ast.Call, ast.Attribute]), rng)
    if not place:
        return text
    inner = text[slice(*place)]
    return text[: place[0]] + rng.choice(_EXPRESSIONS).format(inner) + text[place[1] :]


def _change_arguments(text: str, other: str, rng: random.Random) -> str:
    place = _a_node(text, ast.Call, rng)
    if not place:
        return text
    call = text[slice(*place)]
    head, opening, arguments = call.partition("(")
    parts = arguments[:-1].split(",")
    what = rng.randrange(4)
    if what == 0:
        parts.insert(rng.randint(0, len(parts)), rng.choice([" ", "\n    ", ""]) + _argument(rng))
    elif what == 1:
        parts[rng.randrange(len(parts))] = _argument(rng)
    elif what == 2:
        rng.shuffle(parts)
    else:
        del parts[rng.randrange(len(parts))]
    return text[: place[0]] + head + opening + ",".join(parts) + ")" + text[place[1] :]


def _argument(rng: random.Random) -> str:
    return rng.choice(_ARGUMENTS)


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _insert_statement(text: str, other: str, rng: random.Random) -> str:
    taken = _a_node(other, ast.stmt, rng)
    if not taken:
        return text
    first, last = taken
    first = other.rfind("\n", 0, first) + 1
    statement = textwrap.dedent(other[first:last])
    return _inserted(text, statement, rng)


def _insert_line(text: str, other: str, rng: random.Random) -> str:
    return _inserted(text, rng.choice(_EXTRA_LINES), rng)


def _inserted(text: str, statement: str, rng: random.Random) -> str:
    lines = _lines(text)
    at = rng.randint(0, len(lines) - 1)
    indent = _indent_of(lines[at])
    lines[at:at] = [indent + line if line else line for line in _lines(statement)]
    return "\n".join(lines)


def _delete_line(text: str, other: str, rng: random.Random) -> str:
    lines = _lines(text)
    del lines[rng.randrange(len(lines))]
    return "\n".join(lines)


def _delete_statement(text: str, other: str, rng: random.Random) -> str:
    place = _a_node(text, ast.stmt, rng)
    return text[: place[0]] + "pass" + text[place[1] :] if place else text


def _move_lines(text: str, other: str, rng: random.Random) -> str:
    lines = _lines(text)
    first = rng.randrange(len(lines))
    moved = lines[first : first + rng.randint(1, 3)]
    if rng.random() < 0.5:
        del lines[first : first + len(moved)]
    at = rng.randint(0, len(lines))
    lines[at:at] = moved
    return "\n".join(lines)


def _wrap_lines(text: str, other: str, rng: random.Random) -> str:
    lines = _lines(text)
    first = rng.randrange(len(lines))
    last = rng.randint(first + 1, len(lines))
    indent = _indent_of(lines[first])
    head = rng.choice(_STATEMENTS)
    tail = [f"{indent}except Exception:", f"{indent}    pass"] if head == "try:" else []
    inner = [f"    {line}" if line else line for line in lines[first:last]]
    lines[first:last] = [indent + head, *inner, *tail]
    return "\n".join(lines)


def _rename(text: str, other: str, rng: random.Random) -> str:
    found = _NAME.findall(text)
    if not found:
        return text
    old, new = rng.choice(found), rng.choice([*_NAMES, rng.choice(found)])
    if rng.random() < 0.4:
        return re.sub(rf"\b{re.escape(old)}\b", new, text)
    places = list(re.finditer(rf"\b{re.escape(old)}\b", text))
    place = rng.choice(places)
    return text[: place.start()] + new + text[place.end() :]


def _splice(text: str, other: str, rng: random.Random) -> str:
    ours, theirs = _lines(text), _lines(other)
    return "\n".join(ours[: rng.randint(0, len(ours))] + theirs[rng.randint(0, len(theirs)) :])


def _append(text: str, other: str, rng: random.Random) -> str:
    return f"{text}\n{rng.choice(['', CELL])}{other}"


def _change_spaces(text: str, other: str, rng: random.Random) -> str:
    what = rng.randrange(4)
    if what == 0:
        return text.replace("\n", rng.choice(["\r\n", "\r"]))
    if what == 1:
        return text.rstrip("\n")
    if what == 2:
        return text.replace("    ", "\t")
    places = [match.start() for match in re.finditer(r"[ \n(,.)]", text)]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + rng.choice(_SPACES) + text[at + rng.randint(0, 1) :]


def _change_a_character(text: str, other: str, rng: random.Random) -> str:
    at = rng.randint(0, len(text))
    new = rng.choice([*"(),.\"'\\\0é😀{#:[=", ""])
    return text[:at] + new + text[at + rng.randint(0, 1) :]


_MUTATIONS: list[Callable[[str, str, random.Random], str]] = [
    *[_replace_expression, _wrap_expression, _change_arguments, _insert_statement, _rename],
    *[_replace_expression, _wrap_expression, _change_arguments, _insert_statement, _rename],
    *[_insert_line, _delete_line, _delete_statement, _move_lines, _wrap_lines, _splice, _append],
    *[_change_spaces, _change_a_character],
]
