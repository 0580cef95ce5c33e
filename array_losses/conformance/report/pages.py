"""The document as a page that opens without a network, and as Markdown; `templates/` has their text."""

from __future__ import annotations

from collections.abc import Iterator

from ..cases import Budget
from .document import Cell, Document
from .words import TITLE, colour, limits, number, percent, restriction, summary, worst_over_modes


def as_html(document: Document) -> str:
    """One file: style and script inside."""
    return _rendered("report.html.jinja", document)


def as_markdown(document: Document) -> str:
    """A table of backends, what failed, and a line for each function and mode."""
    return _rendered("report.md.jinja", document)


def _rendered(template: str, document: Document) -> str:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise ImportError("HTML and Markdown reports need jinja2: pip install 'array-losses[conformance]'") from None
    environment = Environment(
        loader=PackageLoader("array_losses.conformance.report"),
        autoescape=template.endswith(".html.jinja"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = lambda text: text.replace("|", "\\|")
    words = limits, number, percent, summary, colour, restriction
    environment.globals.update({word.__name__: word for word in words})
    cells: dict[tuple[str, str], list[Cell]] = {}
    for cell in sorted(document.cells, key=lambda cell: document.modes.index(cell.mode)):
        cells.setdefault((cell.function, cell.backend), []).append(cell)
    return environment.get_template(template).render(
        title="Conformance of array_losses",
        caption=TITLE,
        document=document,
        worst=worst_over_modes(document),
        cells=cells,
        rows=list(_rows(document)),
        quantities=[name for name in Budget._fields if name != "why"],
    )


def _rows(document: Document) -> Iterator[tuple[str, str, list[Cell | None]]]:
    """By function and mode, a cell for each backend; what ran on none is left out."""
    found = {(cell.function, cell.mode, cell.backend): cell for cell in document.cells}
    for function in document.functions:
        for mode in document.modes:
            row = [found.get((function, mode, backend)) for backend in document.backends]
            if any(row):
                yield function, mode, row
