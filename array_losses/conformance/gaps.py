"""The strict registry of known gaps: failures that are allowed, and complaints about entries that no longer hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from .backends import Backend, Gap
from .result import Result
from .suite import FUNCTIONS

GAPS: tuple[Gap, ...] = ()
"""Of the known libraries, with `backend` set. Those of any other library come with its adapter."""


def apply(results: list[Result], backends: Iterable[Backend]) -> tuple[list[Result], list[str]]:
    """The results with known failures marked, and what is wrong with the entries: checks that pass nevertheless, and
    functions that ran without showing the gap."""
    marked = list(results)
    complaints: list[str] = []
    for backend in backends:
        mine = [place for place, result in enumerate(results) if result.backend == backend.name]
        for gap in _of(backend):
            for pattern in gap.functions:
                there = [place for place in mine if fnmatchcase(results[place].function, pattern)]
                named = [place for place in there if _names(gap, results[place])]
                shown = [place for place in named if _shows(gap, results[place])]
                for place in shown:
                    marked[place] = marked[place]._replace(gap=marked[place].gap or f"{gap.reason} ({gap.link})")
                passed = [results[place] for place in named if results[place].failure is None]
                complaints += _complaints(backend, gap, pattern, bool(there), bool(shown), passed)
    return marked, complaints


def _of(backend: Backend) -> Iterator[Gap]:
    for gap in (*GAPS, *backend.gaps):
        if fnmatchcase(backend.name, gap.backend):
            yield gap


def _names(gap: Gap, result: Result) -> bool:
    """Whether the patterns of an entry name a check, its function aside."""
    return (
        any(fnmatchcase(result.check, pattern) for pattern in gap.checks)
        and any(fnmatchcase(result.dtype, pattern) for pattern in gap.dtypes)
        and fnmatchcase(result.knobs, gap.knobs)
    )


def _shows(gap: Gap, result: Result) -> bool:
    return result.failure is not None and gap.says in result.failure


def _complaints(
    backend: Backend, gap: Gap, pattern: str, ran: bool, shown: bool, passed: list[Result]
) -> Iterator[str]:
    entry = f"{backend.name}, known gap {gap.reason!r}: {pattern}"
    if not ran:
        if not any(fnmatchcase(function, pattern) for function in FUNCTIONS):
            yield f"{entry} is no function of the suite"
        return
    if passed and not gap.says:
        first = passed[0]
        call = f"{first.function}({first.knobs}) {first.dtype}, {first.check}"
        yield f"{entry} passed {len(passed)} checks that should fail, the first {call}; narrow or remove the entry"
    elif not shown:
        yield f"{entry} ran without failing so; remove it from the entry"
