"""The table that a run ends with."""

from __future__ import annotations

from .. import screen
from .document import Document
from .words import STALE, TITLE, summary, worst_over_modes


def table(document: Document) -> list[list[str]]:
    """A header and a line for each function that ran; a column a backend, the worst over all modes."""
    cells = worst_over_modes(document)
    names = [f"{run.backend} ({STALE})" if run.stale else run.backend for run in document.runs]
    lines = [
        [function, *(summary(cells.get((function, name))) for name in document.backends)]
        for function in document.functions
    ]
    return [["function", *names], *lines]


def show(document: Document, plain: bool = False) -> None:
    """Print it."""
    header, *lines = table(document)
    screen.show(header, lines, plain, TITLE)
