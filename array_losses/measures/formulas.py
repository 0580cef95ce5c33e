"""The IoU family: each formula gives a measure m of two boxes and the slopes of the loss 1 - m, side by side.

Letters as in the papers: I/U is the IoU, C the hull (its area, or its diagonal c), rho the distance of the
centres, w and h sides.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .._array import Array
from .._numerics import denominator, reciprocal_or_zero
from ._geometry import Geometry, Lengths, Slopes, plus

Formula = Callable[..., tuple[Array, Slopes | None]]


def iou(g: Geometry, slopes: bool) -> tuple[Array, Slopes | None]:
    """I/U."""
    return g.iou, Slopes(inter=-1.0 / g.union, union=g.iou / g.union) if slopes else None


def giou(g: Geometry, slopes: bool) -> tuple[Array, Slopes | None]:
    """I/U - (C - U)/C."""
    cw, ch = g.both(g.hull())
    hull = cw * ch
    empty = (denominator(g.xp, hull) - g.union) / denominator(g.xp, hull)
    if not slopes:
        return g.iou - empty, None
    # All slopes of U/C are 0 where the hull has no area: both boxes lie on one line.
    per_hull = reciprocal_or_zero(g.xp, hull)
    d_hull = g.union * per_hull * per_hull
    return g.iou - empty, Slopes(
        inter=-1.0 / g.union,
        union=g.iou / g.union - per_hull,
        hull=g.lengthwise(d_hull * ch, d_hull * cw),
    )


def _centre_term(g: Geometry, hull: Lengths, slopes: bool) -> tuple[Array, Lengths | None, Lengths | None]:
    """rho^2/c^2, its slopes with respect to the hull's sides and to each of the prediction's corners."""
    offset = g.twice_offset()
    four_c2 = 4.0 * denominator(g.xp, g.sum([side * side for side in hull]))
    term = g.sum([d * d for d in offset]) / four_c2
    if not slopes:
        return term, None, None
    per_corner = 4.0 / four_c2
    per_side = -2.0 * term * per_corner
    return term, [per_side * side for side in hull], [0.5 * per_corner * d for d in offset]


def diou(g: Geometry, slopes: bool) -> tuple[Array, Slopes | None]:
    """I/U - rho^2/c^2."""
    distance, d_hull, d_offset = _centre_term(g, g.hull(), slopes)
    if not slopes:
        return g.iou - distance, None
    return g.iou - distance, Slopes(-1.0 / g.union, g.iou / g.union, hull=d_hull, offset=d_offset)


def ciou(g: Geometry, slopes: bool, gate: float | None = None) -> tuple[Array, Slopes | None]:
    """I/U - rho^2/c^2 - alpha v: v = (4/pi^2) (atan(w_t/h_t) - atan(w_p/h_p))^2, alpha = v/(1 - I/U + v) constant."""
    xp, (w, h), (wt, ht) = g.xp, g.pred.sides, g.target.sides
    value, first = diou(g, slopes)
    # The difference of two angles with one call, no division and no eps.
    angle = xp.atan2(wt * h - w * ht, ht * h + wt * w)
    v = (4.0 / math.pi**2) * (angle * angle)
    alpha = v / denominator(xp, (1.0 - g.iou) + v)
    if gate is not None:
        alpha = xp.where(g.iou > gate, alpha, 0.0)
    value = value - alpha * v
    if first is None:
        return value, None
    d_angle = (8.0 / math.pi**2) * alpha * angle
    p, t = d_angle / denominator(xp, w * w + h * h), d_angle / denominator(xp, wt * wt + ht * ht)
    return value, first._replace(
        pred_side=g.lengthwise(-p * h, p * w),
        target_side=g.lengthwise(t * ht, -t * wt),
    )


def eiou(g: Geometry, slopes: bool) -> tuple[Array, Slopes | None]:
    """I/U - rho^2/c^2 - (w_p - w_t)^2/Cw^2 - (h_p - h_t)^2/Ch^2."""
    hull = g.hull()
    distance, d_hull, d_offset = _centre_term(g, hull, slopes)
    per_side = [1.0 / denominator(g.xp, side) for side in hull]
    ratio = [a - b for a, b in zip(g.lengthwise(*g.pred.sides), g.lengthwise(*g.target.sides))]
    ratio = [d * per for d, per in zip(ratio, per_side)]
    squares = [q * q for q in ratio]
    value = g.iou - distance - g.sum(squares)
    if not slopes:
        return value, None
    d_side = [2.0 * q * per for q, per in zip(ratio, per_side)]
    return value, Slopes(
        -1.0 / g.union,
        g.iou / g.union,
        hull=plus(d_hull, [-2.0 * s * per for s, per in zip(squares, per_side)]),
        pred_side=d_side,
        target_side=[-d for d in d_side],
        offset=d_offset,
    )


def cdiou(g: Geometry, slopes: bool, base: str = "iou") -> tuple[Array, Slopes | None]:
    """The base measure less the mean distance of the four corresponding corners over the hull's diagonal."""
    xp, hull = g.xp, g.hull()
    value, first = {"iou": iou, "giou": giou, "diou": diou, "ciou": ciou}[base](g, slopes)
    low = [a - b for a, b in zip(g.pred.low, g.target.low)]
    high = [a - b for a, b in zip(g.pred.high, g.target.high)]
    (x1, y1), (x2, y2) = g.both([d * d for d in low]), g.both([d * d for d in high])
    corners = [xp.sqrt(x1 + y1), xp.sqrt(x2 + y1), xp.sqrt(x1 + y2), xp.sqrt(x2 + y2)]
    four_c = 4.0 * xp.sqrt(denominator(xp, g.sum([side * side for side in hull])))
    term = (corners[0] + corners[1] + corners[2] + corners[3]) / four_c
    if first is None:
        return value - term, None
    # Each corner's distance has slope 0 where it is 0.
    near_low, far_x, far_y, near_high = (reciprocal_or_zero(xp, d) / four_c for d in corners)
    per_hull = -16.0 * term / (four_c * four_c)
    return value - term, first._replace(
        hull=plus(first.hull, [per_hull * side for side in hull]),
        low=[d * s for d, s in zip(low, g.lengthwise(near_low + far_y, near_low + far_x))],
        high=[d * s for d, s in zip(high, g.lengthwise(far_x + near_high, far_y + near_high))],
    )
