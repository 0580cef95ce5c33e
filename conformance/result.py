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

    def __str__(self) -> str:
        call = f"{self.function}({self.knobs})"
        return f"{self.backend} {call} {self.dtype}, {self.check}: {self.failure or 'passed'}"
