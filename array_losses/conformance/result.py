"""What came of one check."""

from __future__ import annotations

from typing import NamedTuple


class Result(NamedTuple):
    """One executed check of one function with one set of knobs on one backend in one dtype."""

    backend: str
    function: str
    knobs: str
    check: str
    dtype: str
    value_ulp: float | None
    gradient_ulp: float | None
    failure: str | None
    mode: str = "eager"
    """How the function was called: the axis of the report that the check belongs to."""
    worst: str = ""
    """The inputs with the largest error that was measured."""
    gap: str = ""
    """Why a failure is known and allowed, with a link."""
    used: float | None = None
    """The largest share of its budget that an error took; 1 is all of it."""

    def __str__(self) -> str:
        call = f"{self.function}({self.knobs})"
        return f"{self.backend} {call} {self.dtype}, {self.check}: {self.failure or 'passed'}"
