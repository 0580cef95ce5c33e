"""The three beats of a loss of two arrays of boxes: check, compute, reduce."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, Namespace, namespace
from .._reduce import keep_rows, reduce_rows
from ..autodiff import compiled
from ..measures import Formula, Geometry, Outcome, box_rows


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
    xp = _check.matched_boxes(pred, target)
    _check.reduction(xp, pred, weights, where, normalizer, reduction)
    static = (formula, outcome, tuple(knobs.items()), reduction)
    return compiled(xp, _compute_and_reduce, static, pred, target, weights, where, normalizer)


def _compute_and_reduce(
    formula: Formula,
    outcome: Outcome,
    knobs: tuple[tuple[str, Any], ...],
    reduction: str,
    pred: Array,
    target: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
) -> Array:
    xp: Namespace = namespace(pred, target)
    rows = box_rows(formula, outcome, keep_rows(xp, pred, where), keep_rows(xp, target, where), **dict(knobs))
    return reduce_rows(xp, reduction, rows, weights, where, normalizer)
