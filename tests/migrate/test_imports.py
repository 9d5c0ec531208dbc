"""Where the import goes."""

from __future__ import annotations

import pytest

from keras_xent.migrate.edits import apply
from keras_xent.migrate.imports import import_edit
from keras_xent.migrate.module import Module

IMPORT = "import keras_xent\n"


def with_import(source: str) -> str:
    """The source with the import for the place that is marked by `USE`."""
    return apply(source, [import_edit(Module(source), source.index("USE"))])


def check(source: str) -> None:
    """The import belongs at the `^` of a source, and nowhere else."""
    before, after = source.split("^")
    assert with_import(before + after) == before + IMPORT + after


@pytest.mark.parametrize(
    "source",
    [
        "^import tensorflow as tf\nUSE\n",
        "import argparse\n^import tensorflow as tf\nUSE\n",
        "import numpy as np\nimport tensorflow as tf\nimport abseil\n^\nUSE\n",  # in no order
        "import os\n\n^import tensorflow as tf\nfrom tensorflow import nn\n\nUSE\n",
        "from absl import app\n^import tensorflow.compat.v1 as tf\n\nimport zlib\n\nUSE\n",
        "# Third-party.\nimport tensorflow as tf\n^USE\n",  # not between a comment and its import
        "import tensorflow as tf  # noqa\nimport abc\n^USE\n",
        "from tensorflow import (\n  nn,\n  losses)\nimport abc\n^USE\n",
    ],
)
def test_among_the_imports_next_to_tensorflow(source: str) -> None:
    check(source)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nimport compat\n^\nUSE\n",
        "try:\n  import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "  import tensorflow as tf\n^USE\n",
        "if x:\n  import tensorflow as tf\nelse:\n  tf = None\n^USE\n",
        "'''Docs.'''\nimport os\n^USE\nimport sys\n",
        "from __future__ import division\n^USE\n",
        "import os\n^x = 1\nimport sys\nUSE\n",
    ],
)
def test_after_the_first_imports(source: str) -> None:
    check(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("USE\n", "import keras_xent\n\nUSE\n"),
        (
            "#!/bin/python\n# Licence.\nUSE\n",
            "#!/bin/python\n# Licence.\nimport keras_xent\n\nUSE\n",
        ),
        ("'''Docs.'''\nUSE\n", "'''Docs.'''\n\nimport keras_xent\nUSE\n"),
        ("@a\n@b\ndef f(): USE\n", "import keras_xent\n\n@a\n@b\ndef f(): USE\n"),
        ("@a\nclass A:\n  USE\n", "import keras_xent\n\n@a\nclass A:\n  USE\n"),
    ],
)
def test_at_the_top(source: str, expected: str) -> None:
    assert with_import(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        # Python runs these in the order of the text.
        "import os\n^if __name__ == '__main__':\n  import tensorflow as tf\n  USE\n",
        "import tf_slim as slim\n^USE\nimport tensorflow as tf\n",
        "import os\n^try:\n  import tensorflow as tf\n  USE\nexcept E: pass\n",
        "import os\n^import tensorflow as tf; USE\n",
    ],
)
def test_before_the_place_that_needs_it(source: str) -> None:
    check(source)


@pytest.mark.parametrize(
    "source",
    [
        "import b\nimport a; import tensorflow as tf; x = '''\n'''\n^USE\n",
        "x = 1; import tensorflow as tf\n^USE\n",
        "import b\nimport tensorflow as tf; import abc; import a\n^USE\n",
    ],
)
def test_semicolons(source: str) -> None:
    check(source)


def test_several_statements_on_the_line_of_the_use() -> None:
    assert with_import("import tensorflow as tf; USE\n").startswith(IMPORT)


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tensorflow as tf\nUSE\n", "import keras_xent\nimport tensorflow as tf\nUSE\n"),
        ("import a\nUSE\n", "import a\nimport keras_xent\nUSE\n"),
        ("'''Docs.'''\nUSE\n", "'''Docs.'''\n\nimport keras_xent\nUSE\n"),
        ("USE\n", "import keras_xent\n\nUSE\n"),
    ],
)
def test_line_endings(ending: str, source: str, expected: str) -> None:
    assert with_import(source.replace("\n", ending)) == expected.replace("\n", ending)


def test_a_function_above_the_imports() -> None:
    assert with_import("def f(): USE\nimport tensorflow as tf") == (
        "import keras_xent\n\ndef f(): USE\nimport tensorflow as tf"
    )
