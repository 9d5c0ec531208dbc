"""The code in the README and in the migration guide runs and prints what it says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "migration_guide").glob("**/*.md"))]
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> List[Tuple[str, str]]:
    """The language and the text of every fenced block."""
    return _FENCE.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_blocks_run_and_print_the_text_block_after_them(page: Path) -> None:
    namespace: Dict[str, Any] = {}
    printed = ""
    executed = 0
    for language, text in blocks(page):
        if language == "python":
            assert printed == "", f"{page.name}: printed, but shown nowhere: {printed!r}"
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(text, str(page), "exec"), namespace)
            printed = output.getvalue()
            executed += 1
        elif language == "text":
            assert printed == text
            printed = ""
    assert printed == ""
    assert executed > 0


def test_the_readme_begins_with_code_that_compares_with_tf1() -> None:
    language, text = blocks(ROOT / "README.md")[0]
    assert language == "python"
    assert "tf.compat.v1.losses.softmax_cross_entropy" in text
    assert "keras_xent.CategoricalCrossentropy" in text


def test_ci_runs_the_readmes_two_commands() -> None:
    # .ci/run takes them from the README by their first words.
    assert "grep '^\\$ python3 -m venv' README.md" in (ROOT / ".ci" / "run").read_text("utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    demo, tests = [line for line in readme if line.startswith("$ python3 -m venv")]
    assert demo.endswith("keras-xent demo")
    assert tests.endswith("pytest")


def test_the_readme_has_a_measured_table() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^\| \(512, 32000\) \| [0-9.]+ ms \| [0-9.]+ × \|", text, re.MULTILINE)


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
