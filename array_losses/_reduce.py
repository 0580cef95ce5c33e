"""How rows become a number: the same four options in every loss."""

from __future__ import annotations

import math

from ._array import Array, Namespace, astype


def keep_rows(xp: Namespace, x: Array, where: Array | None) -> Array:
    """`x` with zeros in the rows (along its last axis) outside `where`: not even a NaN leaves them."""
    return x if where is None else xp.where(xp.expand_dims(where, axis=-1), x, xp.zeros_like(x))


def reduce_rows(
    xp: Namespace,
    reduction: str,
    rows: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
) -> Array:
    """Rows times weights, 0 outside `where`; their mean or sum. A mean over a divisor of 0 is 0, with gradient 0."""
    if weights is not None:
        weights = astype(xp, weights, rows.dtype)
        weights = weights if where is None else xp.where(where, weights, xp.zeros_like(weights))
        total = rows * weights
    else:
        total = rows if where is None else xp.where(where, rows, xp.zeros_like(rows))
    if reduction == "none":
        return total
    total = xp.sum(total)
    if reduction == "sum":
        return total
    if normalizer is None and weights is None and where is None:
        return total / max(1, math.prod(rows.shape))
    if isinstance(normalizer, (int, float)):
        return total / normalizer if normalizer != 0 else total * 0.0
    if normalizer is not None:
        divisor = astype(xp, normalizer, rows.dtype)
    else:
        counted = astype(xp, where, rows.dtype) if weights is None else weights
        divisor = xp.sum(xp.broadcast_to(counted, rows.shape))
    empty = divisor == 0
    return xp.where(empty, xp.zeros_like(total), total / xp.where(empty, xp.ones_like(divisor), divisor))
