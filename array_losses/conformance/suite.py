"""All checks of all functions on some backends: what runs, and what came of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from . import criteria
from .backends import Backend
from .cases import CASES
from .checks import (
    ARGUMENTS,
    ARRAYS,
    BATCHES,
    EMBEDDINGS,
    ERRORS,
    MODES,
    NUMBERS,
    REDUCTIONS,
    REGIONS,
    TABLES,
    TRANSFORMS,
    Check,
    Measured,
)
from .result import Result
from .selection import EVERYTHING, Selection
from .trial import CheckFailedError, Trial

__all__ = ["ALL", "FUNCTIONS", "QUICK", "Result", "execute", "run"]

ALL: tuple[Check, ...] = (
    NUMBERS + MODES + ARRAYS + ARGUMENTS + REGIONS + TABLES + BATCHES + EMBEDDINGS + REDUCTIONS + ERRORS + TRANSFORMS
)
QUICK: tuple[Check, ...] = NUMBERS + REDUCTIONS
"""What tells a right formula from a wrong one."""
FUNCTIONS: tuple[str, ...] = (*(case.name for case in CASES), *criteria.NAMES)
"""All that the suite knows, in the order of reports."""


def run(
    library: Any,
    backends: Iterable[Backend],
    functions: Iterable[str] | None = None,
    checks: tuple[Check, ...] = ALL,
    thorough: bool = False,
    progress: Callable[[Result], None] = lambda result: None,
    further: bool = True,
    only: Selection = EVERYTHING,
    few_rows: bool = False,
) -> list[Result]:
    """Every check that applies, executed; a check that raises anything has failed.

    Without `further`, each function with its first set of knobs only; with `few_rows`, on eight ordinary rows.
    """
    results = []
    for result in execute(library, backends, functions, checks, thorough, further, only, few_rows):
        progress(result)
        results.append(result)
    return results


def execute(
    library: Any,
    backends: Iterable[Backend],
    functions: Iterable[str] | None = None,
    checks: tuple[Check, ...] = ALL,
    thorough: bool = False,
    further: bool = True,
    only: Selection = EVERYTHING,
    few_rows: bool = False,
) -> Iterator[Result]:
    """The same, one result after the other."""
    wanted = None if functions is None else set(functions)
    chosen = tuple(check for check in checks if only.wants(checks=check.name, modes=check.mode))
    for backend in backends:
        for case in CASES:
            if wanted is None or case.name in wanted:
                for variant in case.variants if further else case.variants[:1]:
                    for dtype in backend.dtypes:
                        if only.wants(knobs=str(variant), dtypes=dtype):
                            trial = Trial(library, backend, case, variant, dtype, thorough, few_rows)
                            yield from tried(trial, chosen)
        yield from criteria.execute([backend], wanted, only)


def tried(trial: Trial, checks: tuple[Check, ...]) -> Iterator[Result]:
    """Those of the checks that fit the trial."""
    for check in checks:
        if check.fits(trial):
            with trial.backend.session(trial.dtype):
                result = _execute(check, trial)
            yield result


def _execute(check: Check, trial: Trial) -> Result:
    measured: Measured = {}
    failure: str | None = None
    trial.largest = None
    try:
        measured = check.run(trial)
    except CheckFailedError as wrong:
        measured, failure = wrong.measured, str(wrong)
    except Exception as raised:
        place = traceback.extract_tb(raised.__traceback__)[-1]
        failure = f"{type(raised).__name__}: {raised} ({place.filename.rpartition('/')[2]}:{place.lineno})"
    return Result(
        trial.backend.name,
        trial.case.name,
        str(trial.variant),
        check.name,
        trial.dtype,
        measured.get("value"),
        measured.get("gradient", measured.get("second")),  # which has a mode of its own
        failure,
        check.mode,
        worst=trial.largest.words() if trial.largest and measured else "",
        used=trial.largest.share if trial.largest and measured else None,
    )
