"""Penalties of a difference d: how much a regression is charged for missing its target by d.

Each gives its value and its derivative by d, from d and |d|. All are even functions, 0 or smallest at d = 0 with slope
0 there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .._array import Array, Namespace, is_torch
from .._numerics import denominator, negligible

Penalty = Callable[..., tuple[Array, Array]]
"""(xp, d, |d|, *knobs) -> (value, derivative)"""


def difference_kernel(
    xp: Namespace, arrays: Sequence[Array], wanted: Sequence[bool], penalty: Penalty, *knobs: Any
) -> tuple[Array, list[Array | None]]:
    """The penalty of pred - target, number by number."""
    pred, target = arrays
    d = pred - target
    value, slope = penalty(xp, d, xp.abs(d), *knobs)
    return value, [slope if wanted[0] else None, -slope if wanted[1] else None]


def absolute(xp: Namespace, d: Array, size: Array) -> tuple[Array, Array]:
    """|d|"""
    return size, xp.sign(d)


def squared(xp: Namespace, d: Array, size: Array) -> tuple[Array, Array]:
    """d^2"""
    return d * d, 2.0 * d


def half_squared(xp: Namespace, d: Array, size: Array) -> tuple[Array, Array]:
    """d^2 / 2"""
    return 0.5 * d * d, d


def huber(xp: Namespace, d: Array, size: Array, delta: float) -> tuple[Array, Array]:
    """d^2 / 2 up to delta, delta (|d| - delta/2) beyond: c (|d| - c/2) with c = min(|d|, delta)."""
    near = at_most(xp, size, delta)
    return near * (size - 0.5 * near), xp.clip(d, -delta, delta)


def smooth_l1(xp: Namespace, d: Array, size: Array, beta: float) -> tuple[Array, Array]:
    """Huber's penalty over beta, which has slope 1 beyond; |d| for beta = 0."""
    if negligible(xp, d, beta):
        return absolute(xp, d, size)
    near = at_most(xp, size, beta)
    return (near / beta) * (size - 0.5 * near), xp.clip(d, -beta, beta) / beta


def log_cosh(xp: Namespace, d: Array, size: Array) -> tuple[Array, Array]:
    """ln cosh d = |d| + ln(1 + e^(-2 |d|)) - ln 2; near 0, where these cancel, ln(1 + 2 sinh^2(d/2))."""
    near = size < 1.0
    half = xp.sinh(xp.where(near, 0.5 * d, xp.zeros_like(d)))
    far = size + (xp.log1p(xp.exp(-2.0 * size)) - math.log(2.0))
    return xp.where(near, xp.log1p(2.0 * half * half), far), xp.tanh(d)


def charbonnier(xp: Namespace, d: Array, size: Array, epsilon: float, floor: float) -> tuple[Array, Array]:
    """sqrt(d^2 + epsilon^2) - floor, where floor is 0 or epsilon; |d| where epsilon^2 is nothing."""
    if negligible(xp, d, epsilon * epsilon):
        return absolute(xp, d, size)
    root = xp.sqrt(d * d + epsilon * epsilon)
    # d^2 / (root + epsilon) is root - epsilon without cancellation.
    value = root if floor == 0.0 else d * (d / (root + epsilon))
    return value, d / root


STEEP = 60.0


def balanced_l1(xp: Namespace, d: Array, size: Array, alpha: float, gamma: float, beta: float) -> tuple[Array, Array]:
    """alpha/b (b|d| + 1) ln(b|d|/beta + 1) - alpha|d| below beta, gamma|d| + gamma/b - alpha beta from there on."""
    near = size < beta
    if gamma / alpha > STEEP:
        # b is beyond float32, and 1 beside b|d| is nothing: ln(1 + b|d|/beta) from the logarithm of b.
        log = gamma / alpha + xp.log(denominator(xp, xp.where(near, size, xp.ones_like(size)) / beta))
        log = xp.where(log > 0.0, log, xp.zeros_like(log))
        value = xp.where(near, alpha * (size * (log - 1.0)), gamma * size - alpha * beta)
        return value, xp.sign(d) * xp.where(near, alpha * log, gamma * xp.ones_like(size))
    b = math.expm1(gamma / alpha)
    u = xp.where(near, size * (b / beta), xp.zeros_like(size))
    log = xp.log1p(u)
    # b|d| = beta u, so the bracket is (1 + u) ln(1 + u) - u times beta, and (1 - beta) ln(1 + u) what is left.
    inner = (alpha / b) * (beta * _log1p_integral(xp, u, log) + (1.0 - beta) * log)
    slope = alpha * log + (alpha * (1.0 - beta) / beta) / (1.0 + u)
    value = xp.where(near, inner, gamma * size + (gamma / b - alpha * beta))
    return value, xp.sign(d) * xp.where(near, slope, gamma * xp.ones_like(size))


def _log1p_integral(xp: Namespace, u: Array, log: Array) -> Array:
    """(1 + u) ln(1 + u) - u for u >= 0, which is u^2/2 near 0: as a series where the difference would cancel.

    With w = u/(2 + u) it is 2/(1 - w) (w^2 + (1 + w)(w^3/3 + w^5/5 + ...)).
    """
    near = u < 0.5
    small = xp.where(near, u, xp.zeros_like(u))
    w = small / (2.0 + small)
    w2 = w * w
    tail = xp.zeros_like(w)
    for k in range(23, 1, -2):  # w <= 1/5, so the rest is below 1e-17
        tail = w2 * (1.0 / k + tail)
    series = 2.0 / (1.0 - w) * (w2 + (1.0 + w) * w * tail)
    return xp.where(near, series, (1.0 + u) * log - u)


def focal_l1(xp: Namespace, d: Array, size: Array, beta: float) -> tuple[Array, Array]:
    """-alpha d^2 (2 ln(beta|d|) - 1)/4 up to 1, -alpha ln(beta) |d| + (2 alpha ln(beta) + alpha)/4 beyond."""
    alpha, log_beta = math.e * beta, math.log(beta)
    near = size <= 1.0
    inside = xp.where(near, size, xp.ones_like(size))
    log = xp.log(denominator(xp, inside * beta))
    value = xp.where(
        near,
        0.25 * alpha * inside * (inside * (1.0 - 2.0 * log)),
        (-alpha * log_beta) * size + (2.0 * alpha * log_beta + alpha) / 4.0,
    )
    return value, xp.sign(d) * xp.where(near, (-alpha * inside) * log, -alpha * log_beta * xp.ones_like(size))


def wing(xp: Namespace, d: Array, size: Array, width: float, epsilon: float) -> tuple[Array, Array]:
    """width ln(1 + |d|/epsilon) below width, |d| - C from there on, C = width - width ln(1 + width/epsilon)."""
    near = size < width
    inside = xp.where(near, size, xp.zeros_like(size))
    value = xp.where(near, width * xp.log1p(inside / epsilon), size - (width - width * math.log1p(width / epsilon)))
    return value, xp.sign(d) * xp.where(near, width / (epsilon + inside), xp.ones_like(size))


def at_most(xp: Namespace, x: Array, bound: float) -> Array:
    """`x`, or the Python number `bound` where that is smaller."""
    return x.clamp_max(bound) if is_torch(xp) else xp.minimum(x, bound)
