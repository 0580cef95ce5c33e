"""The IoU family: each formula gives a measure m of two boxes and, side by side, its slopes.

Letters as in the papers: I/U is the IoU, C the hull (its area, or its diagonal c), rho the distance of the centres,
w and h sides. Slopes are computed when those of either set of boxes are wanted, and are None otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .._array import Array
from .._numerics import at_least, denominator, reciprocal_or_zero, rounded
from ._geometry import Geometry, Lengths, Slopes, Wanted, plus

Formula = Callable[..., tuple[Array, Slopes | None]]


def iou(g: Geometry, wanted: Wanted) -> tuple[Array, Slopes | None]:
    """I/U."""
    if True not in wanted:
        return g.iou, None
    per_union = g.xp.reciprocal(g.union)
    return g.iou, Slopes(inter=per_union, union=-g.iou * per_union)


def giou(g: Geometry, wanted: Wanted) -> tuple[Array, Slopes | None]:
    """I/U - (C - U)/C."""
    cw, ch = g.both(g.hull())
    hull = cw * ch
    value = g.iou - _empty(g, hull)
    _, slopes = iou(g, wanted)
    if slopes is None:
        return value, None
    # All slopes of U/C are 0 where the hull has no area: both boxes lie on one line.
    per_hull = reciprocal_or_zero(g.xp, hull)
    half = -0.5 * g.union * per_hull * per_hull
    return value, slopes._replace(union=slopes.union + per_hull, half_hull=g.lengthwise(half * ch, half * cw))


def covered(g: Geometry, wanted: Wanted, of_target: bool) -> tuple[Array, Slopes | None]:
    """I over the area of one of the boxes."""
    w, h = (g.target if of_target else g.pred).sides
    area = w * h
    per_area = reciprocal_or_zero(g.xp, area)
    value = g.inter * per_area
    if True not in wanted:
        return value, None
    along = -value * per_area
    sides = g.lengthwise(along * h, along * w)
    none = [g.xp.zeros_like(s) for s in sides]
    return value, Slopes(
        inter=per_area,
        union=g.xp.zeros_like(area),
        pred_side=none if of_target else sides,
        target_side=sides if of_target else none,
    )


def _empty(g: Geometry, hull: Array) -> Array:
    some_hull = denominator(g.xp, hull)
    return (some_hull - g.union) / some_hull


def empty_share(g: Geometry) -> Array:
    """(C - U)/C."""
    cw, ch = g.both(g.hull())
    return at_least(g.xp, _empty(g, cw * ch), 0.0)


def diou(g: Geometry, wanted: Wanted) -> tuple[Array, Slopes | None]:
    """I/U - rho^2/c^2."""
    return _with_centres(g, g.hull(), wanted)


def _with_centres(g: Geometry, hull: Lengths, wanted: Wanted) -> tuple[Array, Slopes | None]:
    low, high = g.ways()
    # Twice the way from centre to centre; adding up each box's own corners first would cancel far from the origin.
    offset = [a + b for a, b in zip(low, high)]
    c2 = denominator(g.xp, g.sum([side * side for side in hull]))
    distance = 0.25 * g.sum([d * d for d in offset]) / c2
    value, slopes = iou(g, wanted)
    value = value - distance
    if slopes is None:
        return value, None
    per_c2 = g.xp.reciprocal(c2)
    half_side, per_corner = distance * per_c2, -0.5 * per_c2
    return value, slopes._replace(
        half_hull=[half_side * side for side in hull],
        offset=[per_corner * d for d in offset],
    )


def centre_distance(g: Geometry) -> Array:
    """rho^2/c^2."""
    low, high = g.ways()
    c2 = denominator(g.xp, g.sum([side * side for side in g.hull()]))
    return 0.25 * g.sum([(a + b) * (a + b) for a, b in zip(low, high)]) / c2


def ciou(g: Geometry, wanted: Wanted, gate: float | None = None) -> tuple[Array, Slopes | None]:
    """I/U - rho^2/c^2 - alpha v."""
    value, slopes = diou(g, wanted)
    penalty, (pred_side, target_side) = aspect_penalty(g, wanted, gate)
    value = value - penalty
    return value, None if slopes is None else slopes._replace(pred_side=pred_side, target_side=target_side)


def aspect_penalty(
    g: Geometry, wanted: Wanted, gate: float | None = None
) -> tuple[Array, tuple[Lengths | None, Lengths | None]]:
    """alpha v: v = (4/pi^2) (atan(w_t/h_t) - atan(w_p/h_p))^2, alpha = v/(1 - I/U + v) constant; minus its slopes."""
    xp, (w, h), (wt, ht) = g.xp, g.pred.sides, g.target.sides
    # The difference of two angles with one call, no division and no eps.
    angle = xp.atan2(rounded(xp, wt * h) - rounded(xp, w * ht), ht * h + wt * w)
    v = (4.0 / math.pi**2) * (angle * angle)
    alpha = v / denominator(xp, (1.0 - g.iou) + v)
    if gate is not None:
        alpha = xp.where(g.iou > gate, alpha, 0.0)
    if True not in wanted:
        return alpha * v, (None, None)
    d_angle = (8.0 / math.pi**2) * (alpha * angle)

    def sides(w: Array, h: Array) -> Lengths:
        turn = d_angle / denominator(xp, w * w + h * h)
        return g.lengthwise(turn * h, -turn * w)

    return alpha * v, (sides(w, h) if wanted[0] else None, [-s for s in sides(wt, ht)] if wanted[1] else None)


def eiou(g: Geometry, wanted: Wanted) -> tuple[Array, Slopes | None]:
    """I/U - rho^2/c^2 - (w_p - w_t)^2/Cw^2 - (h_p - h_t)^2/Ch^2."""
    hull = g.hull()
    value, slopes = _with_centres(g, hull, wanted)
    per_side = [g.xp.reciprocal(denominator(g.xp, side)) for side in hull]
    differences = [a - b for a, b in zip(g.pred.extent, g.target.extent)]
    ratios = [d * per for d, per in zip(differences, per_side)]
    squares = [q * q for q in ratios]
    value = value - g.sum(squares)
    if slopes is None:
        return value, None
    d_side = [2.0 * q * per for q, per in zip(ratios, per_side)]
    return value, slopes._replace(
        half_hull=plus(slopes.half_hull, [s * per for s, per in zip(squares, per_side)]),
        pred_side=[-d for d in d_side],
        target_side=d_side,
    )


def cdiou(g: Geometry, wanted: Wanted, base: str = "iou") -> tuple[Array, Slopes | None]:
    """The base measure less the mean distance of the four corresponding corners over the hull's diagonal."""
    xp, hull = g.xp, g.hull()
    value, slopes = {"iou": iou, "giou": giou, "diou": diou, "ciou": ciou}[base](g, wanted)
    low, high = g.ways()
    (x1, y1), (x2, y2) = g.both([d * d for d in low]), g.both([d * d for d in high])
    corners = [xp.sqrt(x1 + y1), xp.sqrt(x2 + y1), xp.sqrt(x1 + y2), xp.sqrt(x2 + y2)]
    four_c = 4.0 * xp.sqrt(denominator(xp, g.sum([side * side for side in hull])))
    distance = (corners[0] + corners[1] + corners[2] + corners[3]) / four_c
    value = value - distance
    if slopes is None:
        return value, None
    # Each corner's distance has slope 0 where it is 0.
    at_low, at_x, at_y, at_high = (-reciprocal_or_zero(xp, d) / four_c for d in corners)
    half_side = 8.0 * distance / (four_c * four_c)
    return value, slopes._replace(
        half_hull=plus(slopes.half_hull, [half_side * side for side in hull]),
        low=[d * s for d, s in zip(low, g.lengthwise(at_low + at_y, at_low + at_x))],
        high=[d * s for d, s in zip(high, g.lengthwise(at_x + at_high, at_y + at_high))],
    )
