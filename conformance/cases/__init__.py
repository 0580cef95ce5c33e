"""One row per public function: how to call it, what range to expect, and how far it may be from the exact answer.

The budgets in these files are the only tolerances. Each was measured over all backends and inputs, then given a little
slack; a value above 4 or a gradient above 16 says why. The unit is explained in the README of the folder above.
"""

from __future__ import annotations

from typing import Any

from . import batches, binary, boxes, classes, distributions, embeddings, regions, regression, transforms
from .case import Budget, Case, Scale, Variant

__all__ = ["BUDGETS", "CASES", "HALF_GRADIENT", "REDUCED", "Budget", "Case", "Scale", "Variant", "without_row"]

CASES: tuple[Case, ...] = (
    *boxes.CASES,
    *regression.CASES,
    *binary.CASES,
    *classes.CASES,
    *distributions.CASES,
    *batches.CASES,
    *embeddings.CASES,
    *regions.CASES,
    *transforms.CASES,
)
BUDGETS: dict[str, Budget] = {case.name: case.budget for case in CASES}

HALF_GRADIENT = 1.0
"""Of gradients that are rounded to float16 or bfloat16 at the end, in the last place of that format."""
REDUCED = 2.0
"""What a weighted sum of eight rows may add to the budget of one, at the size of the sum of the weights."""


def without_row(library: Any) -> list[str]:
    """Public functions of the library that no row speaks of."""
    rows = {case.name for case in CASES}
    public = [name for name in library.__all__ if callable(getattr(library, name)) and not _is_type(library, name)]
    return sorted(set(public) - rows)


def _is_type(library: Any, name: str) -> bool:
    """Whether it is a class: of the tuples that miners return."""
    return isinstance(getattr(library, name), type)
