"""Ideas that compose with any member of the IoU family: another overlap in place of the IoU, boxes about their centres
by a ratio, each term to a power, and a weight that follows how good the pair is beside all others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .._array import Array, Namespace
from .._numerics import denominator, power
from . import formulas, formulas_sides
from ._geometry import Corners, Geometry, Slopes, Wanted, along_edges, boxes_of, to_corners
from .formulas import Formula

MEMBERS: dict[str, Formula] = {
    "iou": formulas.iou,
    "giou": formulas.giou,
    "diou": formulas.diou,
    "ciou": formulas.ciou,
    "eiou": formulas.eiou,
    "siou": formulas_sides.siou,
}
TERMS = ("iou", "giou", "diou", "ciou")
"""Those that are the IoU and penalties that have a power of their own."""


def rescaled_kernel(
    xp: Namespace, boxes: Sequence[Array], wanted: Wanted, ratio: float, base: str
) -> tuple[Array, list[Array | None]]:
    """1 - base of both boxes with their sides times a ratio, about their centres."""
    g = Geometry(xp, *boxes)
    scaled = g.rescaled(ratio)
    m, slopes = MEMBERS[base](scaled, wanted)
    return 1.0 - m, [None, None] if slopes is None else boxes_of(g, along_edges(scaled, slopes, None, wanted))


def overlap_kernel(
    xp: Namespace, boxes: Sequence[Array], wanted: Wanted, base: str, ratio: float, low: float, high: float
) -> tuple[Array, list[Array | None]]:
    """1 - base + IoU - overlap; the overlap is the IoU of boxes by a ratio, stretched from [low, high] to [0, 1]."""
    g = Geometry(xp, *boxes)
    scaled = g if ratio == 1.0 else g.rescaled(ratio)
    overlap, at_iou = _stretch(scaled, low, high)
    _, inner = formulas.iou(scaled, wanted)
    if inner is not None:
        inner = Slopes(inter=inner.inter * at_iou, union=inner.union * at_iou)
    if base == "iou":
        return 1.0 - overlap, [None, None] if inner is None else boxes_of(g, along_edges(scaled, inner, None, wanted))
    m, slopes = MEMBERS[base](g, wanted)
    value = 1.0 - (m + (overlap - g.iou))
    if slopes is None or inner is None:
        return value, [None, None]
    per_union = xp.reciprocal(g.union)
    slopes = slopes._replace(inter=slopes.inter - per_union, union=slopes.union + g.iou * per_union)
    if ratio == 1.0:
        slopes = slopes._replace(inter=slopes.inter + inner.inter, union=slopes.union + inner.union)
        return value, to_corners(g, slopes, None, wanted)
    both = zip(along_edges(g, slopes, None, wanted), along_edges(scaled, inner, None, wanted))
    return value, boxes_of(g, [_added(first, second) for first, second in both])


def _added(first: Corners, second: Corners) -> Corners:
    if first is None or second is None:
        return None
    low, high = [[a + b for a, b in zip(x, y)] for x, y in zip(first, second)]
    return low, high


def _stretch(g: Geometry, low: float, high: float) -> tuple[Array, Array | float]:
    """The IoU from [low, high] to [0, 1], and its derivative, 0 at both ends."""
    if low == 0.0 and high == 1.0:
        return g.iou, 1.0
    xp, width = g.xp, high - low
    inside = xp.logical_and(g.iou > low, g.iou < high)
    at_iou = xp.where(inside, xp.full_like(g.iou, 1.0 / width), xp.zeros_like(g.iou))
    return xp.clip((g.iou - low) / width, 0.0, 1.0), at_iou


# Each term to a power -------------------------------------------------------------------------------------------------


def raised(g: Geometry, wanted: Wanted, base: str, alpha: float) -> tuple[Array, Slopes | None]:
    """(I/U)^alpha less each penalty to the power of alpha."""
    xp = g.xp
    inner, slopes = formulas.iou(g, wanted)
    value = power(xp, inner, alpha)
    if slopes is not None:
        rate = _rate(g, inner, alpha)
        slopes = Slopes(inter=slopes.inter * rate, union=slopes.union * rate)
    if base == "iou":
        return value, slopes
    _, more = (formulas.giou if base == "giou" else formulas.diou)(g, wanted)
    penalty = formulas.empty_share(g) if base == "giou" else formulas.centre_distance(g)
    value = value - power(xp, penalty, alpha)
    shape, turn = None, None
    if base == "ciou":
        shape, turn = formulas.aspect_penalty(g, wanted)
        value = value - power(xp, shape, alpha)
    if slopes is None or more is None:
        return value, None
    rate = _rate(g, penalty, alpha)
    union = slopes.union
    if base == "giou":
        # The slopes of GIoU along the union are those of the IoU and 1/C.
        union = union + rate * (more.union + g.iou * more.inter)
    found = Slopes(
        inter=slopes.inter,
        union=union,
        half_hull=None if more.half_hull is None else [rate * s for s in more.half_hull],
        offset=None if more.offset is None else [rate * s for s in more.offset],
    )
    if shape is None or turn is None:
        return value, found
    rate = _rate(g, shape, alpha)
    sides = [None if side is None else [rate * s for s in side] for side in turn]
    return value, found._replace(pred_side=sides[0], target_side=sides[1])


def _rate(g: Geometry, x: Array, alpha: float) -> Array:
    """The derivative of x^alpha, 0 at 0 where it is not finite there."""
    if alpha >= 1.0:
        return alpha * power(g.xp, x, alpha - 1.0)
    some = x > 0.0
    return alpha * g.xp.where(some, power(g.xp, x, alpha) / denominator(g.xp, x), g.xp.zeros_like(x))


# A weight that follows the running mean -------------------------------------------------------------------------------


def wise_kernel(
    xp: Namespace,
    arrays: Sequence[Array],
    wanted: Wanted,
    version: int,
    gamma: float,
    alpha: float,
    delta: float,
) -> tuple[Array, list[Array | None]]:
    """e^(rho^2/c^2) (1 - I/U), c constant, times a weight of how (1 - I/U) compares with its mean, constant too."""
    pred, target, mean = arrays
    g = Geometry(xp, pred, target)
    per_c2 = xp.reciprocal(denominator(xp, g.sum([side * side for side in g.hull()])))
    low, high = g.ways()
    offset = [a + b for a, b in zip(low, high)]
    attention = xp.exp(0.25 * g.sum([d * d for d in offset]) * per_c2)
    miss = 1.0 - g.iou
    if version > 1:
        outlier = miss / denominator(xp, mean)
        if version == 2:
            weight = power(xp, outlier, gamma)
        else:
            weight = outlier / delta * xp.exp((delta - outlier) * math.log(alpha))
        attention = attention * weight
    cost = attention * miss
    _, slopes = formulas.iou(g, wanted)
    if slopes is None:
        return cost, [None, None, None]
    pull = -0.5 * cost * per_c2
    slopes = Slopes(inter=slopes.inter * attention, union=slopes.union * attention, offset=[pull * d for d in offset])
    return cost, [*to_corners(g, slopes, None, wanted[:2]), None]
