"""One row per public function: how to call it, what range to expect, and how far it may be from the exact answer.

The budgets in these files are the only tolerances. Each was measured over all backends and inputs, then given a little
slack; a value above 4 or a gradient above 16 says why. The unit is explained in the README of the folder above.
"""

from __future__ import annotations

from typing import Any

from . import (
    batches,
    binary,
    boxes,
    classes,
    coding,
    distributions,
    embeddings,
    keypoints,
    modern_boxes,
    regions,
    regression,
    rotated,
    transforms,
)
from .case import Budget, Case, Scale, Variant

__all__ = [
    "BUDGETS",
    "CASES",
    "HALF",
    "NO_FORMULA",
    "REDUCED",
    "Budget",
    "Case",
    "Scale",
    "Variant",
    "without_row",
]

CASES: tuple[Case, ...] = (
    *boxes.CASES,
    *modern_boxes.CASES,
    *rotated.CASES,
    *keypoints.CASES,
    *coding.CASES,
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

HALF = 1.0
"""Of gradients, and of values of functions that keep the dtype, which are rounded to float16 or bfloat16 at the end: in
the last place of that format."""
REDUCED = 2.0
"""What a weighted sum of eight rows may add to the budget of one, at the size of the sum of the weights."""

NO_FORMULA = (
    "array_namespace",
    "cluster_nms",
    "convert_boxes",
    "corners_to_boxes",
    "fast_nms",
    "masks_to_boxes",
    "matrix_nms",
    "normalize_angles",
    "soft_nms",
)
"""Public functions without a row. They move, order or pick the numbers that they are given, along a rule whose branches
are the whole of it: no formula of the literature whose rounding could be bounded. tests/test_coding.py and
tests/test_suppression.py try them on every library."""


def without_row(library: Any) -> list[str]:
    """Public functions of the library that no row speaks of, and that should have one."""
    rows = {case.name for case in CASES} | set(NO_FORMULA)
    public = [name for name in library.__all__ if callable(getattr(library, name)) and not _is_type(library, name)]
    return sorted(set(public) - rows)


def _is_type(library: Any, name: str) -> bool:
    """Whether it is a class: of the tuples that miners return."""
    return isinstance(getattr(library, name), type)
