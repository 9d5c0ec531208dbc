"""Where the import goes."""

from __future__ import annotations

import re

import pytest

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.edits import apply
from keras_xent_cli.migrate.source.imports import import_edits

IMPORT = "import keras_xent\n"


def with_import(source: str) -> str:
    """The source with the import for the places that are marked by `tf.USE`, or by `USE`."""
    found = [match.start() for match in re.finditer(r"(\btf\.)?\bUSE\b", source)]
    return apply(source, import_edits(Module(source), found))


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
    """Where it isn't known which import the place needs."""
    check(source)


SET = "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '2'\n"
LAZY = "  import tensorflow as tf\n"


@pytest.mark.parametrize(
    "source",
    [
        f"{SET}def f():\n{LAZY}  ^tf.USE\n",
        f"{SET}def f():\n  '''Docs.'''\n{LAZY}  ^for x in y:\n    tf.USE\n  tf.USE\n",
        f"{SET}def f():\n  def g():\n    tf.USE\n{LAZY}  ^g()\n",
        f"{SET}def f():\n  try:\n    import tensorflow.compat.v1 as tf\n  except ImportError:\n"
        f"  {LAZY}  ^tf.USE\n",
        f"{SET}def f():\n  if x:\n  {LAZY}    ^tf.USE\n",
        f"{SET}if __name__ == '__main__':\n{LAZY}  ^tf.USE\n",
        f"{SET}with quiet():\n{LAZY}^\ntf.USE\n",
        f"{SET}try:\n{LAZY}except ImportError:\n  tf = None\n^def f():\n  tf.USE\n",
        f"{SET}try:\n{LAZY}  ^tf.USE\nexcept ImportError:\n  pass\n",
        f"{SET}import tf_slim\n^tf = tf_slim.tf\ntf.USE\n",
        f"def f():\n  tf.USE\n{SET}^import tensorflow as tf\n",
        f"def f():\n  tf.USE\n{SET}import numpy\nimport tensorflow as tf\nimport abc\n^",
        f"f = lambda: tf.USE\n{SET}if x:\n{LAZY}^",
        f"{SET}class A:\n{LAZY}  ^x = tf.USE\n",
        f"{SET}tf = None\ndef f():\n  global tf\n{LAZY}  ^\ndef g():\n  return tf.USE\n",
    ],
)
def test_after_the_import_of_tensorflow_that_the_place_needs(source: str) -> None:
    """Loaded earlier, TensorFlow doesn't see what the program sets before."""
    before, after = source.split("^")
    indent = before.rpartition("\n")[2]
    assert with_import(before + after) == before + IMPORT + indent + after


def test_in_every_function_that_needs_it() -> None:
    function = "def {}():\n    import tensorflow as tf\n{}    return tf.USE\n"
    before = "".join(function.format(name, "") for name in "fg")
    after = "".join(function.format(name, f"    {IMPORT}") for name in "fg")
    assert with_import(SET + before) == SET + after
    assert with_import(SET + after) == SET + after


@pytest.mark.parametrize(
    "source",
    [
        f"{SET}def f(): import tensorflow as tf^; return tf.USE\n",
        "import os; import tensorflow as tf^; tf.USE\n",
        f"{SET}if x: import tensorflow as tf^; tf.USE\n",
    ],
)
def test_on_the_line_of_the_import(source: str) -> None:
    before, after = source.split("^")
    assert with_import(before + after) == f"{before}; import keras_xent{after}"


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


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "x = 1\r# a\nimport tensorflow as tf\n\ny = tf.USE\n",
            "x = 1\r# a\nimport tensorflow as tf\nimport keras_xent\n\ny = tf.USE\n",
        ),
        (
            "# a\r\nimport tensorflow as tf\nimport zlib\ny = tf.USE\n",
            "# a\r\nimport tensorflow as tf\nimport zlib\nimport keras_xent\ny = tf.USE\n",
        ),
        ('"""A."""\n\ny = USE\r', '"""A."""\n\nimport keras_xent\n\ny = USE\r'),
        ("# a\r\ny = USE\n", "# a\r\nimport keras_xent\n\ny = USE\n"),
    ],
)
def test_several_line_endings(source: str, expected: str) -> None:
    assert with_import(source) == expected


def test_a_function_above_the_imports() -> None:
    assert with_import("def f(): USE\nimport tensorflow as tf") == (
        "def f(): USE\nimport keras_xent\nimport tensorflow as tf"
    )
    assert with_import("def f(): tf.USE\nimport tf_slim as tf") == (
        "def f(): tf.USE\nimport tf_slim as tf\nimport keras_xent\n"
    )
