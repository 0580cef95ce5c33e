"""Some cells as one, several documents as one, and one as several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from .document import Cell, Document, Run

SECOND = "second derivative"


def together(cells: Sequence[Cell]) -> Cell:
    """Some cells as one: all counts, and the worst of the errors; slopes of slopes are no slopes."""
    firsts = [cell for cell in cells if cell.mode != SECOND] or cells
    worst = max(cells, key=lambda cell: -1.0 if cell.used is None else cell.used)
    return worst._replace(
        executed=sum(cell.executed for cell in cells),
        failed=sum(cell.failed for cell in cells),
        gaps=sum(cell.gaps for cell in cells),
        value=_largest(cell.value for cell in firsts),
        gradient=_largest(cell.gradient for cell in firsts),
    )


def _largest(errors: Iterable[Mapping[str, float]]) -> dict[str, float]:
    pairs = sorted(pair for found in errors for pair in found.items())
    return {dtype: max(number for _, number in found) for dtype, found in groupby(pairs, key=lambda pair: pair[0])}


def merged(documents: Iterable[Document]) -> Document:
    """One document of several; of two on the same backend, the newer one counts."""
    newest: dict[str, tuple[Run, Document]] = {}
    for document in documents:
        for run in document.runs:
            if run.backend not in newest or newest[run.backend][0].date <= run.date:
                newest[run.backend] = run, document
    kept = newest.values()
    return Document(
        tuple(run for run, _ in kept),
        {name: why for _, one in kept for name, why in one.missing.items() if name not in newest},
        {
            name: budget
            for _, one in sorted(kept, key=lambda pair: pair[0].date)
            for name, budget in one.budgets.items()
        },
        tuple(cell for run, one in kept for cell in one.cells if cell.backend == run.backend),
        tuple(found for run, one in kept for found in one.failures if found.backend == run.backend),
        tuple(found for run, one in kept for found in one.gaps if found.backend == run.backend),
    )


def split(document: Document) -> list[Document]:
    """A document for each backend."""
    return [
        document._replace(
            runs=(run,),
            missing={},
            cells=tuple(cell for cell in document.cells if cell.backend == run.backend),
            failures=tuple(found for found in document.failures if found.backend == run.backend),
            gaps=tuple(found for found in document.gaps if found.backend == run.backend),
        )
        for run in document.runs
    ]
