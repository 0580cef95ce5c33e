"""Rotated rectangles: the area that two share, the area of the convex hull of both, and how both change.

Everything is computed in the frame of one of the two, where it is the rectangle |x| <= a, |y| <= b. The shared area is
the integral of the clipped edges of the other (Green's theorem), four edges and no vertices to be found or sorted. Its
slope along the motion of an edge is the length of the edge inside of the other rectangle; an edge that lies on an edge
of the other counts half. The hull is followed by its normal: between the eight directions of all edges' normals, its
corner is one of either rectangle, the one that reaches further, or first the one and then the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .._array import Array, Namespace
from .._layout import each_column
from .._numerics import at_least, smallest_normal

SIGNS_X, SIGNS_Y = (1.0, -1.0, -1.0, 1.0), (1.0, 1.0, -1.0, -1.0)


class Rectangle:
    """One set of boxes: centre, half sides (negative ones are 0), cosine and sine of the angle."""

    def __init__(self, xp: Namespace, boxes: Array) -> None:
        self.x, self.y, self.w, self.h, self.angle = each_column(xp, boxes)
        self.a, self.b = 0.5 * at_least(xp, self.w, 0.0), 0.5 * at_least(xp, self.h, 0.0)
        self.cos, self.sin = xp.cos(self.angle), xp.sin(self.angle)


class Placed(NamedTuple):
    """A rectangle in the frame of another: its centre and the direction of its first axis."""

    u: Array
    v: Array
    cos: Array
    sin: Array


def placed(xp: Namespace, own: Rectangle, frame: Rectangle) -> Placed:
    dx, dy, turn = own.x - frame.x, own.y - frame.y, own.angle - frame.angle
    return Placed(dx * frame.cos + dy * frame.sin, dy * frame.cos - dx * frame.sin, xp.cos(turn), xp.sin(turn))


def _corners(own: Rectangle, at: Placed) -> tuple[list[Array], list[Array]]:
    """Counterclockwise, from (a, b) on."""
    ac, as_, bc, bs = own.a * at.cos, own.a * at.sin, own.b * at.cos, own.b * at.sin
    x = [at.u + (i * ac - j * bs) for i, j in zip(SIGNS_X, SIGNS_Y)]
    y = [at.v + (i * as_ + j * bc) for i, j in zip(SIGNS_X, SIGNS_Y)]
    return x, y


# The shared area ------------------------------------------------------------------------------------------------------


def intersection(xp: Namespace, own: Rectangle, frame: Rectangle, at: Placed) -> Array:
    """The area that both share: over the edges of the one, minus the integral of y dx, both clipped to the other."""
    x, y = _corners(own, at)
    a, b = frame.a, frame.b
    inside = [xp.minimum(xp.maximum(p, -a), a) for p in x]
    slope = (_quotient(xp, at.sin, at.cos), _quotient(xp, -at.cos, at.sin))
    area = xp.zeros_like(at.u)
    for k in range(4):
        x0, x1, y0, y1 = inside[k], inside[(k + 1) % 4], y[k], y[(k + 1) % 4]
        rise = slope[k % 2]
        # From the nearer end, so that a steep edge keeps its digits.
        low, high = y0 + (x0 - x[k]) * rise, y1 + (x1 - x[(k + 1) % 4]) * rise
        area = area - (x1 - x0) * _mean_clipped(xp, low, high, b)
    most = xp.minimum(4.0 * own.a * own.b, 4.0 * a * b)
    return xp.minimum(at_least(xp, area, 0.0), most)


def _quotient(xp: Namespace, x: Array, y: Array) -> Array:
    """x/y, and 0 where y is (nearly) 0: an edge that does not move along this axis."""
    some = xp.abs(y) > _tiny(xp, y)
    return xp.where(some, x / xp.where(some, y, xp.ones_like(y)), xp.zeros_like(y))


def _tiny(xp: Namespace, x: Array) -> float:
    """A cosine below this is that of a right angle: half of the exponents of the dtype."""
    return float(smallest_normal(xp, x) ** 0.5)


def _mean_clipped(xp: Namespace, y0: Array, y1: Array, b: Array) -> Array:
    """The mean of y clipped to [-b, b], as y goes from y0 to y1."""
    low, high = xp.minimum(y0, y1), xp.maximum(y0, y1)
    low_in, high_in = [xp.minimum(xp.maximum(y, -b), b) for y in (low, high)]
    below, above = xp.minimum(high, -b) - xp.minimum(low, -b), xp.maximum(high, b) - xp.maximum(low, b)
    whole = high - low
    some = whole > 0.0
    sum_ = (above - below) * b + (high_in - low_in) * (0.5 * (high_in + low_in))
    return xp.where(some, sum_ / xp.where(some, whole, xp.ones_like(whole)), low_in)


class Contact(NamedTuple):
    """For the edges at +x, -x, +y, -y of a rectangle: their length inside of another, and the moment along the edge."""

    lengths: list[Array]
    moments: list[Array]


def contact(xp: Namespace, own: Rectangle, frame: Rectangle, at: Placed) -> Contact:
    lengths, moments = [], []
    for out, reach, half, dx, dy in (
        (own.a, (at.cos, at.sin), own.b, -at.sin, at.cos),
        (own.b, (-at.sin, at.cos), own.a, at.cos, at.sin),
    ):
        for side in (1.0, -1.0):
            x, y = at.u + side * out * reach[0], at.v + side * out * reach[1]
            low_x, high_x, share_x = _within(xp, x, dx, frame.a)
            low_y, high_y, share_y = _within(xp, y, dy, frame.b)
            low = xp.maximum(xp.maximum(low_x, low_y), -half)
            high = xp.minimum(xp.minimum(high_x, high_y), half)
            length = at_least(xp, high - low, 0.0) * share_x * share_y
            lengths.append(length)
            moments.append(xp.where(length > 0.0, 0.5 * (low + high) * length, xp.zeros_like(length)))
    return Contact(lengths, moments)


def _within(xp: Namespace, x: Array, d: Array, a: Array) -> tuple[Array, Array, Array]:
    """Between which t the point x + t d is in [-a, a], and a share; for d = 0 all t, and 1, 1/2 on the border or 0."""
    still = xp.abs(d) <= _tiny(xp, d)
    per = 1.0 / xp.where(still, xp.ones_like(d), d)
    first, second = (-a - x) * per, (a - x) * per
    far = xp.full_like(d, xp.finfo(d.dtype).max)
    low = xp.where(still, -far, xp.minimum(first, second))
    high = xp.where(still, far, xp.maximum(first, second))
    share = xp.where(still, 0.5 + 0.5 * xp.sign(a - xp.abs(x)), xp.ones_like(d))
    return low, high, share


class Motion(NamedTuple):
    """Slopes of an area along the parameters of a box."""

    x: Array
    y: Array
    w: Array
    h: Array
    angle: Array


def motion(xp: Namespace, own: Rectangle, frame: Rectangle) -> Motion:
    """How the shared area changes with one of the boxes."""
    lengths, moments = contact(xp, own, frame, placed(xp, own, frame))
    across, along = lengths[0] - lengths[1], lengths[2] - lengths[3]
    return Motion(
        across * own.cos - along * own.sin,
        across * own.sin + along * own.cos,
        0.5 * (lengths[0] + lengths[1]),
        0.5 * (lengths[2] + lengths[3]),
        (moments[1] - moments[0]) + (moments[2] - moments[3]),
    )


# The hull -------------------------------------------------------------------------------------------------------------


class Hull:
    """The convex hull of both, in the frame of the second."""

    def __init__(self, xp: Namespace, own: Rectangle, frame: Rectangle) -> None:
        self.xp, self.own, self.frame = xp, own, frame
        at = placed(xp, own, frame)
        # The same rectangle with an angle between 0 and a right one.
        c, s = xp.abs(at.cos), xp.abs(at.sin)
        self.swapped = at.cos * at.sin < 0.0
        self.cos, self.sin = xp.where(self.swapped, s, c), xp.where(self.swapped, c, s)
        self.a, self.b = xp.where(self.swapped, own.b, own.a), xp.where(self.swapped, own.a, own.b)
        self.u, self.v = at.u, at.v
        ac, as_, bc, bs = self.a * self.cos, self.a * self.sin, self.b * self.cos, self.b * self.sin
        self.x = [at.u + (i * ac - j * bs) for i, j in zip(SIGNS_X, SIGNS_Y)]
        self.y = [at.v + (i * as_ + j * bc) for i, j in zip(SIGNS_X, SIGNS_Y)]
        self.other_x = [i * frame.a for i in SIGNS_X]
        self.other_y = [j * frame.b for j in SIGNS_Y]
        # How far the first reaches beyond the second along each edge's normal, in the order of their directions.
        lead = []
        for k in range(4):
            i, j = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[k]
            own_corner, n = (k + 3) % 4, (i * self.cos - j * self.sin, i * self.sin + j * self.cos)
            reach = i * self.x[own_corner] + j * self.y[own_corner]
            lead.append(reach - (frame.b if k % 2 else frame.a))
            here = at.u * n[0] + at.v * n[1] + (self.b if k % 2 else self.a)
            lead.append(here - (self.other_x[k] * n[0] + self.other_y[k] * n[1]))
        self.lead = lead

    def points(self, ahead: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        """The corners, some of them several times, where `ahead` says which rectangle reaches further."""
        xp = self.xp
        x, y = [], []
        for i in range(8):
            own, other = ((i // 2 + 3) % 4 if i % 2 == 0 else i // 2), i // 2
            for j in (i, (i + 1) % 8):
                x.append(xp.where(ahead[j], self.x[own], self.other_x[other]))
                y.append(xp.where(ahead[j], self.y[own], self.other_y[other]))
        return x, y

    def area(self) -> Array:
        x, y = self.points([lead >= 0.0 for lead in self.lead])
        doubled = self.xp.zeros_like(self.u)
        for i in range(16):
            doubled = doubled + (x[i] * y[i - 15] - x[i - 15] * y[i])
        # Neither rounding nor a box without area makes it smaller than what is in it.
        most = self.xp.maximum(4.0 * self.own.a * self.own.b, 4.0 * self.frame.a * self.frame.b)
        return self.xp.maximum(0.5 * doubled, most)

    def motions(self) -> tuple[Motion, Motion]:
        """How the area changes with the first and with the second: at ties the mean of both answers."""
        xp = self.xp
        zero = xp.zeros_like(self.u)
        own_x, own_y, other_x, other_y = ([zero] * 4 for _ in range(4))
        for ahead in ([lead >= 0.0 for lead in self.lead], [lead > 0.0 for lead in self.lead]):
            x, y = self.points(ahead)
            for i in range(8):
                own, other = ((i // 2 + 3) % 4 if i % 2 == 0 else i // 2), i // 2
                for j, m in ((i, 2 * i), ((i + 1) % 8, 2 * i + 1)):
                    gx, gy = 0.25 * (y[m - 15] - y[m - 1]), 0.25 * (x[m - 1] - x[m - 15])
                    own_x[own] = own_x[own] + xp.where(ahead[j], gx, zero)
                    own_y[own] = own_y[own] + xp.where(ahead[j], gy, zero)
                    other_x[other] = other_x[other] + xp.where(ahead[j], zero, gx)
                    other_y[other] = other_y[other] + xp.where(ahead[j], zero, gy)
        return self._first(own_x, own_y), self._second(own_x, own_y, other_x, other_y)

    def _first(self, x: Sequence[Array], y: Sequence[Array]) -> Motion:
        xp, frame = self.xp, self.frame
        along, across, turn = [xp.zeros_like(self.u)] * 3
        for k in range(4):
            gx, gy = x[k] * self.cos + y[k] * self.sin, y[k] * self.cos - x[k] * self.sin
            along, across = along + SIGNS_X[k] * gx, across + SIGNS_Y[k] * gy
            turn = turn + (SIGNS_X[k] * self.a * gy - SIGNS_Y[k] * self.b * gx)
        u, v = _sum(x), _sum(y)
        w, h = xp.where(self.swapped, across, along), xp.where(self.swapped, along, across)
        return Motion(u * frame.cos - v * frame.sin, u * frame.sin + v * frame.cos, 0.5 * w, 0.5 * h, turn)

    def _second(self, own_x: Sequence[Array], own_y: Sequence[Array], x: Sequence[Array], y: Sequence[Array]) -> Motion:
        """Along its sides as they are; along its place and angle, what moves the first the other way round."""
        frame = self.frame
        w, h = [0.5 * _sum([sign * g for sign, g in zip(signs, part)]) for signs, part in ((SIGNS_X, x), (SIGNS_Y, y))]
        u, v = _sum(own_x), _sum(own_y)
        turn = _sum([self.y[k] * own_x[k] - self.x[k] * own_y[k] for k in range(4)])
        return Motion(v * frame.sin - u * frame.cos, -u * frame.sin - v * frame.cos, w, h, turn)


def _sum(parts: Sequence[Array]) -> Array:
    found = parts[0]
    for part in parts[1:]:
        found = found + part
    return found
