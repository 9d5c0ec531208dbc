"""Notebooks: code cells as one source, and not a byte changed elsewhere."""

from __future__ import annotations

import ast
import json
from typing import Any, List, Sequence, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_xent_cli.migrate.engine import examine
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import chosen_rules
from keras_xent_cli.migrate.running.notebook import Notebook, first_syntax_error, without_magics
from keras_xent_cli.migrate.source.edits import Edit

Source = Union[str, List[str]]

TF = "import tensorflow.compat.v1 as tf"
OLD = "x = tf.losses.softmax_cross_entropy(a, b)"
NEW = "x = keras_xent.v1.softmax_cross_entropy(a, b)"


def code(source: Source) -> dict[str, Any]:
    output = {"output_type": "stream", "name": "stdout", "text": [OLD, "é\\u2028"]}
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {"collapsed": False},
        "outputs": [output],
        "source": source,
    }


def markdown(source: Source) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 2}


def lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def ported(text: str) -> str:
    book = Notebook(text)
    outcome = examine(book.source, chosen_rules(), Options())
    return book.with_edits(outcome.edits)


def sources(text: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


def port_cells(*cells: str, as_list: bool = True) -> list[str]:
    book = notebook(*(code(lines(cell) if as_list else cell) for cell in cells))
    return sources(ported(json.dumps(book)))


@pytest.mark.parametrize("as_list", [True, False], ids=["list", "string"])
@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param([TF, OLD], [f"{TF}\nimport keras_xent", NEW], id="one used in another"),
        pytest.param([f"{TF}\n", OLD], [f"{TF}\nimport keras_xent\n", NEW], id="a line break"),
        pytest.param([f"{TF}\n{OLD}"], [f"import keras_xent\n{TF}\n{NEW}"], id="one cell"),
        pytest.param(["1 + 1", TF, OLD], ["1 + 1", f"import keras_xent\n{TF}", NEW], id="second"),
        pytest.param(["", TF, "", OLD], ["", f"import keras_xent\n{TF}", "", NEW], id="empty"),
        pytest.param(
            ["import a", "import b\nimport os\n" + TF, OLD],
            ["import a", "import b\nimport keras_xent\nimport os\n" + TF, NEW],
            id="imports of one cell are not those of the next",
        ),
        pytest.param(
            ["%matplotlib inline\n" + TF, OLD],
            ["%matplotlib inline\nimport keras_xent\n" + TF, NEW],
            id="after a magic",
        ),
        pytest.param(
            [f"# Setup\n{TF}", OLD], [f"# Setup\n{TF}\nimport keras_xent", NEW], id="after"
        ),
    ],
)
def test_ports_and_imports(cells: list[str], expected: list[str], as_list: bool) -> None:
    if cells[0] == TF or cells[0] == f"{TF}\n":
        # In alphabetical order the import comes first.
        expected = [f"import keras_xent\n{cells[0]}", NEW]
    assert port_cells(*cells, as_list=as_list) == expected


def test_a_timed_cell() -> None:
    assert port_cells(f"%%time\n{TF}\n{OLD}") == [f"%%time\nimport keras_xent\n{TF}\n{NEW}"]
    inside = "def f():\n    " + TF + "\n    " + OLD
    (cell,) = port_cells(f"%%time\n{inside}")
    assert cell.startswith("%%time\n")
    assert "import keras_xent\n" in cell


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
@pytest.mark.parametrize("as_list", [True, False])
def test_only_the_lines_that_change(
    ascii_only: bool, indent: int | str | None, end: str, as_list: bool
) -> None:
    def written(*cells: str) -> str:
        book = notebook(
            markdown(["# é 😀\n", OLD]),
            code(lines(cells[0]) if as_list else cells[0]),
            {"cell_type": "raw", "metadata": {}, "source": [OLD]},
            code([]),
            code(lines(cells[1]) if as_list else cells[1]),
        )
        return json.dumps(book, ensure_ascii=ascii_only, indent=indent) + end

    old = written(f"import os\n\n{TF}\n", f"y = 'é 😀 \\\" </a>'\n{OLD}  # é")
    new = written(f"import os\n\nimport keras_xent\n{TF}\n", f"y = 'é 😀 \\\" </a>'\n{NEW}  # é")
    assert ported(old) == new


def test_crlf_between_the_json_s_lines() -> None:
    old = json.dumps(notebook(code([f"{TF}\n", OLD])), indent=1).replace("\n", "\r\n")
    new = json.dumps(notebook(code(["import keras_xent\n", f"{TF}\n", NEW])), indent=1)
    assert ported(old) == new.replace("\n", "\r\n")


def test_crlf_in_the_cells() -> None:
    (cell,) = port_cells(f"%matplotlib inline\r\n{TF}\r\nlist?\r\n{OLD}\r\n")
    assert cell == f"%matplotlib inline\r\nimport keras_xent\r\n{TF}\r\nlist?\r\n{NEW}\r\n"


@pytest.mark.parametrize("as_list", [True, False])
def test_lines_that_do_not_change_keep_their_escapes(as_list: bool) -> None:
    # As Colab writes them; json.dumps would not.
    other = r"y = '\u003cb\u003e \/ \u00e9' \n"
    if as_list:
        source = f'["{TF}\\n","{other}","{OLD}"]'
        expected = f'["import keras_xent\\n","{TF}\\n","{other}","{NEW}"]'
    else:
        source = f'"{TF}\\n{other}{OLD}"'
        expected = f'"import keras_xent\\n{TF}\\n{other}{NEW}"'
    text = '{"cells":[{"source":%s,"cell_type":"code"}]}'
    assert ported(text % source) == text % expected


@pytest.mark.parametrize(
    "magic",
    [
        "%matplotlib inline",
        "%time y = 1",
        "!pip install x",
        "!pip install \\\n  x \\\n  y",
        "y = !ls",
        "a, b = !ls",
        "y = %env X",
        "?list",
        "list?",
        "list.append??",
        "if y:\n    !ls\n    %cd x",
    ],
)
def test_magics(magic: str) -> None:
    source = f"{magic}\n{TF}\n{OLD}\n{magic}"
    masked = without_magics(source)
    ast.parse(masked)
    assert [len(line) for line in masked.split("\n")] == [len(line) for line in source.split("\n")]
    (cell,) = port_cells(source)
    assert cell.replace("import keras_xent\n", "") == f"{magic}\n{TF}\n{NEW}\n{magic}"
    assert "\nimport keras_xent\n" in cell


@pytest.mark.parametrize(
    "source", ["y = (a\n     % b)", "y = a \\\n  % b", "y = '''\n%s\n!x\n?y\nz?'''", "a != b"]
)
def test_a_line_that_begins_with_the_operator(source: str) -> None:
    assert without_magics(source) == source
    assert port_cells(TF, f"{source}\n{OLD}")[1] == f"{source}\n{NEW}"


@pytest.mark.parametrize("magic", ["%%bash", "%%html", "%%writefile x.py", "%%javascript"])
def test_cells_that_are_not_python_are_left(magic: str) -> None:
    cell = f"{magic}\nthis (is not Python\n{OLD}"
    assert port_cells(cell, TF, OLD)[0] == cell


@pytest.mark.parametrize("magic", ["%%time", "%%timeit", "%%capture out", "%%prun"])
def test_cells_whose_magic_runs_python(magic: str) -> None:
    assert port_cells(TF, f"{magic}\n{OLD}")[1] == f"{magic}\n{NEW}"


def test_places_are_those_in_the_cell() -> None:
    cells = [TF, "", f"\n{OLD}"]
    book = Notebook(json.dumps(notebook(markdown("#"), *(code(lines(cell)) for cell in cells))))
    cell, offset = book.cell_at(book.source.index("tf.losses"))
    assert (cell.number, offset) == (4, 5)
    assert book.cell_at(0)[0].number == 2


@pytest.mark.parametrize("bad", ["if x:", "x = (", "'''", "print 'x'"])
def test_the_first_cell_that_is_not_python(bad: str) -> None:
    cells = [code(TF), code(f"{OLD}\n{bad}"), code(f"{OLD})")]
    book = Notebook(json.dumps(notebook(*cells)))
    found = first_syntax_error(book)
    assert found is not None
    cell, error = found
    assert cell.number == 2
    assert error.lineno in (2, 3)


def test_cells_that_are_python() -> None:
    assert first_syntax_error(Notebook(json.dumps(notebook(code(TF))))) is None


# With the name of a function, for which cells are read that aren't Python.
TEXTS = st.text(st.sampled_from('aé😀"\\\n\r\t \u2028</#'), max_size=12).map(
    lambda text: f"{text}\ncompute_weighted_loss"
)


@given(
    st.lists(st.one_of(TEXTS, TEXTS.map(lines)), max_size=5),
    st.booleans(),
    st.sampled_from([None, 0, 2]),
)
def test_without_edits_the_text_is_the_same(
    cells: Sequence[Source], ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(
        notebook(*(code(cell) for cell in cells)), ensure_ascii=ascii_only, indent=indent
    )
    book = Notebook(text)
    assert book.with_edits([]) == text
    assert [cell.source for cell in book.cells] == ["".join(cell) for cell in cells]


@given(st.lists(st.one_of(TEXTS, TEXTS.map(lines)), min_size=1, max_size=5), st.data())
def test_an_edit_changes_its_cell_alone(cells: Sequence[Source], data: st.DataObject) -> None:
    text = json.dumps(notebook(*(code(cell) for cell in cells)), indent=1)
    book = Notebook(text)
    chosen = data.draw(st.sampled_from(book.cells))
    place = data.draw(st.integers(0, len(chosen.source)))
    start = next(at for at in range(len(book.source)) if book.cell_at(at) == (chosen, 0))
    edit = Edit(start + place, start + place, lambda old: "NEW\n")
    new = json.loads(book.with_edits([edit]))
    expected = json.loads(text)
    for cell, old in zip(expected["cells"], book.cells):
        if old is chosen:
            cell["source"] = old.source[:place] + "NEW\n" + old.source[place:]
        cell["source"] = "".join(cell["source"])
    for cell in new["cells"]:
        cell["source"] = "".join(cell["source"])
    assert new == expected


def test_an_edit_of_the_same_line_twice() -> None:
    assert port_cells(TF, f"{OLD}\n{OLD}\n")[1] == f"{NEW}\n{NEW}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a notebook: Expecting value"),
        ("{", "not a notebook: Expecting property name"),
        ("[]", "not a notebook: expected a JSON object"),
        ('{"cells": {}}', "not a notebook: expected an array"),
        ('{"cells": [{"cell_type": "code"}]}', "not a notebook: a cell has no 'source'"),
        ('{"cells": [{"source": "a"}]}', "not a notebook: a cell has no 'cell_type'"),
        ('{"cells": [{"cell_type": "code", "source": 1}]}', "not a notebook"),
        ('{"cells": [1]}', "not a notebook: expected a JSON object"),
        ('{"cells": []} x', "not a notebook: Extra data"),
        (
            '{"worksheets": [{"cells": [{"cell_type": "code", "input": ["compute_weighted_loss"]}]}'
            "]}",
            "^notebook format 3 isn't supported: save it with a newer Jupyter",
        ),
        ('{"worksheets": [1]}', "not a notebook"),
    ],
)
def test_what_is_no_notebook(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Notebook(text)


@pytest.mark.parametrize("cells", [[], [markdown(OLD)]])
def test_notebooks_without_code(cells: list[dict[str, Any]]) -> None:
    assert Notebook(json.dumps(notebook(*cells))).source == ""
