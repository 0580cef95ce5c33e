"""Arithmetic that stays finite: small functions that closed forms and formulas share."""

from __future__ import annotations

from ._array import Array, Namespace

_smallest: dict[tuple[str, object], float] = {}


def smallest_normal(xp: Namespace, x: Array) -> float:
    """The smallest positive normal number of the dtype of `x`, as a Python float."""
    key = (xp.__name__, x.dtype)
    found = _smallest.get(key)
    if found is None:
        found = _smallest[key] = float(xp.finfo(x.dtype).smallest_normal)
    return found


def at_least(xp: Namespace, x: Array, bound: float) -> Array:
    """`x`, or the Python number `bound` where that is greater; NaN stays NaN."""
    return xp.clip(x, bound, None)


def denominator(xp: Namespace, x: Array) -> Array:
    """`x` ≥ 0 made fit to divide by: 0/denominator(0) is 0, and every normal number is left exactly as it is."""
    return xp.clip(x, smallest_normal(xp, x), None)


def reciprocal_or_zero(xp: Namespace, x: Array) -> Array:
    """1/x for x > 0, and 0 at x = 0."""
    return xp.sign(x) / denominator(xp, x)
