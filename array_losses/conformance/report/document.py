"""The document that every form of a report is made from."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from .. import criteria
from ..backends import Backend
from ..cases import BUDGETS, Budget
from ..plan import Plan
from ..result import Result
from ..suite import FUNCTIONS
from .fingerprints import fingerprint

SCHEMA = 2
PRECISIONS = ("float32", "float64")
"""What the errors in a report are of. Others are checked too, and fail or pass."""
MODES = (
    "eager",
    "jit",
    "vmap",
    "native gradient",
    "jit gradient",
    "second derivative",
    "forward",
    "mesh",
    "chunks",
    "meta",
    "layouts",
    "no bool",
    "properties",
)
WORDS = 160
"""Letters that a report spends on the inputs with the largest error."""


class Run(NamedTuple):
    """One backend in one run of the suite."""

    backend: str
    version: str
    device: str
    """In words: a processor's or a graphics card's name."""
    array_losses: str
    python: str
    platform: str
    date: str
    """When it ended, in UTC."""
    seconds: float
    """How long the run took, all its backends together."""
    cases: str
    """The fingerprint of what was tried."""
    depth: str
    """"quick", "full" or "thorough"."""
    filters: dict[str, list[str]]
    """What the run was restricted to, by axis."""
    functions: int
    executed: int
    failed: int
    gaps: int

    @property
    def stale(self) -> bool:
        """Whether other cases, inputs, references or checks are installed than it ran with."""
        return self.cases != fingerprint()


class Cell(NamedTuple):
    """What came of all checks of one function on one backend in one mode."""

    function: str
    backend: str
    mode: str
    executed: int
    failed: int
    gaps: int
    """Failures that are known and allowed; they are not among the failed."""
    value: dict[str, float]
    """The worst error by dtype, in units in the last place."""
    gradient: dict[str, float]
    used: float | None
    """The largest share of its budget that an error took."""
    worst: str
    """What was compared there, and for which inputs."""
    command: str
    """What runs that check again, and no other."""


class Broken(NamedTuple):
    """A check that failed."""

    backend: str
    function: str
    knobs: str
    check: str
    dtype: str
    mode: str
    message: str
    gap: str
    """Why it is known and allowed; "" if it is not."""
    command: str


class Document(NamedTuple):
    runs: tuple[Run, ...]
    missing: dict[str, str]
    """Backends that were looked for and not found, and why."""
    budgets: dict[str, Budget]
    cells: tuple[Cell, ...]
    failures: tuple[Broken, ...]
    gaps: tuple[Broken, ...]

    @property
    def backends(self) -> list[str]:
        return [run.backend for run in self.runs]

    @property
    def functions(self) -> list[str]:
        """Those that ran, in the order of the table of cases."""
        ran = {cell.function for cell in self.cells}
        return [name for name in FUNCTIONS if name in ran] + sorted(ran - set(FUNCTIONS))

    @property
    def modes(self) -> list[str]:
        ran = {cell.mode for cell in self.cells}
        return [name for name in MODES if name in ran] + sorted(ran - set(MODES))


def build(
    results: Iterable[Result],
    backends: Sequence[Backend],
    missing: Mapping[str, str],
    version: str,
    plan: Plan,
    seconds: float,
) -> Document:
    """The report of a run of the library of that version."""
    calls = {backend.name: Call(backend.found_as, plan.depth) for backend in backends}
    by_cell: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        by_cell.setdefault((result.function, result.backend, result.mode), []).append(result)
    order = FUNCTIONS, [backend.name for backend in backends], MODES
    places = sorted(by_cell, key=lambda place: [_place(name, names) for name, names in zip(place, order, strict=True)])
    cells = [_cell(by_cell[place], calls[place[1]]) for place in places]
    everything = [result for place in places for result in by_cell[place]]
    broken = [_broken(result, calls[result.backend]) for result in everything if result.failure is not None]
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    runs = []
    for backend in backends:
        own = [cell for cell in cells if cell.backend == backend.name]
        runs.append(
            Run(
                backend=backend.name,
                version=backend.version,
                device=backend.hardware,
                array_losses=version,
                python=platform.python_version(),
                platform=platform.platform(),
                date=now,
                seconds=round(seconds, 1),
                cases=fingerprint(),
                depth=plan.depth,
                filters=plan.filters,
                functions=len({cell.function for cell in own}),
                executed=sum(cell.executed for cell in own),
                failed=sum(cell.failed for cell in own),
                gaps=sum(cell.gaps for cell in own),
            )
        )
    ran = {cell.function for cell in cells}
    return Document(
        tuple(runs),
        dict(missing),
        {name: budget for name, budget in budgets().items() if name in ran},
        tuple(cells),
        tuple(found for found in broken if not found.gap),
        tuple(found for found in broken if found.gap),
    )


def _place(name: str, names: Sequence[str]) -> tuple[int, str]:
    return (names.index(name) if name in names else len(names)), name


def budgets() -> dict[str, Budget]:
    """Those of all functions and criteria."""
    sums = Budget((criteria.VALUE,) * 2, (criteria.GRADIENT,) * 2, "sums of some hundred terms; slopes of a whole head")
    return BUDGETS | dict.fromkeys(criteria.NAMES, sums)


class Call(NamedTuple):
    """How a backend was found, and how deep the run went."""

    backend: str
    depth: str

    def again(self, result: Result) -> str:
        """What runs one check again."""
        words = ["python", "-m", "array_losses.conformance", "--backend", self.backend, "--function", result.function]
        words += ["--knobs", result.knobs, "--check", result.check, "--dtype", result.dtype]
        return " ".join(map(_quoted, words + ([f"--{self.depth}"] if self.depth != "full" else [])))


def _quoted(word: str) -> str:
    """A word for the shell; knobs in double quotes, as they hold single ones."""
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else shlex.quote(word)


def share(result: Result) -> float | None:
    """The share of the budget that the result's errors took: as it was measured, or of the function's budget."""
    if result.used is not None or result.function not in (known := budgets()) or result.dtype not in PRECISIONS:
        return result.used
    budget = known[result.function]
    errors = {"value": result.value_ulp, "gradient": result.gradient_ulp}
    shares = [error / budget.of(what, result.dtype) for what, error in errors.items() if error is not None]
    return max(shares, default=None)


def _cell(results: list[Result], call: Call) -> Cell:
    first = results[0]
    shares = [
        (used, result) for result in results if result.dtype in PRECISIONS and (used := share(result)) is not None
    ]
    used, worst = max(shares, key=lambda pair: pair[0], default=(None, None))
    broken = [result for result in results if result.failure is not None]
    return Cell(
        *(first.function, first.backend, first.mode, len(results)),
        failed=sum(not result.gap for result in broken),
        gaps=sum(bool(result.gap) for result in broken),
        value=_worst(results, lambda result: result.value_ulp),
        gradient=_worst(results, lambda result: result.gradient_ulp),
        used=used,
        worst=_shortened(worst.worst) if worst else "",
        command=call.again(worst) if worst else "",
    )


def _worst(results: Iterable[Result], error: Callable[[Result], float | None]) -> dict[str, float]:
    found: dict[str, float] = {}
    for result in results:
        number = error(result)
        if result.dtype in PRECISIONS and number is not None:
            found[result.dtype] = max(number, found.get(result.dtype, 0.0))
    return found


def _broken(result: Result, call: Call) -> Broken:
    return Broken(
        *(result.backend, result.function, result.knobs, result.check, result.dtype, result.mode),
        *(result.failure or "", result.gap, call.again(result)),
    )


def _shortened(words: str) -> str:
    return words if len(words) <= WORDS else f"{words[: WORDS - 4]} ..."
