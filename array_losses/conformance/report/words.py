"""Numbers and counts as a reader sees them, the same in every form of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .document import Cell, Document, Run
from .merging import together

TITLE = "worst error of value / gradient in ULP, and checks executed"
STALE = "stale"
NEVER = "not run"


def ulp(errors: Mapping[str, float]) -> str:
    """The worst of some errors by dtype."""
    return number(max(errors.values(), default=None))


def number(error: float | None) -> str:
    if error is None:
        return "-"
    return f"{error:.1f}" if error < 1e5 else f"{error:.0e}"


def count(cell: Cell) -> str:
    """Executed checks, or how many of them passed; and how many of the failures are known."""
    passed = cell.executed - cell.failed - cell.gaps
    known = f", {gaps(cell.gaps)}" if cell.gaps else ""
    return f"{passed} of {cell.executed}{known}" if passed < cell.executed else f"{passed}"


def gaps(found: int) -> str:
    return f"{found} gap{'s' * (found != 1)}"


def summary(cell: Cell | None) -> str:
    """A cell in a line."""
    return f"{ulp(cell.value)} / {ulp(cell.gradient)}  {count(cell)}" if cell else NEVER


def colour(cell: Cell | None) -> str:
    """What a cell is coloured by: failures first, then the share of the budget that is used."""
    if cell is None:
        return "never"
    if cell.failed:
        return "failed"
    if cell.gaps:
        return "gap"
    if cell.used is None:
        return "passed"
    return next(name for limit, name in SHARES if cell.used <= limit)


SHARES = ((0.25, "quarter"), (0.5, "half"), (0.75, "most"), (float("inf"), "all"))
"""The largest share of a budget that a colour stands for, and the colour."""


def limits(budget: float | Sequence[float]) -> str:
    return ", ".join(f"{limit:g}" for limit in (budget if isinstance(budget, Sequence) else (budget,)))


def percent(cell: Cell) -> str:
    return "" if cell.used is None else f"{100 * cell.used:.0f} % of the budget"


def worst_over_modes(document: Document) -> dict[tuple[str, str], Cell]:
    """By function and backend, all modes as one cell."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in document.cells:
        found.setdefault((cell.function, cell.backend), []).append(cell)
    return {place: together(cells) for place, cells in found.items()}


def worst_of(cells: Sequence[Cell], what: str, dtype: str) -> str:
    """The worst error of all: `what` is "value" or "gradient"."""
    errors = getattr(together(list(cells)), what) if cells else {}
    return number(errors.get(dtype))


def restriction(run: Run) -> str:
    """What a run was restricted to, in words; "" for a full one."""
    parts = [run.depth] if run.depth != "full" else []
    parts += [f"{axis}: {', '.join(names)}" for axis, names in run.filters.items()]
    return "; ".join(parts)
