"""What a row of the table of cases says."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..families import Family

INF = math.inf


class Budget(NamedTuple):
    """Largest errors allowed, in units in the last place, by the dtype of the computation: (float32, float64)."""

    value: tuple[float, float]
    gradient: tuple[float, float]
    why: str = ""
    second: float = 64.0
    """Of second derivatives times a direction in float64, at the largest of the row's products or slopes."""

    def of(self, what: str, dtype: str) -> float:
        """The budget for `what`, "value" or "gradient", computed in `dtype`."""
        limits: tuple[float, float] = getattr(self, what)
        return limits[dtype == "float64"]


class Scale(NamedTuple):
    """The size at whose last place errors are counted, where that of the exact number itself would ask too much.

    The answers of an ill-conditioned problem move by more than their last place as its input does by a rounding; a sum
    whose terms cancel keeps the rounding errors of its terms.
    """

    value: float = 0.0
    """Least scale of a value: the size of the terms that it is the sum of."""
    gradient: float = 0.0
    """Least scale of a row's slopes."""
    terms: bool = False
    """Whether a value's scale is the sum of the sizes of its terms (`Dual.terms`)."""
    moved_by: tuple[str, ...] = ()
    """Arguments x whose roundings move the answer y: |x dy/dx| is a least scale as well, unless x is 0 or 1. Of class
    scores, x are the differences from the row's largest, all at once; of embeddings, the largest number of each; of
    rotated boxes, the angle or 1."""
    why: str = ""


RELATIVE = Scale()
"""The exact number itself; for slopes, the largest along the first argument, or of the row along others."""


Results = tuple[tuple[int, int] | int, ...]
"""Own axes of the result of one row: as long as an own axis of an argument, (argument, axis), or of a fixed length."""


class Variant(NamedTuple):
    """A set of knobs, and the range of the value under it."""

    knobs: dict[str, Any]
    low: float = -INF
    high: float = INF
    family: Family | None = None
    """What it is tried on, if that is not the case's own family."""
    scale: Scale | None = None
    """The scale of errors, if it is not the case's own."""
    results: Results | None = None
    """The own axes of the result, if they are not the case's."""

    def __str__(self) -> str:
        knobs = [f"{key}={value!r}" for key, value in self.knobs.items()]
        return ", ".join(knobs if self.family is None else [*knobs, f"on {self.family.name}"])


class Case(NamedTuple):
    """One function."""

    name: str
    kind: str
    """"measure" (equal shapes not needed, no reductions), "loss" (reductions), "batch" (a loss whose rows know of each
    other, and that may hand on a state) or "transform" (gradients of a user's function)."""
    budget: Budget
    family: Family | None = None
    variants: tuple[Variant, ...] = (Variant({}),)
    scale: Scale = RELATIVE
    scale_on: tuple[tuple[str, Scale], ...] = ()
    """The scale on libraries whose own function is used instead: the library's name and the scale."""
    results: Results = ()
    """The own axes of the result of one row."""
    keeps_dtype: bool = False
    """Whether the result has the dtype of the arguments also in half precision, in place of at least float32."""
    indices_only: bool = False
    """Whether class indices are the only labels that it takes."""
    representative: bool = False
    """Whether every run compiles it where that takes seconds a function; `--thorough` does for all."""
    in_full: bool = False
    """Whether, where every new call compiles, all is tried with it nevertheless; `--thorough` does for all."""
    alike: bool = False
    """Whether, where every new call compiles, others of its family are tried in its place with what does not depend on
    the formula: everything but its numbers, and further sets of knobs; `--thorough` does for all."""

    def scale_of(self, variant: Variant, library: str) -> Scale:
        """The scale of errors with a set of knobs on arrays of a library."""
        return dict(self.scale_on).get(library) or variant.scale or self.scale
