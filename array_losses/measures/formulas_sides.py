"""Costs of two boxes that compare sides, corners and centres one by one, beside the IoU or without it.

Each formula gives a measure m and its slopes, as in `formulas`; where a cost stands on its own, m is minus the cost, so
that a cost near 0 keeps its digits.
"""

from __future__ import annotations

from .._array import Array
from .._numerics import at_least, denominator, power, reciprocal_or_zero, rounded
from ._geometry import Geometry, Lengths, Slopes, Wanted
from .formulas import iou


def _offsets(g: Geometry) -> Lengths:
    """Twice the way from centre to centre."""
    low, high = g.ways()
    return [a + b for a, b in zip(low, high)]


def _mismatch(g: Geometry) -> tuple[Lengths, Lengths, Lengths]:
    """r = |w - wt| / max(w, wt), 0 for two sides of 0; and its slopes along w and wt, both 0 where the sides are equal.

    The longer side's slope is (1 - r)/max, the other's -1/max.
    """
    xp = g.xp
    ratio, along_own, along_other = [], [], []
    for own, other in zip(g.pred.extent, g.target.extent):
        way = own - other
        per = reciprocal_or_zero(xp, xp.maximum(own, other))
        r = xp.abs(way) * per
        per = 0.5 * per
        lead, common = xp.sign(way) * (2.0 - r) * per, r * per
        ratio.append(r)
        along_own.append(lead - common)
        along_other.append(-lead - common)
    return ratio, along_own, along_other


def siou(g: Geometry, wanted: Wanted, theta: float = 4.0) -> tuple[Array, Slopes | None]:
    """I/U - (Delta + Omega)/2, the distance Delta with a discount for centres on a diagonal, the shape Omega."""
    xp = g.xp
    hull, offset = g.hull(), _offsets(g)
    per_hull = [reciprocal_or_zero(xp, side) for side in hull]
    units = [0.5 * d * per for d, per in zip(offset, per_hull)]  # dx/Cw
    squares = [u * u for u in units]
    x, y = g.both([xp.abs(d) for d in offset])
    per_rho = reciprocal_or_zero(xp, xp.sqrt(x * x + y * y))  # half of 1/rho
    x, y = x * per_rho, y * per_rho  # sine and cosine
    gamma = 2.0 - 2.0 * x * y
    faded = [xp.expm1(-gamma * q) for q in squares]  # e^(-gamma q) - 1, between e^-2 - 1 and 0
    ratio, along_own, along_other = _mismatch(g)
    fewer = [xp.expm1(-r) for r in ratio]
    powers = [power(xp, 0.0 - s, theta - 1.0) for s in fewer]
    value, slopes = iou(g, wanted)
    value = value + 0.5 * g.sum([f + p * s for f, p, s in zip(faded, powers, fewer)])
    if slopes is None:
        return value, None
    # What the angle does: gamma's slope along |dx| is -2 y (y^2 - x^2)/rho, along |dy| likewise.
    fading = [1.0 + f for f in faded]
    turn = g.sum([q * e for q, e in zip(squares, fading)]) * (2.0 * per_rho) * (y * y - x * x)
    turns = g.lengthwise(-2.0 * y * turn, 2.0 * x * turn)
    pull = [2.0 * gamma * e * u * per for e, u, per in zip(fading, units, per_hull)]
    bend = [0.5 * theta * p * (1.0 + s) for p, s in zip(powers, fewer)]
    return value, slopes._replace(
        half_hull=[0.25 * p * u for p, u in zip(pull, units)],
        offset=[-0.25 * (p + xp.sign(d) * t) for p, d, t in zip(pull, offset, turns)],
        pred_side=[-b * a for b, a in zip(bend, along_own)],
        target_side=[-b * a for b, a in zip(bend, along_other)],
    )


def shape_iou(g: Geometry, wanted: Wanted, scale: float = 0.0) -> tuple[Array, Slopes | None]:
    """I/U - (hh dx^2 + ww dy^2)/c^2 - Omega/2 with ww and hh the shares, out of 2, of the target's sides to a power."""
    xp, (wt, ht) = g.xp, g.target.sides
    longer = xp.maximum(wt, ht)
    per_longer = reciprocal_or_zero(xp, longer)
    wide, tall = power(xp, wt * per_longer, scale), power(xp, ht * per_longer, scale)
    some = denominator(xp, wide + tall)
    ww = xp.where(longer > 0.0, 2.0 * wide / some, xp.ones_like(wt))
    hh = xp.where(longer > 0.0, 2.0 * tall / some, xp.ones_like(wt))
    crossed = g.lengthwise(hh, ww)

    hull, offset = g.hull(), _offsets(g)
    per_c2 = xp.reciprocal(denominator(xp, g.sum([side * side for side in hull])))
    squares = [0.25 * d * d for d in offset]
    distance = g.sum([weight * s for weight, s in zip(crossed, squares)]) * per_c2
    ratio, along_own, along_other = _mismatch(g)
    charges = [weight * r for weight, r in zip(crossed, ratio)]
    fewer = [xp.expm1(-c) for c in charges]  # between e^-2 - 1 and 0
    cubes = [s * s * s for s in fewer]
    value, slopes = iou(g, wanted)
    value = value - distance - 0.5 * g.sum([a * s for a, s in zip(cubes, fewer)])
    if slopes is None:
        return value, None
    bend = [-2.0 * a * (1.0 + s) for a, s in zip(cubes, fewer)]
    stretch = [-b * weight for b, weight in zip(bend, crossed)]
    target_side = [s * a for s, a in zip(stretch, along_other)]
    if scale:
        # Along ww, which grows as hh shrinks.
        dx2, dy2 = g.both(squares)
        at_w, at_h = g.both([b * r for b, r in zip(bend, ratio)])
        lean = ((dx2 - dy2) * per_c2 + at_w - at_h) * (0.5 * scale * ww * hh)
        leans = g.lengthwise(lean * reciprocal_or_zero(xp, wt), -lean * reciprocal_or_zero(xp, ht))
        target_side = [a + b for a, b in zip(target_side, leans)]
    return value, slopes._replace(
        half_hull=[distance * per_c2 * side for side in hull],
        offset=[-0.5 * per_c2 * weight * d for weight, d in zip(crossed, offset)],
        pred_side=[s * a for s, a in zip(stretch, along_own)],
        target_side=target_side,
    )


def mpdiou(g: Geometry, wanted: Wanted, diagonal2: float) -> tuple[Array, Slopes | None]:
    """I/U less the squared distances of both pairs of corners over the squared diagonal of the image."""
    low, high = g.ways()
    value, slopes = iou(g, wanted)
    value = value - g.sum([a * a + b * b for a, b in zip(low, high)]) / diagonal2
    if slopes is None:
        return value, None
    per = -2.0 / diagonal2
    return value, slopes._replace(low=[per * a for a in low], high=[per * b for b in high])


def powerful_iou(g: Geometry, wanted: Wanted, lam: float | None) -> tuple[Array, Slopes | None]:
    """Minus 2 - I/U - e^(-P^2), P being the mean distance of corresponding edges in sides of the target.

    With `lam`, times 3 q e^(-q^2) with q = lam e^(-P).
    """
    xp = g.xp
    low, high = g.ways()
    per_side = [reciprocal_or_zero(xp, side) for side in g.target.extent]
    parts = [0.25 * (xp.abs(a) + xp.abs(b)) * per for a, b, per in zip(low, high, per_side)]
    distance = g.sum(parts)
    squared = distance * distance
    cost = (1.0 - g.iou) - xp.expm1(-squared)
    along = 2.0 * distance * xp.exp(-squared)
    attention: Array | None = None
    if lam is not None:
        quality = lam * xp.exp(-distance)
        peak = 3.0 * quality * xp.exp(-quality * quality)
        attention = peak
        along = peak * along - cost * peak * (1.0 - 2.0 * quality * quality)
        cost = cost * peak
    _, slopes = iou(g, wanted)
    if slopes is None:
        return 0.0 - cost, None
    if attention is not None:
        slopes = slopes._replace(inter=slopes.inter * attention, union=slopes.union * attention)
    pull = [0.25 * along * per for per in per_side]
    return 0.0 - cost, slopes._replace(
        low=[-p * xp.sign(a) for p, a in zip(pull, low)],
        high=[-p * xp.sign(b) for p, b in zip(pull, high)],
        target_side=[along * part * per for part, per in zip(parts, per_side)],
    )


def nwd(g: Geometry, wanted: Wanted, constant: float) -> tuple[Array, Slopes | None]:
    """Minus 1 - e^(-W/constant), W being the Wasserstein distance of the boxes as normal distributions."""
    xp, offset = g.xp, _offsets(g)
    gaps = [a - b for a, b in zip(g.pred.extent, g.target.extent)]
    root = 0.5 * xp.sqrt(g.sum([d * d + s * s for d, s in zip(offset, gaps)]))
    cost = 0.0 - xp.expm1(-root / constant)
    if True not in wanted:
        return 0.0 - cost, None
    per = 0.25 * xp.exp(-root / constant) / constant * reciprocal_or_zero(xp, root)
    return 0.0 - cost, Slopes(
        inter=xp.zeros_like(root),
        union=xp.zeros_like(root),
        offset=[-per * d for d in offset],
        pred_side=[-per * s for s in gaps],
        target_side=[per * s for s in gaps],
    )


def bounded_iou(g: Geometry, wanted: Wanted, beta: float) -> tuple[Array, Slopes | None]:
    """Minus the sum of four bounds, each through a smooth-L1 that is a parabola up to beta."""
    xp = g.xp
    offset = _offsets(g)
    sums = [xp.abs(d) + side for d, side in zip(offset, g.target.extent)]  # wt + 2 |dx|
    per = [reciprocal_or_zero(xp, s) for s in sums]
    shifts = [2.0 * xp.abs(d) * p for d, p in zip(offset, per)]
    near = [xp.minimum(s, xp.ones_like(s)) for s in shifts]
    ratio, along_own, along_other = _mismatch(g)
    cost = g.sum([_smooth(g, s, beta) + _smooth(g, r, beta) for s, r in zip(near, ratio)])
    if True not in wanted:
        return 0.0 - cost, None
    open_ = [0.5 + 0.5 * xp.sign(side - xp.abs(d)) for side, d in zip(g.target.extent, offset)]
    pull = [_smooth_slope(g, s, beta) * o * p * p for s, o, p in zip(near, open_, per)]
    bend = [_smooth_slope(g, r, beta) for r in ratio]
    zero = xp.zeros_like(cost)
    return 0.0 - cost, Slopes(
        inter=zero,
        union=zero,
        offset=[-2.0 * p * side * xp.sign(d) for p, side, d in zip(pull, g.target.extent, offset)],
        pred_side=[-b * a for b, a in zip(bend, along_own)],
        target_side=[2.0 * p * xp.abs(d) - b * a for p, d, b, a in zip(pull, offset, bend, along_other)],
    )


def extended_iou(g: Geometry, wanted: Wanted, smooth_point: float) -> tuple[Array, Slopes | None]:
    """Minus 1 - I'/U' through a smooth-L1, I' being an area that goes on below 0 where boxes do not overlap."""
    xp = g.xp
    low, high = g.ways()
    signed = g.signed_overlap()
    ow, oh = g.both(signed)
    gx, gy = g.both([xp.abs(a) for a in low])
    ow_in, oh_in = at_least(xp, ow, 0.0), at_least(xp, oh, 0.0)
    ow_out, oh_out = ow - ow_in, oh - oh_in
    inter = (
        rounded(xp, ow_in * oh_in) + ow_out * (2.0 * gy + oh_in) + oh_out * (2.0 * gx + ow_in) + 2.0 * ow_out * oh_out
    )
    (w, h), (wt, ht) = g.pred.sides, g.target.sides
    union = rounded(xp, w * h) + (rounded(xp, wt * ht) - inter)
    share = inter / denominator(xp, union)
    u = at_least(xp, 1.0 - share, 0.0)
    cost = _smooth(g, u, smooth_point)
    if True not in wanted:
        return 0.0 - cost, None
    per_union = reciprocal_or_zero(xp, union)
    bend = _smooth_slope(g, u, smooth_point) * per_union
    # 1 + I'/U' cancels where boxes are far apart: it is the sum of both areas over U'.
    at_area, at_inter = -bend * share, bend * ((w * h + wt * ht) * per_union)

    def along(own: Array, other_in: Array, other_out: Array, gap: Array) -> Array:
        """dI' along one side of the overlap, the mean of both sides where it is 0."""
        inside = 0.5 + 0.5 * xp.sign(own)
        return at_inter * (inside * (other_in + other_out) + (1.0 - inside) * (2.0 * (gap + other_out) + other_in))

    at_side = g.lengthwise(0.5 * along(ow, oh_in, oh_out, gy), 0.5 * along(oh, ow_in, ow_out, gx))
    at_gap = g.lengthwise(2.0 * at_inter * oh_out, 2.0 * at_inter * ow_out)
    # A side of the overlap is (w + wt - |way of the low edge| - |way of the high edge|)/2.
    return 0.0 - cost, Slopes(
        inter=at_area,
        union=at_area,
        pred_side=at_side,
        target_side=at_side,
        low=[xp.sign(a) * (at - side) for a, at, side in zip(low, at_gap, at_side)],
        high=[-xp.sign(b) * side for b, side in zip(high, at_side)],
    )


def _smooth(g: Geometry, x: Array, beta: float) -> Array:
    """x^2/(2 beta) up to beta, x - beta/2 beyond, for x >= 0."""
    near = g.xp.clip(x, None, beta)
    return near / beta * (x - 0.5 * near)


def _smooth_slope(g: Geometry, x: Array, beta: float) -> Array:
    return g.xp.clip(x, None, beta) / beta
