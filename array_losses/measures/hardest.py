"""Means over the pixels of a region: of all, and of those that cost most."""

from __future__ import annotations

from collections.abc import Sequence

from .._array import Array, Namespace, is_torch
from .._numerics import at_least, denominator, pick
from .regions import region_sum

Wanted = Sequence[bool]
Result = tuple[Array, list[Array | None]]


def mean_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """The mean of the last axis, over the pixels of a mask if there is one; 0 over none."""
    x, *masks = arrays
    if not masks:
        per_pixel = 1.0 / max(1, x.shape[-1])
        return region_sum(xp, x) * per_pixel, [xp.full_like(x, per_pixel) if wanted[0] else None]
    inside, zero = masks[0] != 0.0, xp.zeros_like(x)
    weight = _share(xp, xp.where(inside, xp.ones_like(x), zero))
    return region_sum(xp, xp.where(inside, x, zero) * weight), [weight if wanted[0] else None, None]


def _share(xp: Namespace, ones: Array) -> Array:
    return ones / denominator(xp, region_sum(xp, ones))[..., None]


def hardest_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, fraction: float) -> Result:
    """The mean of the k largest numbers, k = fraction of the pixels, rounded, at least 1; 0 without pixels.

    Those tied with the k-th share what is left for them of the k.
    """
    x, *masks = arrays
    one, zero = xp.ones_like(x), xp.zeros_like(x)
    if x.shape[-1] == 0:
        return region_sum(xp, x), [zero if wanted[0] else None, None][: len(arrays)]
    inside = xp.broadcast_to(masks[0] != 0.0, x.shape) if masks else None
    if inside is not None:
        x = xp.where(inside, x, xp.full_like(x, -float("inf")))
    count = region_sum(xp, one if inside is None else xp.where(inside, one, zero))
    kept = at_least(xp, xp.floor(fraction * count + 0.5), 1.0)
    ordered = xp.sort(x, dim=-1)[0] if is_torch(xp) else xp.sort(x, axis=-1)
    place = at_least(xp, x.shape[-1] - kept, 0.0)
    border = pick(xp, ordered, place.long() if is_torch(xp) else xp.astype(place, xp.int32))[..., None]
    beyond = xp.logical_not(x <= border)  # with any NaN
    tied = x == border
    if inside is not None:
        beyond, tied = xp.logical_and(beyond, inside), xp.logical_and(tied, inside)
    some = count > 0.0
    above = region_sum(xp, xp.where(beyond, one, zero))
    left = xp.where(some, kept - above, xp.zeros_like(kept))
    last = xp.where(some, border[..., 0], xp.zeros_like(kept))
    value = (region_sum(xp, xp.where(beyond, x, zero)) + left * last) / kept
    if not wanted[0]:
        return value, [None] * len(arrays)
    per_tied = left / denominator(xp, region_sum(xp, xp.where(tied, one, zero)))
    slope = xp.where(beyond, one, xp.where(tied, per_tied[..., None] * one, zero)) / kept[..., None]
    return value, [slope, None][: len(arrays)]
