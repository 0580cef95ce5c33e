"""The hardest pairs of a batch of vectors: for each, the farthest with its label and the nearest with another.

Which they are is found in a table of distances, beside all recording; their distances are then computed from their own
differences, exactly.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .._array import Array, Namespace, astype, double, is_jax, matmul, namespace, surely_none, surely_within
from .._numerics import one_hot, row_max, rows_at
from ..autodiff import apart, stop_gradient
from ._differences import squared_differences
from ._lengths import extreme_factor, length, size
from ._pairs import centered, expanded, relations


class Hardest(NamedTuple):
    """Of each vector, the distances to the farthest positive and the nearest negative, and whether it has both."""

    positive: Array
    negative: Array
    valid: Array


def hardest(xp: Namespace, x: Array, labels: Array) -> Hardest:
    """The hardest pairs of the vectors of `x`."""
    if x.shape[-2] == 0:
        nothing = xp.sum(x, axis=-1)
        return Hardest(nothing, nothing, nothing > 0.0)
    scale, factor = size(xp, x, 2), None
    if not surely_within(xp, scale, 2.0**-40, 2.0**57):
        factor = extreme_factor(xp, scale)
        x, scale, factor = x * factor, scale * factor, factor[..., 0]
    far, near = apart(_farthest_and_nearest, (), x, labels)
    positive, negative = (length(xp, x - rows_at(xp, x, extreme.first)) for extreme in (far, near))
    valid = xp.logical_and(far.exists, near.exists)
    if not surely_none(xp, xp.logical_and(valid, xp.logical_or(far.ties, near.ties))):
        # In proportion to the batch too short to be told from 0: they have no ties.
        short = scale[..., 0] * 2.0**-40
        shares = _shares(xp, far, positive, valid, short) - _shares(xp, near, negative, valid, short)
        positive = positive + _zeros(xp, x, shares)
    return (
        Hardest(positive, negative, valid) if factor is None else Hardest(positive / factor, negative / factor, valid)
    )


class _Extreme(NamedTuple):
    """Of each row of a table, the place of its largest number, whether it has one, what equals it, if others do."""

    first: Array
    exists: Array
    equal: Array
    ties: Array


def _farthest_and_nearest(x: Array, labels: Array) -> tuple[_Extreme, _Extreme]:
    xp = namespace(x, labels)
    wide = double(xp, x)
    if wide is None:
        table = squared_differences(xp, x, x)
    else:
        (points,) = centered(xp, [x], wide)
        # Rounded to the dtype of x, so that distances to coincident vectors tie.
        table = astype(xp, expanded(xp, points, points)[0], x.dtype)
    positives, negatives = relations(xp, labels)
    far, near = xp.where(positives, table, -math.inf), xp.where(negatives, -table, -math.inf)
    return _extreme(xp, far), _extreme(xp, near)


def _extreme(xp: Namespace, table: Array) -> _Extreme:
    top = row_max(xp, table)
    equal = table == top
    ties = xp.sum(astype(xp, equal, table.dtype), axis=-1) > 1.0
    if is_jax(xp):  # whose argmax looks at one number after the other
        last = table.shape[-1] - 1
        first = xp.min(xp.where(equal, xp.arange(last + 1), last), axis=-1)
    else:
        first = xp.argmax(table, axis=-1)
    return _Extreme(first, top[..., 0] != -math.inf, equal, ties)


def _shares(xp: Namespace, extreme: _Extreme, distance: Array, valid: Array, short: Array) -> Array:
    """What each pair's share in the slope of the distance is more than if the first pair had it all."""
    distance = stop_gradient(distance)
    equal = astype(xp, extreme.equal, distance.dtype)
    count = xp.sum(equal, axis=-1)
    valid = xp.logical_and(valid, distance > short)
    slope = xp.where(valid, 0.5 / xp.where(valid, distance, 1.0), 0.0)
    first = xp.where(one_hot(xp, extreme.first, equal), slope[..., None], 0.0)
    return equal * (slope / xp.where(valid, count, 1.0))[..., None] - first


def _zeros(xp: Namespace, x: Array, shares: Array) -> Array:
    """Zeros with the slopes of the sum over j of shares_ij |x_i - x_j|^2, shares being constants that sum up to 0."""
    square = xp.sum(x * x, axis=-1, keepdims=True)
    sums = matmul(xp, shares, square)[..., 0] - 2.0 * xp.sum(x * matmul(xp, shares, x), axis=-1)
    return sums - stop_gradient(sums)
