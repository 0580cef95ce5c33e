"""Penalties of distances: of a triplet's anchor, positive and negative, and of a pair that is the same or is not."""

from __future__ import annotations

from collections.abc import Sequence

from .._array import Array, Namespace, astype
from .._numerics import logistic, relu, softplus
from ._lengths import measured

Wanted = Sequence[bool]
Result = tuple[Array, list[Array | None]]


def violation(xp: Namespace, gap: Array, margin: float | None) -> Array:
    """max(0, gap + margin), or ln(1 + e^gap) with the soft margin."""
    return softplus(xp, gap) if margin is None else relu(xp, gap + margin)


def _pull(xp: Namespace, gap: Array, margin: float | None) -> Array:
    """Its slope."""
    if margin is not None:
        return astype(xp, gap + margin > 0.0, gap.dtype)
    return logistic(xp, gap).p


def triplet_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, margin: float | None, swap: bool) -> Result:
    """The violation by |a - p| - |a - n|, the latter |p - n| with `swap` where that is smaller."""
    a, p, n = arrays
    near, far = measured(xp, a, p), measured(xp, a, n)
    apart = far.value
    if swap:
        other = measured(xp, p, n)
        apart = xp.minimum(apart, other.value)
    gap = near.value - apart
    value = violation(xp, gap, margin)
    if True not in wanted:
        return value, [None] * 3
    pull = _pull(xp, gap, margin)
    along_near = near.direction(pull)
    if not swap:
        along_far = far.direction(pull)
        along_p, along_n = -along_near if wanted[1] else None, along_far
    else:
        # Of two that are equally far, each is half of the smaller.
        share = 0.5 * (1.0 + xp.sign(other.value - far.value))
        along_far, along_other = far.direction(pull * share), other.direction(pull * (1.0 - share))
        along_p, along_n = -along_near - along_other, along_far + along_other
    along_a = along_near - along_far if wanted[0] else None
    return value, [s if asked else None for s, asked in zip((along_a, along_p, along_n), wanted)]


def contrast_kernel(
    xp: Namespace, arrays: Sequence[Array], wanted: Wanted, near: float, apart: float, squared: bool
) -> Result:
    """What a distance of two that are the same has beyond `near`, what others' lacks of `apart`; or half its square."""
    d, same = arrays
    missing = relu(xp, xp.where(same, d - near, apart - d))
    value = missing * missing * 0.5 if squared else missing
    if not wanted[0]:
        return value, [None, None]
    slope = missing if squared else astype(xp, missing > 0.0, d.dtype)
    return value, [xp.where(same, slope, -slope), None]
