"""Arithmetic that stays finite: small functions that closed forms and formulas share."""

from __future__ import annotations

from ._array import Array, Namespace, is_fused, is_torch

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
    return x.clamp_min(bound) if is_torch(xp) else xp.maximum(x, bound)


def denominator(xp: Namespace, x: Array) -> Array:
    """`x` >= 0 made fit to divide by: 0/denominator(0) is 0, and every normal number is left exactly as it is."""
    return at_least(xp, x, smallest_normal(xp, x))


def reciprocal_or_zero(xp: Namespace, x: Array) -> Array:
    """1/x for x > 0, and 0 at x = 0."""
    return xp.sign(x) / denominator(xp, x)


def rounded(xp: Namespace, product: Array) -> Array:
    """A product of numbers >= 0, rounded before anything is added to it, in every library.

    Compilers contract a product and a sum to one operation with one rounding: XLA everywhere, Triton on GPUs. The
    difference of two equal products is then their rounding error instead of 0, and may be negative.
    """
    contracted = is_fused(xp) and not (is_torch(xp) and product.is_cpu)
    return at_least(xp, product, 0.0) if contracted else product
