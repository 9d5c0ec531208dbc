"""Imports that the port leaves without use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from migrate.tools import TARGETS, ported

from keras_xent_cli.migrate.running.job import Job, run_job, write

TF = "import tensorflow as tf\n"
FROM_TF = "from tensorflow import losses"
LOSSES = "from tensorflow.compat.v1.losses import softmax_cross_entropy"
CALL = "z = {}(labels, logits)\n"


def left_of(imports: str, use: str) -> str:
    """What is left of the imports of a program."""
    new, _ = ported(imports + use)
    assert ported(new)[0] == new
    head = new[: new.index("z = ")]
    return head.replace("import keras_xent\n", "", 1)


GOING = [
    (f"{LOSSES} as xent\n", "xent"),
    (f"{LOSSES} as xent  # noqa: F401\n", "xent"),
    ("from tensorflow import losses\n", "losses.softmax_cross_entropy"),
    ("import tensorflow.compat.v1.losses as losses\n", "losses.softmax_cross_entropy"),
    ("from tensorflow.python.ops.losses import losses_impl as l\n", "l.softmax_cross_entropy"),
    ("from tensorflow.losses import (\n    softmax_cross_entropy as xent,\n)\n", "xent"),
]


@pytest.mark.parametrize(("imports", "name"), GOING)
def test_what_nothing_uses_any_more_goes(imports: str, name: str) -> None:
    assert left_of(TF + imports, CALL.format(name)) == TF
    assert left_of(f"{TF}\n{imports}\n", CALL.format(name)) == f"{TF}\n\n"
    assert left_of(imports, CALL.format(name)) == ""
    crlf = (TF + imports).replace("\n", "\r\n")
    assert left_of(crlf, CALL.format(name)).replace("import keras_xent\r\n", "") == (
        TF.replace("\n", "\r\n")
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from tensorflow import losses, nn\n", "from tensorflow import nn\n"),
        ("from tensorflow import nn, losses  # both\n", "from tensorflow import nn  # both\n"),
        ("from tensorflow import (nn, losses)\n", "from tensorflow import (nn)\n"),
        (
            "from tensorflow import (\n    losses,\n    nn,\n)\n",
            "from tensorflow import (\n    nn,\n)\n",
        ),
        ("import os, tensorflow.losses as losses\n", "import os\n"),
        (f"{FROM_TF}; import os\n", f"{FROM_TF}; import os\n"),
    ],
)
def test_only_the_names_that_nothing_uses(before: str, after: str) -> None:
    use = CALL.format("losses.softmax_cross_entropy") + "nn.relu(os)\n"
    assert left_of(before, use) == after


STAYING = [
    (TF, "tf.losses", ""),
    ("import tensorflow.compat.v1 as tf\n", "tf.losses", ""),
    ("from tensorflow import compat\n", "compat.v1.losses", ""),
    (f"{FROM_TF}\n", "losses", "losses.get_total_loss()\n"),
    (f"{FROM_TF}\n", "losses", "__all__ = ['losses']\n"),
    (f"{FROM_TF}\n", "losses", "eval('losses.x')\n"),
    (f"{FROM_TF}\n", "losses", "losses = 1\n"),
    (f"{FROM_TF}\n", "losses", "del losses\n"),
    (f"{FROM_TF}  # keras-xent: ignore\n", "losses", ""),
    ("from tensorflow.losses import *\n", "tf.losses", ""),
    ("from tensorflow import nn, losses\n", "tf.losses", ""),
    (f"try:\n    {FROM_TF}\nexcept ImportError:\n    pass\n", "losses", ""),
]


@pytest.mark.parametrize(("imports", "name", "more"), STAYING)
def test_what_stays(imports: str, name: str, more: str) -> None:
    use = CALL.format(f"{name}.softmax_cross_entropy")
    assert left_of(imports + TF, use + more) == imports + TF


def test_a_use_elsewhere_is_another_name() -> None:
    function = "def f():\n    xent = 1\n    return xent\n"
    source = f"{LOSSES} as xent\n\n\n{function}"
    assert LOSSES not in left_of(source, CALL.format("xent"))


def test_in_a_function() -> None:
    source = f"def f(labels, logits):\n    {LOSSES} as xent\n    z = xent(labels, logits)\n"
    new, _ = ported(source)
    assert new == (
        "def f(labels, logits):\n    import keras_xent\n"
        "    z = keras_xent.v1.softmax_cross_entropy(labels, logits)\n"
    )


ONLY_IN_ITS_BLOCK = (
    f"try:\n    {LOSSES} as xent\n"
    "except ImportError:\n    from tensorflow.losses import softmax_cross_entropy as xent\n"
    "z = xent(labels, logits)\n"
)
IN_ALL = f"{LOSSES} as xent\n__all__ = ['xent']\nz = xent(labels, logits)\n"


@pytest.mark.parametrize("source", [ONLY_IN_ITS_BLOCK, IN_ALL])
def test_what_must_stay_is_named_at_once(source: str) -> None:
    """Not by the second run only."""
    new, findings = ported(source)
    named = [finding.rule for finding in findings if finding.rule == "KX110"]
    assert named == ["KX110"] * source.count(" as xent")
    again, left = ported(new)
    assert again == new
    assert [finding.rule for finding in left] == named


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "imports",
    [
        "from tensorflow.contrib import slim\n",
        "import tensorflow.contrib.slim as slim\n",
        "from tensorflow.contrib.slim import losses\n",
        "from tensorflow.contrib.losses import softmax_cross_entropy as xent\n",
        "import tf_slim as slim\n",
        f"{LOSSES} as xent\n",
    ],
)
def test_a_second_run_has_nothing_to_say(imports: str, target: str) -> None:
    name = {"slim": "slim.losses.softmax_cross_entropy", "losses": "losses.softmax_cross_entropy"}
    use = name.get(imports.split()[-1], "xent")
    new, findings = ported(f"{TF}{imports}z = {use}(a, b)\n", target)
    assert [finding.action.value for finding in findings] == ["ported"]
    assert ported(new, target) == (new, ())


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            [f"{TF}{LOSSES}", "softmax_cross_entropy(y, x)"],
            [f"import keras_xent\n{TF.rstrip()}", "keras_xent.v1.softmax_cross_entropy(y, x)"],
        ),
        ([LOSSES, "softmax_cross_entropy(y, x)"], ["import keras_xent", "keras_xent.v1.softmax_c"]),
        (
            [TF, "import tf_slim as slim", "slim.losses.softmax_cross_entropy(x, y)"],
            [f"import keras_xent\n{TF}", "", "keras_xent.v1.softmax_cross_entropy(logits=x, "],
        ),
        (
            [TF, "%time\nimport tf_slim\n", "tf_slim.losses.softmax_cross_entropy(x, y)"],
            [f"import keras_xent\n{TF}", "%time\n", "keras_xent.v1.softmax_cross_ent"],
        ),
    ],
)
def test_in_a_notebook(cells: list, expected: list, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    content = [{"cell_type": "code", "source": source.splitlines(True)} for source in cells]
    path.write_text(json.dumps({"cells": content, "nbformat": 4}, indent=1))
    report = write(run_job(path, Job()))
    assert report.error is None
    new = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
    assert len(new) == len(expected)
    assert all(text.startswith(begin) for text, begin in zip(new, expected)), new
    assert all(text == begin for text, begin in zip(new, expected) if "v1" not in begin), new
    assert not run_job(path, Job()).changed
