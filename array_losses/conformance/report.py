"""The results as a table for a reader and as JSON for a program."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable
from typing import Any

from . import criteria
from .backends import Backend
from .cases import BUDGETS, CASES
from .suite import Result

SCHEMA = 1


def summary(results: list[Result], function: str, backend: str) -> str:
    """One cell: worst errors of value and gradient in ULP (float32 and float64), executed checks, failures."""
    here = [result for result in results if (result.function, result.backend) == (function, backend)]
    if not here:
        return "not run"
    failed = sum(result.failure is not None for result in here)
    text = f"{_worst(here, 'value_ulp')} / {_worst(here, 'gradient_ulp')}"
    return f"{text}  {len(here) - failed} of {len(here)}" if failed else f"{text}  {len(here)}"


def _worst(results: Iterable[Result], field: str) -> str:
    found = [getattr(result, field) for result in results if result.dtype in ("float32", "float64")]
    measured = [number for number in found if number is not None]
    if not measured:
        return "-"
    return f"{max(measured):.1f}" if max(measured) < 1e5 else f"{max(measured):.0e}"


def table(results: list[Result], backends: list[Backend]) -> list[list[str]]:
    """A header and a line for each function that ran."""
    ran = {result.function for result in results}
    names = [backend.name for backend in backends]
    known = [*(case.name for case in CASES), *criteria.NAMES]
    lines = [[function, *(summary(results, function, name) for name in names)] for function in known if function in ran]
    return [["function", *names], *lines]


TITLE = "worst error of value / gradient in ULP, and checks executed"


def show(results: list[Result], backends: list[Backend], plain: bool = False) -> None:
    """Print the table: with rich where it is installed, else as plain text."""
    header, *lines = table(results, backends)
    try:
        if plain:
            raise ImportError
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        print(TITLE)
        widths = [max(len(line[column]) for line in (header, *lines)) for column in range(len(header))]
        for line in (header, *lines):
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        return
    grid = Table(*header, title=TITLE)
    for line in lines:
        grid.add_row(*line)
    width = None if sys.stdout.isatty() else 40 + 30 * len(header)
    Console(width=width).print(grid)


def as_json(results: list[Result], backends: list[Backend], missing: dict[str, str], library: Any) -> str:
    """The same, with every executed check."""
    document = {
        "schema": SCHEMA,
        "array_losses": library.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "backends": [
            {
                "name": backend.name,
                "version": backend.version,
                "device": backend.hardware,
                "executed": sum(result.backend == backend.name for result in results),
                "failed": sum(result.backend == backend.name and result.failure is not None for result in results),
            }
            for backend in backends
        ],
        "missing": missing,
        "budgets": {name: budget._asdict() for name, budget in BUDGETS.items()},
        "rows": [result._asdict() for result in results],
    }
    return json.dumps(document, indent=1)
