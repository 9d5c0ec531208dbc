"""The site has the repository's layout, so that links between its files hold here and there."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
PAGES = (
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"),
    *("docs/**/*.md", "docs/**/*.css"),
    *("migration_guide/**/*.md", "migration_guide/**/*.py"),
    *("benchmarks/**/*.md", "benchmarks/**/*.py", "benchmarks/results/*"),
)

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>')


def on_config(config: MkDocsConfig) -> None:
    """Formulas become MathML, which browsers show without a script."""
    config.mdx_configs["pymdownx.superfences"] = {
        "custom_fences": [{"name": "math", "class": "math", "format": display}]
    }


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put the repository's pages in place of those of the one folder that MkDocs knows."""
    for file in list(files):
        if file.src_dir == config.docs_dir:
            files.remove(file)
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def display(source: str, *_: Any, **__: Any) -> str:
    """A block of LaTeX as MathML."""
    return f'<div class="math">{convert(source, display="block")}</div>'


def on_page_content(html: str, **_: Any) -> str:
    r"""LaTeX within a line, of which arithmatex makes `\(...\)`, as MathML."""
    return _INLINE.sub(lambda found: convert(unescape(found[1])), html)
