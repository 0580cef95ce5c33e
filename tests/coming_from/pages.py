"""The tables as markdown, between their markers in docs/coming_from/."""

from __future__ import annotations

import re
from pathlib import Path

from .tables import Page, Row, Table

FOLDER = Path(__file__).parents[2] / "docs" / "coming_from"
MARKED = re.compile(r"(<!-- table: (?P<name>[a-z -]+) -->\n).*?(<!-- /table -->)", re.DOTALL)
VERSION = re.compile(r"(<!-- version -->).*?(<!-- /version -->)", re.DOTALL)
HEAD = "| their call | our call | what differs | by how much |\n|---|---|---|---|\n"


def path_of(page: Page) -> Path:
    return FOLDER / f"{page.file}.md"


def renewed(page: Page, text: str) -> str:
    """The page with its tables and its version as they are now."""
    text = VERSION.sub(lambda found: f"{found[1]}{page.project} {page.version}{found[2]}", text)
    return MARKED.sub(lambda found: f"{found[1]}\n{markdown(page.tables[found['name']])}\n{found[3]}", text)


def tables_in(text: str) -> list[str]:
    return [found["name"] for found in MARKED.finditer(text)]


def markdown(table: Table) -> str:
    lines = [HEAD, *map(_line, table.rows)]
    return "".join(lines) + "\n" + _names(table) + "\n"


def _line(row: Row) -> str:
    cells = f"`{row.theirs}`", f"`{row.ours}`", row.differs, row.how_much
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def _names(table: Table) -> str:
    """What the arrays are that the calls name."""
    words = set(re.findall(r"\w+", " ".join(f"{row.theirs} {row.ours}" for row in table.rows)))
    said: dict[str, list[str]] = {}
    for name, entry in table.inputs.items():
        if name in words:
            said.setdefault(entry.description, []).append(f"`{name}`")
    return "; ".join(f"{', '.join(names)}: {description}" for description, names in said.items()) + "."
