"""The table of backends in a README, between two marks, from committed reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..backends import KNOWN
from .document import PRECISIONS, Document, Run
from .words import STALE, restriction, worst_of

BEGIN, END = "<!-- backends -->", "<!-- /backends -->"
HEADER = (
    *("backend", "version", "device", "date", "functions", "checks", "failed", "known gaps"),
    *(f"worst {what}, {dtype}" for what in ("value", "gradient") for dtype in PRECISIONS),
)
MARK = f" ({STALE})"
NOT_MEASURED = "not measured"


class ReadmeError(ValueError):
    """A file without the two marks."""


def backends_table(document: Document) -> str:
    """A line for each backend that has a report, and for each known one that has none."""
    names = dict.fromkeys((*KNOWN, *document.backends))
    runs = {run.backend: run for run in document.runs}
    lines = [_line(HEADER), _line(["---"] * len(HEADER))]
    lines += [_line(_row(document, runs[name]) if name in runs else [name, *_unknown()]) for name in names]
    return "\n".join(lines) + "\n"


def _row(document: Document, run: Run) -> Iterator[str]:
    cells = [cell for cell in document.cells if cell.backend == run.backend]
    part = restriction(run)
    yield from (run.backend, run.version, run.device)
    yield run.date.partition(" ")[0] + (MARK if run.stale else "") + (f", {part}" if part else "")
    yield from map(str, (run.functions, run.executed, run.failed, run.gaps))
    yield from (worst_of(cells, what, dtype) for what in ("value", "gradient") for dtype in PRECISIONS)


def _unknown() -> list[str]:
    return ["", "", NOT_MEASURED] + [""] * (len(HEADER) - 4)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def between_marks(text: str) -> str:
    """The table that stands in a README."""
    _, begin, rest = text.partition(BEGIN)
    table, end, _ = rest.partition(END)
    if not (begin and end):
        raise ReadmeError(f"no {BEGIN} ... {END}")
    return table.strip("\n") + "\n"


def with_table(text: str, document: Document) -> str:
    """The README with the table of the document."""
    between_marks(text)
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{backends_table(document)}\n{END}{rest.partition(END)[2]}"


def unmarked(table: str) -> str:
    """The table as it was when its reports were new."""
    return table.replace(MARK, "")
