"""The tempered logarithm and softmax of the bi-tempered loss.

log_t(p) = (p^(1 - t) - 1)/(1 - t) is bounded below for t < 1, so that a wrong label costs a finite amount, and exp_t,
its inverse, has a heavy tail for t > 1; both are the ordinary ones at t = 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._array import Array, Namespace
from .._numerics import row_max

Wanted = Sequence[bool]
Result = tuple[Array, list[Array | None]]


def _log_tempered(xp: Namespace, log: Array, t: float) -> Array:
    """log_t(p) = (p^(1-t) - 1)/(1 - t) from ln p."""
    return log if t == 1.0 else xp.expm1((1.0 - t) * log) / (1.0 - t)


NEWTON_STEPS = 20


def tempered_log_softmax(xp: Namespace, x: Array, t: float) -> Array:
    """ln p for the tempered softmax p_c = exp_t(x_c - lambda), lambda such that they add up to 1; t >= 1.

    With u_c = 1 + (t - 1)(lambda - x_c), p_c = u_c^(-1/(t - 1)). (sum p)^(1 - t) is concave in lambda and rises from at
    most 1 at the largest logit, so Newton's steps towards 1 never overshoot, and where one class or equal classes make
    up the sum it is a straight line.
    """
    largest = row_max(xp, x)
    z = x - largest
    if t == 1.0:
        return z - xp.log(xp.sum(xp.exp(z), axis=-1))[..., None]
    k = t - 1.0
    shift = xp.zeros_like(largest)
    for _ in range(NEWTON_STEPS):
        log = -xp.log1p(k * (shift - z)) / k
        total = xp.sum(xp.exp(log), axis=-1)[..., None]
        # d(sum p)/d(lambda) = -sum(p^t); f = total^(-k), f' = k total^(-k - 1) sum(p^t), step (1 - f)/f'.
        fall = xp.sum(xp.exp(t * log), axis=-1)[..., None]
        shift = shift + total * xp.expm1(k * xp.log(total)) / (k * fall)
    return -xp.log1p(k * (shift - z)) / k


def tempered_kernel(
    xp: Namespace, arrays: Sequence[Array], wanted: Wanted, t1: float, t2: float, smoothing: float
) -> Result:
    """sum of y (log_t1 y - log_t1 p) - (y^(2 - t1) - p^(2 - t1))/(2 - t1), p the tempered softmax with t2."""
    x, t = arrays
    y = (1.0 - smoothing) * t + smoothing / x.shape[-1] if smoothing else t
    log_p = tempered_log_softmax(xp, x, t2)
    absent, zero = y <= 0.0, xp.zeros_like(x)
    log_y = xp.log(xp.where(absent, xp.ones_like(y), y))
    power_p, power_y = xp.exp((2.0 - t1) * log_p), xp.where(absent, zero, xp.exp((2.0 - t1) * log_y))
    distance = _log_tempered(xp, log_y, t1) - _log_tempered(xp, log_p, t1)
    terms = xp.where(absent, zero, y * distance) - (power_y - power_p) / (2.0 - t1)
    along_x = along_y = None
    if wanted[0]:
        p = xp.exp(log_p)
        # dL/dp = (p - y) p^(-t1), dp/dx = p^t2 (1 - escort), the escort distribution being p^t2/sum(p^t2).
        pull = (p - y) * xp.exp((t2 - t1) * log_p)
        escort = xp.exp(t2 * log_p)
        along_x = pull - escort * (xp.sum(pull, axis=-1) / xp.sum(escort, axis=-1))[..., None]
    if wanted[1]:
        # d/dy of y log_t1 y - y^(2 - t1)/(2 - t1) is log_t1 y.
        along_y = (1.0 - smoothing) * xp.where(absent, zero, distance)
    value = xp.sum(terms, axis=-1)
    # A divergence, but of a sure answer the terms cancel, and rounding would leave less than nothing.
    return xp.where(value < 0.0, xp.zeros_like(value), value), [along_x, along_y]
