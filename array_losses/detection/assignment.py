"""What every assigner gives: which ground truth each anchor stands for, by rules that are the same in every library."""

from __future__ import annotations

import math
from typing import NamedTuple

from .. import _xla
from .._array import Array, Namespace, astype, is_jax, is_torch, to_index
from .._numerics import device_of, one_hot, running_sum


class Assignment(NamedTuple):
    """Which ground truth each anchor stands for. Without a gradient."""

    foreground: Array
    """(..., A), boolean: whether it stands for one."""
    index: Array
    """(..., A), integer: for which one of its image; 0 where for none."""
    score: Array
    """(..., A), real: what the score of its class is to be; 0 outside of the foreground."""
    ignored: Array
    """(..., A), boolean: neither foreground nor background."""


def matched(xp: Namespace, values: Array, index: Array) -> Array:
    """The entries (..., G) or rows (..., G, D) of the ground truths at `index`, (..., A). Zeros where G is 0."""
    wide = values.ndim > index.ndim
    if values.shape[index.ndim - 1] == 0:
        shape = (*index.shape, values.shape[-1]) if wide else index.shape
        return xp.zeros(shape, dtype=values.dtype, device=device_of(xp, values))
    places = index[..., None] if wide else index
    axis = -2 if wide else -1
    if is_torch(xp):
        places = places.to(xp.int64)
        return values.gather(axis, places.expand(*index.shape, values.shape[-1]) if wide else places)
    return xp.take_along_axis(values, places, axis=axis)


def first_largest(xp: Namespace, x: Array, axis: int = -1) -> Array:
    """The place of the largest number along an axis, of equal ones the first; NaN counts as the smallest."""
    return xp.argmax(xp.where(xp.isnan(x), xp.full_like(x, -math.inf), x), axis=axis)


def first_true(xp: Namespace, condition: Array) -> Array:
    """The place of the first that is true along the last axis but one; 0 if none is.

    By the largest of numbers that fall along the axis: compilers reduce numbers faster than pairs of number and place.
    """
    count = condition.shape[-2]
    falling = xp.arange(count, 0, -1, dtype=xp.int32, device=device_of(xp, condition))[:, None]
    found = xp.max(xp.where(condition, falling, xp.zeros_like(falling)), axis=-2)
    return to_index(xp, xp.where(found > 0, count - found, xp.zeros_like(found)))


def chosen_top_k(xp: Namespace, metric: Array, k: int) -> Array:
    """Which entries are among the `k` largest of their row along the last axis; of equal ones the first.

    NaN and -inf are never chosen. By the library's own `top_k` where it has one, else one after the other.
    """
    left = xp.where(xp.isnan(metric), xp.full_like(metric, -math.inf), metric)
    if is_jax(xp) and 0 < k < metric.shape[-1]:
        return _xla.among_top_k(left, k)
    if is_torch(xp) and 0 < k < metric.shape[-1]:
        return _above_the_kth(xp, left, k)
    chosen = xp.zeros(metric.shape, dtype=xp.bool, device=device_of(xp, metric))
    for _ in range(min(k, metric.shape[-1])):
        here = one_hot(xp, xp.argmax(left, axis=-1), left) & (left > -math.inf)
        chosen = chosen | here
        left = xp.where(here, xp.full_like(left, -math.inf), left)
    return chosen


def _above_the_kth(xp: Namespace, left: Array, k: int) -> Array:
    """The same by PyTorch's `topk`, which has no rule for equal numbers: its k-th number counts, not its places."""
    least = left.topk(k, -1).values[..., -1:]
    above, equal = left > least, (left == least) & (left > -math.inf)
    room = k - xp.sum(astype(xp, above, xp.int32), axis=-1)[..., None]
    return above | (equal & (running_sum(xp, astype(xp, equal, xp.int32)) <= room))
