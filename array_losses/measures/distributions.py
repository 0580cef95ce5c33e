"""Entropies and divergences of probability distributions, in the last axis: p predicted, t the target.

0 ln 0 = 0. A probability below the smallest normal number counts as that number inside a logarithm, which is constant
there: its slope is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .._array import Array, Namespace, astype, double, is_fused, is_plain, surely_within
from .._numerics import denominator, smallest_normal

Wanted = Sequence[bool]
Result = tuple[Array, list[Array | None]]


def entropy_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """The sum of -p ln p."""
    (p,) = arrays
    some = denominator(xp, p)
    log = xp.log(some)
    slope = xp.where(p == some, -1.0 - log, xp.zeros_like(p)) if wanted[0] else None
    return xp.sum(p * (0.0 - log), axis=-1), [slope]


def cross_entropy_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """The sum of -t ln p."""
    p, t = arrays
    some = denominator(xp, p)
    log = xp.log(some)
    along_p = xp.where(p == some, -t / some, xp.zeros_like(p)) if wanted[0] else None
    return xp.sum(t * (0.0 - log), axis=-1), [along_p, -log if wanted[1] else None]


def kl_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """The sum of t ln(t/p)."""
    p, t = arrays
    tiny = smallest_normal(xp, p)
    if surely_within(xp, p, tiny, math.inf) and surely_within(xp, t, tiny, math.inf):
        log = log_ratio(xp, t, p)
        return xp.sum(t * log, axis=-1), [-t / p if wanted[0] else None, log + 1.0 if wanted[1] else None]
    some_p, some_t, zero = denominator(xp, p), denominator(xp, t), xp.zeros_like(p)
    present = t == some_t
    log = xp.where(present, log_ratio(xp, some_t, some_p), zero)
    along_p = xp.where(p == some_p, -t / some_p, zero) if wanted[0] else None
    along_t = xp.where(present, log + 1.0, zero) if wanted[1] else None
    return xp.sum(t * log, axis=-1), [along_p, along_t]


def js_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """Half the sum of p ln(p/m) + t ln(t/m) with m = (p + t)/2."""
    p, t = arrays
    some_p, some_t, zero = denominator(xp, p), denominator(xp, t), xp.zeros_like(p)
    total = p + t
    some = denominator(xp, total)
    # p/m = 1 + u and t/m = 1 - u. Where they are nearly equal, the two terms cancel to ln(1 - u^2) + 2u atanh(u).
    u = (p - t) / some
    far = xp.abs(u) >= 0.5
    u = xp.where(far, zero, u)
    log_p = xp.where(far, xp.log(2.0 * (some_p / some)), xp.log1p(u))
    log_t = xp.where(far, xp.log(2.0 * (some_t / some)), xp.log1p(-u))
    log_p, log_t = xp.where(p == some_p, log_p, zero), xp.where(t == some_t, log_t, zero)
    near_terms = 0.5 * total * (xp.log1p(-u * u) + 2.0 * u * xp.atanh(u))
    value = 0.5 * xp.sum(xp.where(far, p * log_p + t * log_t, near_terms), axis=-1)
    return value, [0.5 * log_p if wanted[0] else None, 0.5 * log_t if wanted[1] else None]


def log_ratio(xp: Namespace, a: Array, b: Array) -> Array:
    """ln(a/b) for positive a and b, with all its digits also where they are nearly equal."""
    wide = double(xp, a) if is_plain(xp) else None
    if wide is not None:  # a quotient and a logarithm of twice the digits take half as long as what follows
        return astype(xp, xp.log(astype(xp, a, wide) / b), a.dtype)
    if not is_fused(xp):
        change = (a - b) / b
        near = xp.abs(change) < 0.5
        # A quotient may overflow where a difference of logarithms does not.
        far = xp.log(a) - xp.log(b)
        return xp.where(near, xp.log1p(xp.where(near, change, xp.zeros_like(change))), far)
    # Compilers make one loop of one logarithm: that of a quotient which never overflows, its rounding made good.
    ahead = a >= b
    high, low = xp.where(ahead, a, b), xp.where(ahead, b, a)
    root = xp.sqrt(high) / xp.sqrt(low)
    log = 2.0 * xp.log(root) + ((high - low) - ((root - 1.0) * low) * (root + 1.0)) / high
    return xp.where(ahead, log, -log)
