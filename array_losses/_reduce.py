"""How rows become a number: the same four options in every loss."""

from __future__ import annotations

import math

from . import _xla
from ._array import Array, Namespace, astype, is_jax, isdtype, total_of


def keep_rows(xp: Namespace, x: Array, where: Array | None, own_axes: int) -> Array:
    """`x` with zeros in the rows outside `where`, a row being its last `own_axes` axes: not even a NaN leaves them."""
    if where is None:
        return x
    if own_axes:
        where = xp.reshape(where, (*where.shape, *(1,) * own_axes))
    return _or_zero(xp, where, x)


def _or_zero(xp: Namespace, where: Array, x: Array) -> Array:
    """`x` where the condition holds, 0 or False elsewhere."""
    return xp.logical_and(where, x) if isdtype(xp, x.dtype, "bool") else xp.where(where, x, 0)


def reduce_rows(
    xp: Namespace,
    reduction: str,
    rows: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    counts: Array | None = None,
) -> Array:
    """Rows times weights, 0 outside `where`; their mean or sum. A mean over a divisor of 0 is 0, with gradient 0.

    `counts`, shaped like the rows, says how much each row counts in the mean's divisor if not 1.
    """
    if weights is not None:
        weights = astype(xp, weights, rows.dtype)
        weights = weights if where is None else _or_zero(xp, where, weights)
        total = rows * weights
    else:
        total = rows if where is None else _or_zero(xp, where, rows)
    if reduction == "none":
        return total
    total = _xla.total(total) if is_jax(xp) else total_of(xp, total)
    if reduction == "sum" or normalizer is not None or (weights is where is counts is None):
        return reduce_total(xp, reduction, total, rows.shape, normalizer)
    counted = counts if weights is None else weights if counts is None else counts * weights
    if counted is None:
        counted = astype(xp, where, rows.dtype)
    elif where is not None and weights is None:
        counted = _or_zero(xp, where, counted)
    return _quotient(xp, total, xp.sum(xp.broadcast_to(counted, rows.shape)))


def reduce_total(
    xp: Namespace, reduction: str, total: Array, rows: tuple[int, ...], normalizer: Array | float | None
) -> Array:
    """The sum of rows, or their mean: over a normalizer, or all rows, whose shape is given."""
    if reduction == "sum":
        return total
    if normalizer is None:
        return total / max(1, math.prod(rows))
    if isinstance(normalizer, (int, float)):
        return total / normalizer if normalizer != 0 else total * 0.0
    return _quotient(xp, total, astype(xp, normalizer, total.dtype))


def _quotient(xp: Namespace, total: Array, divisor: Array) -> Array:
    empty = divisor == 0
    return xp.where(empty, xp.zeros_like(total), total / xp.where(empty, xp.ones_like(divisor), divisor))
