"""The code in the README and in the migration guide runs and prints what it says.

A page's ```python blocks run in order, in one namespace and the repository's root; the ```text
block after one is what it prints. Blocks that begin with `# Keras 3` are left out with Keras 2.
A ```py block shows a file.

Run as a program, this file checks the pages named on the command line.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "migration_guide"
PAGES = [ROOT / "README.md", *sorted(GUIDE.glob("**/*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
_POPEN = subprocess.Popen
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def blocks(page: Path) -> list[tuple[str, str]]:
    """The language and the text of every fenced block."""
    return _FENCE.findall(page.read_text(encoding="utf-8"))


def run(page: Path) -> None:
    """Executes a page's code and compares what it prints with what the page says."""
    from keras_xent._keras import IS_KERAS_3

    namespace: dict[str, Any] = {}
    printed = ""
    executed = 0
    skipped = False
    for language, text in blocks(page):
        if language == "python":
            assert printed == "", f"{page.name}: printed, but shown nowhere: {printed!r}"
            skipped = text.startswith("# Keras 3\n") and not IS_KERAS_3
            if skipped:
                continue
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(text, str(page), "exec"), namespace)
            printed = output.getvalue()
            executed += 1
        elif language == "text" and not skipped:
            assert printed == text
            printed = ""
    assert printed == ""
    assert executed > 0


def has_python(page: Path) -> bool:
    return any(language == "python" for language, _ in blocks(page))


class Program:
    """Replaces `subprocess.Popen` for one of the guide's programs, which tests run once.

    The pages that run them are in `tests/migration_guide/test_programs.py`, because a process keeps
    what they have printed.
    """

    def __init__(self, path: str) -> None:
        self.name = Path(path).stem

    def communicate(self) -> tuple[str, str]:
        import guide_programs

        return guide_programs.printed_by(self.name), ""


def popen(command: list[str], *arguments: Any, **options: Any) -> Any:
    if len(command) == 2 and command[1].startswith("migration_guide/programs/"):
        return Program(command[1])
    return _POPEN(command, *arguments, **options)


_COMMAND = "import runpy; runpy.run_module('keras_xent', run_name='__main__', alter_sys=True)"


def run_command(command: list[str], cwd: str, **options: Any) -> Any:
    """Replaces `subprocess.run` of `python -m keras_xent`, without importing TensorFlow again."""
    import processes

    assert command[1:3] == ["-m", "keras_xent"]
    return processes.run(["-c", _COMMAND, *command[3:]], cwd=Path(cwd))


def runs_programs(page: Path) -> bool:
    return any("migration_guide/programs/" in text for _, text in blocks(page))


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if has_python(page) and not runs_programs(page)],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_python_blocks_run_and_print_the_text_block_after_them(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "set_logical_device_configuration" in page.read_text(encoding="utf-8"):
        import processes

        # Devices can be configured only before TensorFlow has used them.
        processes.printed_by([__file__, str(page)], cwd=ROOT)
    else:
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(subprocess, "run", run_command)
        run(page)


def test_py_blocks_are_files_that_the_page_links_to() -> None:
    shown = 0
    for page in PAGES:
        files = re.findall(r"\]\(([^)]+\.py)\)", prose(page))
        texts = [(page.parent / file).read_text(encoding="utf-8") for file in files]
        for language, block in blocks(page):
            if language == "py":
                assert block in texts, f"{page.name}: a ```py block is none of {files}"
                shown += 1
    assert shown == 5


def test_the_readme_begins_with_code_that_compares_with_tf1() -> None:
    text = next(text for language, text in blocks(ROOT / "README.md") if language == "python")
    assert "tf.compat.v1.losses.softmax_cross_entropy" in text
    assert "keras_xent.CategoricalCrossentropy" in text


def test_ci_runs_the_readmes_two_commands() -> None:
    # .ci/run takes them from the README by their first words.
    assert "grep '^python3 -m venv' README.md" in (ROOT / ".ci" / "run").read_text("utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    demo, tests = [line for line in readme if line.startswith("python3 -m venv")]
    assert demo.endswith("keras-xent demo")
    assert tests.endswith("pytest -n auto")


def test_the_readme_has_a_measured_table() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    row = r"^\| softmax \| \(512, 32000\) \| [0-9.]+ ms \| [0-9.]+ × \|"
    assert re.search(row, text, re.MULTILINE)


def anchors(page: Path) -> list[str]:
    """What a code host makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings]


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md"]:
        for target in re.findall(r"\]\(([^):]+)\)", prose(page)):
            file, _, anchor = target.partition("#")
            linked = page.parent / file if file else page
            assert linked.exists(), f"{page.name}: {target}"
            if anchor:
                assert anchor in anchors(linked), f"{page.name}: {target}"


def test_the_codemod_names_sections_that_are_there() -> None:
    # Its report is made of the strings in its source.
    strings = [
        node.value
        for path in (ROOT / "keras_xent_cli" / "migrate").glob("**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    links = {link for text in strings for link in re.findall(r"migration_guide/\S*", text)}
    assert len(links) >= 7
    for link in links:
        page, _, section = link.partition("#")
        assert section in anchors(ROOT / page), link


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        run(Path(argument))
