"""Penalties of a difference d: how much a regression is charged for missing its target by d.

Each gives its value and, where it is wanted, its derivative by d. All are even functions, 0 or smallest at d = 0 with
slope 0 there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .. import _xla
from .._array import Array, Namespace, is_fused, is_jax, is_torch
from .._numerics import artanh_excess, chosen, denominator, negligible, rounded
from ..autodiff import unblocked

Penalty = Callable[..., tuple[Array, Array | None]]
"""(xp, d, whether its derivative is wanted, *knobs) -> (value, derivative)"""


def difference_kernel(
    xp: Namespace, arrays: Sequence[Array], wanted: Sequence[bool], penalty: Penalty, *knobs: Any
) -> tuple[Array, list[Array | None]]:
    """The penalty of pred - target, number by number."""
    pred, target = arrays
    d = pred - target
    value, slope = penalty(xp, d, True in wanted, *knobs)
    if is_jax(xp):
        value = _xla.whole(value)
    return value, [None, None] if slope is None else [slope if wanted[0] else None, -slope if wanted[1] else None]


@unblocked
def short_difference_kernel(
    xp: Namespace, arrays: Sequence[Array], wanted: Sequence[bool], penalty: Penalty, *knobs: Any
) -> tuple[Array, list[Array | None]]:
    """The same for a penalty of so few steps that going through it in blocks costs more than it saves."""
    return difference_kernel(xp, arrays, wanted, penalty, *knobs)


def absolute(xp: Namespace, d: Array, slope: bool) -> tuple[Array, Array | None]:
    """|d|"""
    return xp.abs(d), xp.sign(d) if slope else None


def squared(xp: Namespace, d: Array, slope: bool) -> tuple[Array, Array | None]:
    """d^2"""
    return d * d, 2.0 * d if slope else None


def half_squared(xp: Namespace, d: Array, slope: bool) -> tuple[Array, Array | None]:
    """d^2 / 2"""
    return 0.5 * d * d, d if slope else None


def huber(xp: Namespace, d: Array, slope: bool, delta: float) -> tuple[Array, Array | None]:
    """d^2 / 2 up to delta, delta (|d| - delta/2) beyond: c (d - c/2) with the derivative c, d cut off at +-delta."""
    near = xp.clip(d, -delta, delta)
    return near * (d - 0.5 * near), near if slope else None


def smooth_l1(xp: Namespace, d: Array, slope: bool, beta: float) -> tuple[Array, Array | None]:
    """Huber's penalty over beta, which has slope 1 beyond; |d| for beta = 0."""
    if negligible(xp, d, beta):
        return absolute(xp, d, slope)
    near = xp.clip(d, -beta, beta)
    pull = near if beta == 1.0 else near / beta
    return pull * (d - 0.5 * near), pull if slope else None


STRAIGHT = 20.0
"""From here on ln cosh d is |d| - ln 2 and its slope 1, in all digits of float64."""


def log_cosh(xp: Namespace, d: Array, slope: bool) -> tuple[Array, Array | None]:
    """ln cosh d = ln(1 + 2 sinh^2(d/2)), in which nothing cancels."""
    if is_fused(xp) and d.dtype == xp.float32:
        return _log_cosh_of_tanh(xp, d) if is_jax(xp) else _log_cosh_of_exp(xp, d, slope)
    near = xp.clip(d, -STRAIGHT, STRAIGHT)
    half = xp.sinh(0.5 * near)
    value = xp.log1p(2.0 * half * half) + xp.abs(d - near)
    if not slope:
        return value, None
    if is_torch(xp):  # its tanh takes as long as all of the above; sinh(d)/cosh(d) is of the same half
        square = half * half
        return value, 2.0 * half * xp.sqrt(1.0 + square) / (1.0 + 2.0 * square)
    return value, xp.tanh(d)


def _log_cosh_of_tanh(xp: Namespace, d: Array) -> tuple[Array, Array]:
    """|d| - ln(1 + |t|) with t = tanh d, or where that cancels artanh(t^2/(2 - t^2)): XLA's sinh and log1p are slow."""
    t = xp.tanh(d)
    square = t * t
    w = square / (2.0 - square)
    return xp.where(square < 0.4, w + w * artanh_excess(xp, w * w), xp.abs(d) - xp.log(1.0 + xp.abs(t))), t


def _log_cosh_of_exp(xp: Namespace, d: Array, slope: bool) -> tuple[Array, Array | None]:
    """|d| + ln((1 + e^(-2|d|))/2), or below 1, where that cancels, ln(1 + c) of c = cosh d - 1 by its series.

    PyTorch's compiler makes slow loops of sinh, tanh and log1p.
    """
    size, square = xp.abs(d), d * d
    near = size < 1.0
    c = 0.5 * square * _factorials(square, 4)
    w = c / (2.0 + c)
    small = xp.exp(-2.0 * size)
    value = xp.where(near, 2.0 * (w + w * artanh_excess(xp, w * w)), size + xp.log(0.5 + 0.5 * small))
    if not slope:
        return value, None
    return value, xp.where(near, d * _factorials(square, 3) / (1.0 + c), xp.sign(d) * ((1.0 - small) / (1.0 + small)))


def _factorials(square: Array, n: int) -> Array:
    """1 + x^2/(n (n - 1)) (1 + x^2/((n + 2)(n + 1)) (...)) for |x| <= 1 in float32.

    2 (cosh x - 1)/x^2 with n = 4, sinh(x)/x with n = 3.
    """
    total = 1.0 + square * (1.0 / ((n + 6) * (n + 5)))
    for k in (n + 4, n + 2, n):
        total = 1.0 + square * (1.0 / (k * (k - 1))) * total
    return total


def charbonnier(xp: Namespace, d: Array, slope: bool, epsilon: float, floor: float) -> tuple[Array, Array | None]:
    """sqrt(d^2 + epsilon^2) - floor, where floor is 0 or epsilon; |d| where epsilon^2 is nothing."""
    if negligible(xp, d, epsilon * epsilon):
        return absolute(xp, d, slope)
    root = xp.sqrt(d * d + epsilon * epsilon)
    # d^2 / (root + epsilon) is root - epsilon without cancellation.
    value = root if floor == 0.0 else d * (d / (root + epsilon))
    return value, d / root if slope else None


STEEP = 60.0


def balanced_l1(
    xp: Namespace, d: Array, slope: bool, alpha: float, gamma: float, beta: float
) -> tuple[Array, Array | None]:
    """alpha/b (b|d| + 1) ln(b|d|/beta + 1) - alpha|d| up to beta, and from there on a line of slope gamma."""
    near = xp.clip(d, -beta, beta)
    size = xp.abs(near)
    if gamma / alpha > STEEP:
        # b is beyond float32, and 1 beside b|d| is nothing: ln(1 + b|d|/beta) from the logarithm of b.
        log = gamma / alpha + xp.log(denominator(xp, size / beta))
        log = xp.where(log > 0.0, log, xp.zeros_like(log))
        inner, rise = alpha * (size * (log - 1.0)), alpha * log
    else:
        b = math.expm1(gamma / alpha)
        u = size * (b / beta)
        whole = rounded(xp, 1.0 + u)  # or a compiler cancels the ones
        rounded_log = xp.log(whole)
        # b|d| = beta u, so the bracket is (1 + u) ln(1 + u) - u times beta, and (1 - beta) ln(1 + u) what is left.
        inner = (alpha * beta / b) * _log1p_integral(xp, u, whole, rounded_log)
        if slope or beta != 1.0:
            log = rounded_log + (u - (whole - 1.0)) / whole  # the rounding of 1 + u made good
            rise = alpha * log
        if beta != 1.0:
            inner = inner + (alpha * (1.0 - beta) / b) * log
            rise = rise + (alpha * (1.0 - beta) / beta) / whole
    value = inner + gamma * xp.abs(d - near)
    if not slope:
        return value, None
    if beta != 1.0:  # the slope jumps
        rise = xp.where(xp.abs(d) < beta, rise, gamma * xp.ones_like(d))
    return value, xp.sign(d) * rise


def _log1p_integral(xp: Namespace, u: Array, whole: Array, log: Array) -> Array:
    """(1 + u) ln(1 + u) - u for u >= 0 from 1 + u and its logarithm: as a series where the difference would cancel.

    With w = u/(2 + u) it is u (w + (1 + w) (artanh(w)/w - 1)), u^2/2 near 0.
    """
    w = u / (2.0 + u)
    series = u * (w + (1.0 + w) * artanh_excess(xp, w * w))
    return chosen(xp, u < 2.0 / 3.0, series, whole * log - (whole - 1.0))


def focal_l1(xp: Namespace, d: Array, slope: bool, beta: float) -> tuple[Array, Array | None]:
    """-alpha d^2 (2 ln(beta|d|) - 1)/4 up to 1, -alpha ln(beta) |d| + (2 alpha ln(beta) + alpha)/4 beyond."""
    alpha, log_beta = math.e * beta, math.log(beta)
    size = xp.abs(d)
    near = size <= 1.0
    inside = xp.where(near, size, xp.ones_like(size))
    log = xp.log(denominator(xp, inside * beta))
    value = xp.where(
        near,
        0.25 * alpha * inside * (inside * (1.0 - 2.0 * log)),
        (-alpha * log_beta) * size + (2.0 * alpha * log_beta + alpha) / 4.0,
    )
    if not slope:
        return value, None
    return value, xp.sign(d) * xp.where(near, (-alpha * inside) * log, -alpha * log_beta * xp.ones_like(size))


def wing(xp: Namespace, d: Array, slope: bool, width: float, epsilon: float) -> tuple[Array, Array | None]:
    """width ln(1 + |d|/epsilon) below width, |d| - C from there on, C = width - width ln(1 + width/epsilon)."""
    size = xp.abs(d)
    near = size < width
    inside = xp.where(near, size, xp.zeros_like(size))
    value = xp.where(near, width * xp.log1p(inside / epsilon), size - (width - width * math.log1p(width / epsilon)))
    if not slope:
        return value, None
    return value, xp.sign(d) * xp.where(near, width / (epsilon + inside), xp.ones_like(size))
