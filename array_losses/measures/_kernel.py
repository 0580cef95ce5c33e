"""Kernels made of formulas: that of the IoU family, and any kernel times a factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .._array import Array, Namespace
from ..autodiff import Kernel, closed_form
from ._geometry import Geometry, to_corners
from .formulas import Formula


class Outcome(Protocol):
    """The number that a row with measure m becomes, and its derivative with respect to 1 - m (None for 1)."""

    def __call__(self, g: Geometry, m: Array) -> tuple[Array, Array | float | None]: ...


def measure(g: Geometry, m: Array) -> tuple[Array, float]:
    return m, -1.0


def box_rows(formula: Formula, outcome: Outcome, pred: Array, target: Array, **knobs: Any) -> Array:
    """One number for each pair of boxes, differentiable with respect to both; leading axes broadcast."""
    return closed_form(box_kernel, (1, 1), (formula, outcome, tuple(knobs.items())), pred, target)


def box_kernel(
    xp: Namespace,
    boxes: Sequence[Array],
    wanted: Sequence[bool],
    formula: Formula,
    outcome: Outcome,
    knobs: tuple[tuple[str, Any], ...],
) -> tuple[Array, list[Array | None]]:
    g = Geometry(xp, *boxes)
    m, slopes = formula(g, wanted, **dict(knobs))
    value, factor = outcome(g, m)
    return value, [None, None] if slopes is None else to_corners(g, slopes, factor, wanted)


def scaled_kernel(
    xp: Namespace, arrays: Sequence[Array], wanted: Sequence[bool], kernel: Kernel, *options: Any
) -> tuple[Array, list[Array | None]]:
    """Another kernel's rows of single numbers, times a factor that is the last of the arrays and constant."""
    *inner, factor = arrays
    value, slopes = kernel(xp, inner, wanted[:-1], *options)
    return value * factor, [*(None if s is None else s * factor for s in slopes), None]
