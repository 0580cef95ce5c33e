"""Files of the repository on the site: nothing is copied by hand, and a link in a Markdown file works in both places.

* A README.md in `docs/` leads to the pages beside it that it links to.
* A Markdown file, a program or a data file elsewhere is a page in `repository/` if a page links to it. Of a link to a
  folder without a README.md the words stay.
* The folder of the conformance suite's reports is the matrix that is made from them.

`repository/` is written at each build.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
PAGES = DOCS / "repository"
FIRST = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md", "tests/README.md")
WRITTEN = ("_site", "auto_gallery", "reference", "repository")
REPORTS, MATRIX = ROOT / "conformance" / "reports", "conformance.html"

LINK = re.compile(
    r"^```.*?^```"  # a block of code, and code in a line, are none
    r"|\[(?P<words>[^\]\[]+)\]\((?P<path>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)"
    r"|`[^`\n]*`",
    re.MULTILINE | re.DOTALL,
)


def write(app: Sphinx, config: Config) -> None:
    """A page for each file that another page links to, from the first ones on."""
    written: set[Path] = set()
    guides = [page for page in DOCS.rglob("*.md") if page.relative_to(DOCS).parts[0] not in WRITTEN]
    waiting = [ROOT / name for name in FIRST] + [file for page in guides for file in linked(page)]
    while waiting:
        file = waiting.pop()
        page = page_of(file)
        if page is None or page in written:
            continue
        written.add(page)
        if file.suffix == ".md":
            waiting += linked(file)
        page.parent.mkdir(parents=True, exist_ok=True)
        text = _shown(file, page)
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
    for old in PAGES.rglob("*.md"):
        if old not in written:
            old.unlink()


def page_of(file: Path) -> Path | None:
    """The source of the page that shows a file; none of folders and of what is in `docs/`."""
    if not file.is_file() or file.is_relative_to(DOCS):
        return None
    path = file.relative_to(ROOT)
    return PAGES / (path if path.suffix == ".md" else path.with_name(f"{path.name}.md"))


def _shown(file: Path, page: Path) -> str:
    if file.suffix == ".md":
        return relinked(file.read_text(encoding="utf-8"), file, page)
    source = os.path.relpath(file, page.parent)
    return f"---\norphan: true\n---\n\n# {file.relative_to(ROOT)}\n\n```{{literalinclude}} {source}\n```\n"


def linked(file: Path) -> list[Path]:
    """The files that a Markdown file links to."""
    return [_target(file, found["path"]) for found in LINK.finditer(file.read_text(encoding="utf-8")) if found["path"]]


def _target(file: Path, path: str) -> Path:
    found = (file.parent / path).resolve()
    return found / "README.md" if (found / "README.md").is_file() else found


def relinked(text: str, file: Path, page: Path) -> str:
    """The text of a file with its links as they are from the page that shows it."""

    def link(found: re.Match[str]) -> str:
        if not found["path"]:
            return found[0]
        target = _target(file, found["path"])
        if target == REPORTS:
            return f'<a href="{os.path.relpath(DOCS / MATRIX, page.parent)}">{found["words"]}</a>'
        shown = target if target.is_file() and target.is_relative_to(DOCS) else page_of(target)
        if shown is None and target.exists():
            return found["words"]
        words = "" if found["words"] == found["path"] else found["words"]  # none: the title of the page
        return f"[{words}]({os.path.relpath(shown or target, page.parent)}{found['anchor'] or ''})"

    return LINK.sub(link, text)


def read(app: Sphinx, docname: str, content: list[str]) -> None:
    """Of a guide the links, and of a README the tree of the pages beside it, which is not shown."""
    page = Path(app.env.doc2path(docname))
    if page.suffix != ".md" or docname.split("/")[0] in WRITTEN:
        return
    content[0] = relinked(content[0], page, page)
    if page.name == "README.md":
        names = dict.fromkeys(file.stem for file in linked(page) if file.parent == page.parent)
        content[0] += "\n".join(["", "```{toctree}", ":hidden:", "", *names, "```", ""])


def write_matrix(app: Sphinx, problem: Exception | None) -> None:
    """The reports of the conformance suite, on the page that the suite makes of them."""
    if problem is None and app.builder.format == "html":
        from array_losses.conformance.report import as_html, merged, read

        text = as_html(merged(read(sorted(REPORTS.glob("*.json")))))
        (Path(app.outdir) / MATRIX).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", write)
    app.connect("source-read", read)
    app.connect("build-finished", write_matrix)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
