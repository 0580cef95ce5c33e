"""Rotated boxes as normal distributions, and how far two of them are apart.

A box (cx, cy, w, h, angle) has the mean (cx, cy) and the covariance R diag(w/k, h/k)^2 R^T. In units in which k is 1,
that is with the way between two centres times k, and with p = w and q = h: c, s are the cosine and sine of the angle
between the boxes 1 and 2, and u, v the way in the frame of a box. Then every quantity here is a sum of terms that are
not negative, so that nothing cancels where the boxes are nearly the same:

    det(S1 + S2)      = (p1 q1 + p2 q2)^2 + c^2 (p1 q2 - q1 p2)^2 + s^2 (p1 p2 - q1 q2)^2
    d^T adj(S1+S2) d  = q1^2 u1^2 + p1^2 v1^2 + q2^2 u2^2 + p2^2 v2^2
    tr(S1^1/2 S2 S1^1/2)^1/2 = (c^2 (p1 p2 + q1 q2)^2 + s^2 (p1 q2 + q1 p2)^2)^1/2

Each distance gives its value and its partial derivatives; sides below a tiny bound count as that bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .._array import Array, Namespace
from .._layout import each_column, to_rows
from .._numerics import at_least, reciprocal_or_zero, smallest_normal

Wanted = Sequence[bool]


class Rotated:
    """One set of boxes: centre, p, q, and the cosine and sine of the angle."""

    def __init__(self, xp: Namespace, boxes: Array) -> None:
        self.x, self.y, w, h, self.angle = each_column(xp, boxes)
        tiny = 1.125 * smallest_normal(xp, w) ** 0.25  # the product of four is a normal number
        self.p, self.q = at_least(xp, w, tiny), at_least(xp, h, tiny)
        self.w, self.h = w, h
        self.tiny = tiny
        self.cos, self.sin = xp.cos(self.angle), xp.sin(self.angle)

    def reciprocals(self, xp: Namespace) -> tuple[Array, Array]:
        """1/p and 1/q; 0 for a side that counts as more than it is, so that it has no slope."""
        zero = xp.zeros_like(self.p)
        return xp.where(self.w > self.tiny, 1.0 / self.p, zero), xp.where(self.h > self.tiny, 1.0 / self.q, zero)


class Pair:
    """Two sets of boxes, and the way from the second's centres to the first's in both frames."""

    def __init__(self, xp: Namespace, first: Array, second: Array, k: float) -> None:
        self.xp, self.k = xp, k
        self.one, self.two = Rotated(xp, first), Rotated(xp, second)
        dx, dy = k * (self.one.x - self.two.x), k * (self.one.y - self.two.y)
        (self.u1, self.v1), (self.u2, self.v2) = [
            (dx * box.cos + dy * box.sin, dy * box.cos - dx * box.sin) for box in (self.one, self.two)
        ]
        turn = self.one.angle - self.two.angle
        self.cos, self.sin = xp.cos(turn), xp.sin(turn)
        self.cos2, self.sin2 = self.cos * self.cos, self.sin * self.sin
        self.both = self.sin * self.cos  # half the derivative of sin^2
        self.lengths = self.one.p, self.one.q, self.two.p, self.two.q


class Partials(NamedTuple):
    """Along the centres' way in the frames of both boxes, the logarithms of both sides of each, and the angle.

    Those along the sides themselves may overflow where a side counts as more than it is. Some that nobody wants, and
    those that are 0 everywhere, are None.
    """

    u1: Array | None
    v1: Array | None
    u2: Array | None
    v2: Array | None
    p1: Array | None
    q1: Array | None
    p2: Array | None
    q2: Array | None
    turn: Array
    """Along the angle between the boxes, with both centres where they are in their frames."""


Distance = Callable[..., tuple[Array, Partials | None]]
"""(pair, whether slopes of either box are wanted, *options) -> value, partial derivatives"""
Transform = Callable[..., tuple[Array, Array]]
"""(xp, value, *options) -> what it becomes, and the derivative"""


def gaussian_kernel(
    xp: Namespace,
    boxes: Sequence[Array],
    wanted: Wanted,
    distance: Distance,
    options: tuple[Any, ...],
    k: float,
    transform: Transform,
    transform_options: tuple[Any, ...],
) -> tuple[Array, list[Array | None]]:
    pair = Pair(xp, boxes[0], boxes[1], k)
    found, partials = distance(pair, wanted, *options)
    value, rate = transform(xp, found, *transform_options)
    if partials is None:
        return value, [None, None]
    return value, _to_boxes(pair, partials, rate, wanted)


def _to_boxes(pair: Pair, at: Partials, rate: Array, wanted: Wanted) -> list[Array | None]:
    xp, one, two = pair.xp, pair.one, pair.two
    ways: list[tuple[Array, Array]] = []
    turn1, turn2 = at.turn, -at.turn
    if at.u1 is not None and at.v1 is not None:
        ways.append((at.u1 * one.cos - at.v1 * one.sin, at.u1 * one.sin + at.v1 * one.cos))
        turn1 = turn1 + (at.u1 * pair.v1 - at.v1 * pair.u1)
    if at.u2 is not None and at.v2 is not None:
        ways.append((at.u2 * two.cos - at.v2 * two.sin, at.u2 * two.sin + at.v2 * two.cos))
        turn2 = turn2 + (at.u2 * pair.v2 - at.v2 * pair.u2)
    scale = pair.k * rate
    dx, dy = [scale * sum(parts[1:], parts[0]) for parts in zip(*ways)] or [xp.zeros_like(rate)] * 2

    def rows(box: Rotated, x: Array, y: Array, p: Array | None, q: Array | None, turn: Array) -> Array:
        assert p is not None
        assert q is not None
        per_p, per_q = box.reciprocals(xp)
        return to_rows(xp, (x, y, p * rate * per_p, q * rate * per_q, turn * rate))

    return [
        rows(one, dx, dy, at.p1, at.q1, turn1) if wanted[0] else None,
        rows(two, -dx, -dy, at.p2, at.q2, turn2) if wanted[1] else None,
    ]


# Distances ------------------------------------------------------------------------------------------------------------


class _Sum:
    """det(S1 + S2), and how far it is above 4 p1 q1 p2 q2, with their derivatives."""

    def __init__(self, pair: Pair) -> None:
        p1, q1, p2, q2 = pair.lengths
        self.product = (p1 * q1) * (p2 * q2)
        # Differences of products as products of differences: p1 q1 - p2 q2, p1 q2 - q1 p2, p1 p2 - q1 q2.
        self.a = p1 * (q1 - q2) + q2 * (p1 - p2)
        self.b = p1 * (q2 - q1) - q1 * (p2 - p1)
        self.e = p1 * (p2 - q2) + q2 * (p1 - q1)
        self.cb, self.se = pair.cos2 * self.b, pair.sin2 * self.e
        self.above = self.a * self.a + self.cb * self.b + self.se * self.e
        self.det = 4.0 * self.product + self.above

    def slopes_above(self, pair: Pair, factor: Array, wanted: Wanted) -> tuple[list[Array | None], Array]:
        """Along the logarithms of the lengths, and the angle; times a factor."""
        p1, q1, p2, q2 = pair.lengths
        twice = 2.0 * factor
        a, b, e = twice * self.a, twice * self.cb, twice * self.se
        sides: list[Array | None] = [None] * 4
        if wanted[0]:
            sides[:2] = p1 * (a * q1 + b * q2 + e * p2), q1 * (a * p1 - b * p2 - e * q2)
        if wanted[1]:
            sides[2:] = p2 * (e * p1 - a * q2 - b * q1), q2 * (b * p1 - a * p2 - e * q1)
        return sides, twice * pair.both * ((p1 - q1) * (p1 + q1) * ((p2 - q2) * (p2 + q2)))


def bhattacharyya(pair: Pair, wanted: Wanted) -> tuple[Array, Partials | None]:
    """d^T (S1+S2)^-1 d / 4 + ln(det(S1 + S2) / (4 p1 q1 p2 q2)) / 2."""
    xp = pair.xp
    p1, q1, p2, q2 = pair.lengths
    total = _Sum(pair)
    pv1, qu1, pv2, qu2 = p1 * pair.v1, q1 * pair.u1, p2 * pair.v2, q2 * pair.u2
    parts = [pv1 * pv1, qu1 * qu1, pv2 * pv2, qu2 * qu2]
    way = parts[0] + parts[1] + (parts[2] + parts[3])
    per_det = 1.0 / total.det
    share = way * per_det
    excess = total.above / (4.0 * total.product)
    value = 0.25 * share + 0.5 * xp.log1p(excess)
    if True not in wanted:
        return value, None
    sides, turn = total.slopes_above(pair, per_det, wanted)
    along = 0.5 - 0.25 * share
    # What is left of the slopes of the product 4 p1 q1 p2 q2: the same for each side, but for 1/side.
    rest = share * total.product * per_det + 0.5 * total.above * per_det
    half = 0.5 * per_det
    at = [None if side is None else half * part + along * side - rest for part, side in zip(parts, sides)]
    per = [half * length for length in (q1, p1, q2, p2)]
    centre = [x * y for x, y in zip(per, (qu1, pv1, qu2, pv2))]
    return value, Partials._make([*centre, *at, along * turn])


def wasserstein(pair: Pair, wanted: Wanted, normalize: bool) -> tuple[Array, Partials | None]:
    """(|d|^2 + tr S1 + tr S2 - 2 tr(S1^1/2 S2 S1^1/2)^1/2)^1/2, over 2 (p1 q1 p2 q2)^1/4 with `normalize`."""
    xp = pair.xp
    p1, q1, p2, q2 = pair.lengths
    x, y = p1 * p2 + q1 * q2, p1 * q2 + q1 * p2
    x2, y2 = x * x, y * y
    root = xp.sqrt(pair.cos2 * x2 + pair.sin2 * y2)
    size = p1 * p1 + q1 * q1 + p2 * p2 + q2 * q2
    along = pair.cos2 * ((p1 - p2) ** 2 + (q1 - q2) ** 2) * (size + 2.0 * x)
    across = pair.sin2 * ((p1 - q2) ** 2 + (q1 - p2) ** 2) * (size + 2.0 * y)
    squared = pair.u1 * pair.u1 + pair.v1 * pair.v1 + (along + across) / (size + 2.0 * root)
    value = xp.sqrt(squared)
    scale = 0.5 / xp.sqrt(xp.sqrt(p1 * q1) * xp.sqrt(p2 * q2)) if normalize else 1.0 / pair.k
    result = value * scale
    if True not in wanted:
        return result, None
    # Of half the square: X/S - 1 and Y/S - 1 come from (X - Y)(X + Y), which is exact where they vanish.
    per_root = 1.0 / root
    apart = (p1 - q1) * (p2 - q2) * (x + y)
    over_x = pair.sin2 * apart / (x + root) * per_root
    over_y = -pair.cos2 * apart / (y + root) * per_root
    in_x, in_y = pair.cos2 * x * per_root, pair.sin2 * y * per_root
    rate = scale * reciprocal_or_zero(xp, value)
    partners = (p2, q2), (q2, p2), (p1, q1), (q1, p1)
    sides = [
        rate * own * (in_x * ((own - a) + own * over_x) + in_y * ((own - b) + own * over_y))
        for own, (a, b) in zip(pair.lengths, partners)
    ]
    if normalize:
        sides = [side - 0.25 * result for side in sides]
    turn = rate * (pair.both * apart * per_root)
    return result, Partials._make([rate * pair.u1, rate * pair.v1, None, None, *sides, turn])


def divergence_of_first(pair: Pair, wanted: Wanted) -> tuple[Array, Partials | None]:
    """The Kullback-Leibler divergence KL(1 || 2)."""
    value, at = _directed(pair, wanted, pair.lengths, pair.u2, pair.v2)
    return value, None if at is None else Partials._make([None, None, *at])


def divergence_of_second(pair: Pair, wanted: Wanted) -> tuple[Array, Partials | None]:
    """KL(2 || 1)."""
    p1, q1, p2, q2 = pair.lengths
    value, at = _directed(pair, wanted, (p2, q2, p1, q1), pair.u1, pair.v1)
    if at is None:
        return value, None
    u1, v1, p2, q2, p1, q1, turn = at
    return value, Partials(u1, v1, None, None, p1, q1, p2, q2, turn)


def divergence_of_both(pair: Pair, wanted: Wanted) -> tuple[Array, Partials | None]:
    """The mean of both: half of Jeffreys' divergence."""
    p1, q1, p2, q2 = pair.lengths
    value, at = _directed(pair, wanted, (p1, q1, p2, q2), pair.u2, pair.v2)
    other, back = _directed(pair, wanted, (p2, q2, p1, q1), pair.u1, pair.v1)
    mean = 0.5 * (value + other)
    if at is None or back is None:
        return mean, None
    back = [*back[:2], *back[4:6], *back[2:4], back[6]]  # sides in the order of the boxes
    both = [0.5 * (x + y) for x, y in zip(at[2:], back[2:])]
    return mean, Partials._make([0.5 * back[0], 0.5 * back[1], 0.5 * at[0], 0.5 * at[1], *both])


def _directed(
    pair: Pair, wanted: Wanted, lengths: Sequence[Array], u: Array, v: Array
) -> tuple[Array, list[Array] | None]:
    """KL(1 || 2), the way in the frame of 2; its slopes along u, v, the logarithms of the lengths and the angle."""
    xp = pair.xp
    p1, q1, p2, q2 = lengths
    per_p, per_q = 1.0 / p2, 1.0 / q2
    (f_p, d_p), (f_q, d_q) = _ratio_cost(xp, p1, p2, per_p), _ratio_cost(xp, q1, q2, per_q)
    (g_p, e_p), (g_q, e_q) = _ratio_cost(xp, p1, q2, per_q), _ratio_cost(xp, q1, p2, per_p)
    du, dv = u * per_p, v * per_q
    value = 0.5 * (du * du + dv * dv) + 0.5 * (pair.cos2 * (f_p + f_q) + pair.sin2 * (g_p + g_q))
    if True not in wanted:
        return value, None
    along_p2 = pair.cos2 * d_p + pair.sin2 * e_q
    along_q2 = pair.cos2 * d_q + pair.sin2 * e_p
    return value, [
        du * per_p,
        dv * per_q,
        pair.cos2 * d_p + pair.sin2 * e_p,
        pair.cos2 * d_q + pair.sin2 * e_q,
        -(along_p2 + du * du),
        -(along_q2 + dv * dv),
        pair.both * ((p1 - q1) * (p1 + q1) * per_p * per_q) * ((p2 - q2) * (p2 + q2) * per_p * per_q),
    ]


def _ratio_cost(xp: Namespace, a: Array, b: Array, per_b: Array) -> tuple[Array, Array]:
    """r^2 - 1 - 2 ln r with r = a/b, and (r^2 - 1), which is its derivative times r/2."""
    e = (a - b) * per_b
    small = xp.abs(e) < 0.25
    near = xp.where(small, e, xp.zeros_like(e))
    ratio = xp.where(small, xp.ones_like(e), a * per_b)
    # e - ln(1 + e) = e s - 2 (s^3/3 + s^5/5 + ...) with s = e/(2 + e), for |s| < 1/7.
    s = near / (2.0 + near)
    s2 = s * s
    series = xp.zeros_like(s)
    for k in range(19, 1, -2):
        series = (series + 1.0 / k) * s2
    excess = xp.where(small, near * s - 2.0 * s * series, e - xp.log(ratio))
    return e * e + 2.0 * excess, e * (e + 2.0)


def kalman(pair: Pair, wanted: Wanted) -> tuple[Array, Partials | None]:
    """V3/(V1 + V2 - V3): areas of both boxes, and of the product of their densities."""
    xp = pair.xp
    total = _Sum(pair)
    p1, q1, p2, q2 = pair.lengths
    one, two = p1 * q1, p2 * q2
    inner = total.product / xp.sqrt(total.det)
    per = 1.0 / (one + two - inner)
    value = inner * per
    if True not in wanted:
        return value, None
    per_det = 1.0 / total.det
    sides, turn = total.slopes_above(pair, per_det, wanted)
    whole = (one + two) * per * value
    # dV3/V3 = dp/p - (d above + 4 dproduct)/(2 det).
    rest = 1.0 - 2.0 * total.product * per_det
    areas = (one, one, two, two)
    at = [
        None if side is None else whole * (rest - 0.5 * side) - value * per * area for side, area in zip(sides, areas)
    ]
    return value, Partials._make([None, None, None, None, *at, -0.5 * whole * turn])
