"""What the losses of two boxes share."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array
from ..measures import Formula, Geometry, Outcome, box_kernel
from ._rows import Shared, row_loss


def one_minus(g: Geometry, m: Array) -> tuple[Array, None]:
    """The outcome of most losses."""
    return 1.0 - m, None


def box_loss(
    formula: Formula,
    outcome: Outcome,
    pred: Array,
    target: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    reduction: str,
    **knobs: Any,
) -> Array:
    _check.matched_boxes(pred, target)
    options = (formula, outcome, tuple(knobs.items()))
    rows, shared = tuple(pred.shape[:-1]), Shared(weights, where, normalizer, reduction)
    return row_loss(box_kernel, (1, 1), options, (pred, target), rows, shared)
