"""What one file of a program says of another."""

from __future__ import annotations

import json
import pickle
import textwrap
from pathlib import Path

import pytest

from keras_xent_cli.migrate.finding import Finding
from keras_xent_cli.migrate.running.job import FileReport, Job, run_job
from keras_xent_cli.migrate.running.program import Place, Program
from keras_xent_cli.migrate.running.runner import run_jobs
from keras_xent_cli.migrate.source.names import OWN, UNKNOWN, WRAPPED
from keras_xent_cli.migrate.tensorflow.eras import Era

XENT = "tf.losses.softmax_cross_entropy(y, x)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


def reports(*paths: str) -> dict[str, FileReport]:
    return {report.path: report for report in run_jobs(map(Path, paths or ["."]), Job()).reports}


def rules(report: FileReport) -> tuple[str, ...]:
    return tuple(f"{finding.rule} {finding.action.value}" for finding in report.findings)


def follow(files: dict[str, str], name: str, folder: str = "") -> set:
    write(files)
    program = Program(map(Path, files))
    return set(program.follow(name, (Path.cwd() / folder)))


V1 = "import tensorflow.compat.v1 as tf\n"


@pytest.mark.parametrize(
    ("files", "imports"),
    [
        ({"project/compat.py": V1}, "from project.compat import tf"),
        (
            {"project/tfv1.py": "from tensorflow.compat.v1 import *"},
            "from project import tfv1 as tf",
        ),
        (
            {"project/tfv1.py": V1, "project/__init__.py": ""},
            "import project.tfv1\ntf = project.tfv1.tf",
        ),
        ({"project/__init__.py": V1}, "from project import tf"),
        (
            {"project/__init__.py": "from .compat import tf", "project/compat.py": V1},
            "from project import tf",
        ),
        (
            {"project/__init__.py": "from .compat import *", "project/compat.py": V1},
            "from project import *",
        ),
        ({"utils.py": V1}, "from utils import *"),
        ({"utils.py": V1}, "import utils\ntf = utils.tf"),
        ({"utils.py": "from more import *", "more.py": V1}, "from utils import *"),
        ({"utils.py": "from more import tf as t", "more.py": V1}, "from utils import t as tf"),
        (
            {
                "compat.py": "try:\n    import tensorflow.compat.v1 as tf\n"
                "except ImportError:\n    import tensorflow as tf\n"
            },
            "from compat import tf",
        ),
        (
            {
                "compat.py": "import tensorflow as t\n"
                "tf = t if not hasattr(t, 'compat') else t.compat.v1"
            },
            "from compat import tf",
        ),
        ({"compat.py": "import tensorflow as tf\n"}, "from compat import tf"),
        (
            {"compat.py": "import tensorflow as t\nclass A: pass\nlosses = t.compat.v1.losses"},
            "import compat as tf",
        ),
    ],
)
def test_through_the_program_s_modules(folder: Path, files: dict[str, str], imports: str) -> None:
    write({**files, "main.py": f"{imports}\nz = {XENT}\n"})
    report = reports()["main.py"]
    assert rules(report) == ("KX001 ported",)
    assert "z = keras_xent.v1.softmax_cross_entropy(y, x)" in report.new
    assert set(imports.splitlines()) <= set(
        report.new.splitlines()
    )  # which may do more than to hand TensorFlow on
    # With this file alone there is no telling.
    assert rules(reports("main.py")["main.py"]) == ("KX110 flagged",)


@pytest.mark.parametrize(
    ("path", "imports"),
    [
        ("package/a.py", "from .compat import tf"),
        ("package/a.py", "from . import compat\ntf = compat.tf"),
        ("package/a.py", "from package.compat import tf"),
        ("package/a.py", "from compat import tf"),  # as Python 2 has it, and a script
        ("package/deep/a.py", "from ..compat import tf"),
        ("package/deep/a.py", "from .. import compat\ntf = compat.tf"),
        ("package/deep/a.py", "from package import compat\ntf = compat.tf"),
        ("scripts/a.py", "from package.compat import tf"),
        ("a.py", "import package.compat as compat\ntf = compat.tf"),
    ],
)
def test_from_wherever(folder: Path, path: str, imports: str) -> None:
    write({"package/__init__.py": "", "package/compat.py": V1, path: f"{imports}\nz = {XENT}\n"})
    assert rules(reports()[path]) == ("KX001 ported",)


def test_a_notebook_imports_too(folder: Path) -> None:
    write({"compat.py": V1})
    cell = {"cell_type": "code", "source": f"from compat import tf\nz = {XENT}"}
    write({"a.ipynb": json.dumps({"cells": [cell]})})
    report = reports()["a.ipynb"]
    assert rules(report) == ("KX001 ported",)
    assert "z = keras_xent.v1.softmax_cross_entropy(y, x)" in report.new


def test_a_function_that_another_file_hands_on(folder: Path) -> None:
    write(
        {
            "compat.py": "import tensorflow.compat.v1 as tf\n"
            "xent = tf.losses.softmax_cross_entropy\n",
            "a.py": "from compat import xent\nz = xent(y, x)\n# softmax_cross_entropy\n",
        }
    )
    found = reports()
    assert "xent = keras_xent.v1.softmax_cross_entropy\n" in found["compat.py"].new
    assert "z = keras_xent.v1.softmax_cross_entropy(y, x)\n" in found["a.py"].new


@pytest.mark.parametrize(
    "definition",
    [
        "def softmax_cross_entropy(y, x): pass",
        "class softmax_cross_entropy: pass",
        "from inner import *",
        "from inner import softmax_cross_entropy",
    ],
)
def test_a_function_of_the_program_is_none_of_tensorflow_s(folder: Path, definition: str) -> None:
    write(
        {
            "project/losses.py": definition,
            "inner.py": "def softmax_cross_entropy(y, x): pass",
            "a.py": "from project import losses\nz = losses.softmax_cross_entropy(y, x)\n",
        }
    )
    assert rules(reports()["a.py"]) == ()
    assert rules(reports("a.py")["a.py"]) == ("KX110 flagged",)


@pytest.mark.parametrize(
    "compat",
    [
        "tf = load()",
        "def f(tf): pass",
        "import tensorflow.compat.v1 as tf\nfor tf in x: pass",
        "import tensorflow.compat.v1 as tf\nif x:\n    tf = wrap(tf)",
        "from tensorflow.compat.v1 import *\nlosses = clone(losses)\ntf = losses",
        "print 'Python 2'",
        "from a import tf",
    ],
)
def test_what_cannot_be_followed_is_named(folder: Path, compat: str) -> None:
    write({"compat.py": compat, "a.py": f"from compat import tf\nz = {XENT}\n"})
    assert rules(reports()["a.py"]) == ("KX110 flagged",)


CLONED = """\
import tensorflow.compat.v1 as tf1
from tensorflow.compat.v2 import *

def _clone(m):
    out = type(m)(m.__name__)
    out.__dict__.update(m.__dict__)
    return out

nn = _clone(nn)
losses = _clone(losses)
nn.embedding_lookup = tf1.nn.embedding_lookup
losses.softmax_cross_entropy = tf1.losses.softmax_cross_entropy
"""


def test_a_module_that_another_file_clones(folder: Path) -> None:
    """What is still TF2's in it is left alone, and what is TF1's is named."""
    write(
        {
            "project/compat.py": CLONED,
            "project/of_tf2.py": "from project import compat as tf\n"
            "z = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)\n",
            "project/of_tf1.py": f"from project import compat as tf\nz = {XENT}\n",
        }
    )
    found = reports()
    assert found["project/of_tf2.py"].findings == ()
    assert rules(found["project/of_tf1.py"]) == ("KX110 flagged",)
    (finding,) = reports("project/of_tf2.py")["project/of_tf2.py"].findings
    assert finding.rule == "KX110"


def test_a_clone_of_what_the_program_hands_on(folder: Path) -> None:
    files = {
        "compat.py": "from more import *\ndef f(m): return m\nnn = f(nn)\nother = f(elsewhere)\n",
        "more.py": "from tensorflow.compat.v1 import nn\n",
    }
    assert follow(files, "compat.nn.x") == {f"{WRAPPED}.tensorflow.compat.v1.nn.x"}
    assert follow(files, "compat.other.x") == {f"{WRAPPED}.more.elsewhere.x"}


def test_modules_that_differ(folder: Path) -> None:
    """Which one is imported depends on where the program is started."""
    write({"compat.py": V1, "package/compat.py": "def tf(): pass"})
    write({"package/a.py": f"from compat import tf\nz = {XENT}\n"})
    assert rules(reports()["package/a.py"]) == ("KX110 flagged",)
    write({"package/compat.py": "import tensorflow as tf\nimport tensorflow.compat.v1\n"})
    assert rules(reports()["package/a.py"]) == ("KX001 ported",)


def test_installed_libraries_are_not_looked_for(folder: Path) -> None:
    files = {"tensorflow/losses.py": "def softmax_cross_entropy(y, x): pass"}
    name = "tensorflow.losses.softmax_cross_entropy"
    assert follow(files, name) == {name}


def test_names(folder: Path) -> None:
    files = {
        "p/__init__.py": "from p.a import f\nfrom .b import *\nimport os\n",
        "p/a.py": "import p\ndef f(): pass\nclass C: pass\ng = f\nh = C.method\nx = 1\n_y = f\n",
        "p/b.py": "from p.c import tf\nfrom numpy import *\n",
        "p/c.py": "import tensorflow as tf\nfrom p.b import other\n",
    }
    write(files)
    program = Program(map(Path, files))
    here = Path.cwd()
    expected = {
        "p.f": f"{OWN}.f",
        "p.a.C.method": f"{OWN}.C.method",
        "p.a.g": UNKNOWN,  # a variable is not taken for what it holds
        "p.a.x": UNKNOWN,
        "p.tf.nn": "tensorflow.nn",
        "p.a.p.tf.nn": "tensorflow.nn",
        "p.os.path": "os.path",
        "p.b.zeros": "numpy.zeros",
        "p.c": "p.c",
        "p.c.nothing": "p.c.nothing",
        "p.c.other": "p.c.other",  # from p.b, which would take it from numpy
        "q.tf": "q.tf",
        ".p.tf": "tensorflow",
        "..p.tf": "..p.tf",
    }
    expected["p.c.other"] = "numpy.other"
    for name, found in expected.items():
        assert set(program.follow(name, here)) == {found}, name
    assert set(program.follow("p._y", here)) == {"p._y"}  # which a star doesn't bring


def test_circles_end_and_the_order_of_questions_does_not_matter(folder: Path) -> None:
    files = {
        "a.py": "from b import tf\nfrom b import x\n",
        "b.py": "from a import x\ntry:\n    from a import tf\nexcept ImportError:\n"
        "    import tensorflow as tf\n",
    }
    write(files)
    for names in (["a.tf", "b.tf", "a.x"], ["a.x", "b.tf", "a.tf"]):
        program = Program(map(Path, files))
        answers = {name: set(program.follow(name, Path.cwd())) for name in names}
        assert "tensorflow" in answers["a.tf"]
        assert "tensorflow" in answers["b.tf"]
        assert answers == {name: answers[name] for name in sorted(answers)}


def test_a_program_for_another_process(folder: Path) -> None:
    write({"compat.py": V1})
    program = pickle.loads(pickle.dumps(Program([Path("compat.py")])))
    assert set(program.follow("compat.tf", Path.cwd())) == {"tensorflow.compat.v1"}


TF1, TF2, NEITHER = (
    "import tensorflow as tf\ntf.placeholder(x)\n",
    ("import tensorflow as tf\n@tf.function\ndef f(): pass\n"),
    "import tensorflow as tf\n",
)


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        ({}, "a.py", set()),
        ({"b.py": TF1, "c.py": TF1, "d.py": TF2}, "a.py", {Era.TF1, Era.TF2}),
        ({"b.py": TF1}, "a.py", {Era.TF1}),
        ({"b.py": TF2}, "a.py", {Era.TF2}),
        ({"b.py": TF1, "c.py": TF2}, "a.py", {Era.TF1, Era.TF2}),
        ({"b.py": NEITHER, "c.py": TF1}, "a.py", {Era.TF1}),
        # What is said in a comment, or of another module, or isn't Python, says nothing.
        ({"b.py": "import tensorflow as tf\n# tf.placeholder"}, "a.py", set()),
        ({"b.py": "'''import tensorflow as tf\ntf.placeholder'''"}, "a.py", set()),
        ({"b.py": TF1 + "print 'x'"}, "a.py", set()),
        ({"b.py": "import tensorflow.compat.v1 as tf\ntf.placeholder(x)"}, "a.py", set()),
        # Other folders say nothing, unless they are a package's.
        ({"other/b.py": TF1}, "a.py", set()),
        ({"b.py": TF1}, "p/a.py", set()),
        ({"b.py": TF1, "p/__init__.py": ""}, "p/a.py", {Era.TF1}),
        ({"p/q/__init__.py": "", "p/__init__.py": "", "p/r/b.py": TF1}, "p/q/a.py", {Era.TF1}),
        ({"p/__init__.py": "", "p/b.py": TF2, "c.py": TF1}, "p/a.py", {Era.TF2}),
    ],
)
def test_marks_around(folder: Path, files: dict[str, str], path: str, expected: set) -> None:
    write(files)
    program = Program(map(Path, files))
    assert set(Place(program, Path.cwd() / path).marks_around()) == expected


WITH_LOGITS = (
    "import tensorflow as tf\n\n\ndef f(y, x):\n"
    "    return tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=x)\n"
)


@pytest.mark.parametrize(
    ("beside", "function"),
    [
        (TF1, "softmax_cross_entropy_with_logits("),
        (
            "import tensorflow as tf\nz = tf.losses.softmax_cross_entropy(y, x)\n",
            "softmax_cross_entropy_with_logits(",
        ),
        (TF2, "softmax_cross_entropy_with_logits_v2("),
        (NEITHER, ""),
        (TF1 + "@tf.function\ndef f(): pass\n", ""),
    ],
)
def test_a_sibling_tells_which_function_is_meant(folder: Path, beside: str, function: str) -> None:
    write({"a.py": WITH_LOGITS, "b.py": beside})
    report = reports()["a.py"]
    if function:
        assert rules(report) == ("KX004 ported",)
        assert f"keras_xent.v1.{function}labels=y, logits=x)" in report.new
    else:
        assert rules(report) == ("KX004 flagged",)
    assert rules(reports("a.py")["a.py"]) == ("KX004 flagged",)


def test_what_is_written_does_not_change_what_is_known(folder: Path) -> None:
    """The only sibling that tells is ported, and stands first."""
    write({"a.py": f"import tensorflow as tf\nz = {XENT}\n", "b.py": WITH_LOGITS})
    run_jobs([Path()], Job(write=True))
    assert "keras_xent" in Path("a.py").read_text()
    assert "keras_xent.v1.softmax_cross_entropy_with_logits(" in Path("b.py").read_text()


def test_findings_are_the_same_in_other_processes(folder: Path) -> None:
    """As many files as take a pool."""
    write({"compat.py": V1, "old.py": TF1})
    write(
        {f"m{n:02}.py": f"from compat import tf\nz{n} = {XENT}\n{WITH_LOGITS}" for n in range(20)}
    )
    pooled = reports()
    alone: dict[str, tuple[Finding, ...]] = {}
    program = Program(path for path in Path().iterdir())
    for path in pooled:
        alone[path] = run_job(Path(path), Job(program=program)).findings
    assert {path: report.findings for path, report in pooled.items()} == alone
    assert rules(pooled["m07.py"]) == ("KX001 ported", "KX004 ported")
