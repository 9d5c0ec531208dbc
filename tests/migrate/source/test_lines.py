"""Places in a text: what ast says of it, as offsets."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_xent_cli.migrate.source.lines import Lines

ENDINGS = ["\n", "\r\n", "\r"]
# What str.splitlines takes for the end of a line, and Python doesn't; wide and combining
# characters, and those outside of the first plane.
TEXTS = st.text(st.sampled_from("ab é字😀\u0301\x0b\x0c\x1c\x85\u2028"), max_size=6)


@st.composite
def sources(draw: st.DrawFn) -> str:
    """Lines of statements that have strings and comments of any characters around a name."""
    lines = draw(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, st.sampled_from(ENDINGS)), min_size=1))
    return "".join(
        f"'{before}', target, '{after}'  # {comment}{ending}"
        for before, after, comment, ending in lines
    )


@given(sources())
def test_every_name_is_where_ast_says(source: str) -> None:
    lines = Lines(source)
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    spans = [lines.span(node) for node in names]
    assert [source[start:end] for start, end in spans] == ["target"] * len(names)
    expected = [at for at in range(len(source)) if source.startswith("target", at)]
    assert sorted(start for start, _ in spans) == expected


@given(sources())
def test_a_segment_is_the_source_of_a_node(source: str) -> None:
    lines = Lines(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant):
            assert ast.literal_eval(lines.segment(node)) == node.value


@given(st.text(st.sampled_from("aé😀\n\r\u2028")))
def test_the_lines_are_the_text(text: str) -> None:
    assert "".join(Lines(text).lines) == text


@given(st.text(st.sampled_from("aé😀\n\r\u2028")), st.data())
def test_place_and_offset_are_inverse(text: str, data: st.DataObject) -> None:
    lines = Lines(text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = lines.place(offset)
    assert lines.start_of_line(line) + column - 1 == offset


def test_place_counts_characters() -> None:
    lines = Lines("é = 1\n'😀', b\n")
    assert lines.place(lines.text.index("b")) == (2, 6)


@pytest.mark.parametrize("text", ["", "a", "a\n"])
def test_the_ends_of_a_text(text: str) -> None:
    lines = Lines(text)
    assert lines.place(0) == (1, 1)
    assert lines.start_of_line(1) == 0
    assert lines.start_of_line(99) == len(text)
    assert lines.offset(1, 0) == 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_newline_is_that_of_the_first_line(ending: str) -> None:
    other = "\n" if ending == "\r\n" else "\r\n"
    assert Lines(f"a{ending}b{other}").newline() == ending
    assert Lines(f"{ending}b{other}").newline() == ending


def test_newline_of_a_line() -> None:
    lines = Lines("a\r\nb\rc\nd")
    assert [lines.newline(line) for line in (1, 2, 3, 4, 5)] == [
        "\r\n",
        "\r",
        "\n",
        "\r\n",
        "\r\n",
    ]


@pytest.mark.parametrize("text", ["", "a"])
def test_newline_without_any(text: str) -> None:
    assert Lines(text).newline() == "\n"
