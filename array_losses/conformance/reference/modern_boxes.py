"""Later losses of one pair of axis-aligned boxes: prediction and target, each as its four coordinates.

Kinks have half of each side's slope; a square root, a power below 1 and a clipped number have slope 0 where they end.

References
----------
SIoU, arXiv:2205.12740. Alpha-IoU, arXiv:2110.13675. Wise-IoU, arXiv:2301.10051. MPDIoU, arXiv:2307.07662. Inner-IoU,
arXiv:2311.02877. Focaler-IoU, arXiv:2401.10525. Shape-IoU, arXiv:2312.17663. Powerful-IoU, Neural Networks 170 (2024).
NWD, arXiv:2110.13389. Bounded IoU, arXiv:1711.00164. Extended IoU, DOI 10.1007/s11633-022-1423-y. Unified-IoU,
arXiv:2408.06636.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..dual import (
    MP,
    Dual,
    absolute,
    constant,
    coordinates,
    exp,
    expm1,
    larger,
    positive_part,
    power,
    ratio,
    smaller,
    sqrt,
    square,
)
from . import boxes as plain
from .batches import Batch
from .boxes import Box, Corners, boxes

Number = float | int
ANYTHING = math.inf
"""The scale at which any finite number will do."""
NEAR = 1e-6
"""How near to a kink or a jump, relative to the largest number, rounding may decide on which side of it a row is."""


def _ways(p: Box, t: Box) -> tuple[Dual, Dual]:
    """From the target's centre to the prediction's."""
    return (p.x1 + p.x2 - t.x1 - t.x2) * 0.5, (p.y1 + p.y2 - t.y1 - t.y2) * 0.5


def _unlike(side: Dual, other: Dual) -> Dual:
    """The difference of two sides, in units of the larger one; 0 where both are 0."""
    return ratio(absolute(side - other), larger(side, other))


def _smooth(x: Dual, beta: Number) -> Dual:
    """x^2 / (2 beta) below beta, x - beta/2 from there on."""
    found: Dual = square(x) / (2 * MP.mpf(beta)) if x.value < beta else x - MP.mpf(beta) / 2
    return found


# Measures -------------------------------------------------------------------------------------------------------------


def ioa(pred: Corners, target: Corners) -> Dual:
    """I / area of the target."""
    p, t = boxes(pred, target)
    return ratio(plain.intersection(p, t), t.width * t.height)


def iof(pred: Corners, target: Corners) -> Dual:
    """I / area of the prediction."""
    p, t = boxes(pred, target)
    return ratio(plain.intersection(p, t), p.width * p.height)


# Losses with a term of their own --------------------------------------------------------------------------------------


def siou_loss(pred: Corners, target: Corners, theta: Number = 4.0) -> Dual:
    """1 - IoU + (Delta + Omega) / 2, with the angle's cost in the exponent of the distance's."""
    p, t = boxes(pred, target)
    dx, dy = _ways(p, t)
    angle = ratio(2 * absolute(dx * dy), square(dx) + square(dy))
    distance, shape = Dual(0), Dual(0)
    for way, side in zip((dx, dy), plain.hull_sides(p, t), strict=True):
        distance -= expm1(-((2 - angle) * square(ratio(way, side))))
    for side, other in ((p.width, t.width), (p.height, t.height)):
        shape += power(-expm1(-_unlike(side, other)), theta)
    return 1 - plain.iou(pred, target) + (distance + shape) * 0.5


def mpdiou_loss(pred: Corners, target: Corners, image_size: tuple[Number, Number]) -> Dual:
    """1 - IoU + (d1^2 + d2^2) / (H^2 + W^2)."""
    p, t = boxes(pred, target)
    between = square(p.x1 - t.x1) + square(p.y1 - t.y1) + square(p.x2 - t.x2) + square(p.y2 - t.y2)
    height, width = (MP.mpf(side) for side in image_size)
    found: Dual = 1 - plain.iou(pred, target) + between / (height**2 + width**2)
    return found


def shape_iou_loss(pred: Corners, target: Corners, scale: Number = 0.0) -> Dual:
    """1 - IoU + (hh dx^2 + ww dy^2) / c^2 + (sum of (1 - exp(-omega))^4) / 2, weighed by the target's shape."""
    p, t = boxes(pred, target)
    ww = _weight(t.width, t.height, scale)
    hh = 2 - ww
    dx, dy = _ways(p, t)
    distance = ratio(hh * square(dx) + ww * square(dy), plain.diagonal2(p, t))
    wide, tall = hh * _unlike(p.width, t.width), ww * _unlike(p.height, t.height)
    shape = power(-expm1(-wide), 4) + power(-expm1(-tall), 4)
    return 1 - plain.iou(pred, target) + distance + shape * 0.5


def _weight(width: Dual, height: Dual, scale: Number) -> Dual:
    """2 w^s / (w^s + h^s); the limit, a constant, where a side is 0."""
    if scale == 0 or (width.value == 0 and height.value == 0):
        return Dual(1)
    if width.value == 0 or height.value == 0:
        return Dual(0 if width.value == 0 else 2)
    wide, tall = power(width, scale), power(height, scale)
    return 2 * wide / (wide + tall)


def powerful_iou_loss(pred: Corners, target: Corners, version: int = 2, lam: Number = 1.3) -> Dual:
    """L = 2 - IoU - exp(-P^2), P the edges' mean distance in units of the target's sides; times 3 q exp(-q^2)."""
    p, t = boxes(pred, target)
    edges = (p.x1 - t.x1, t.width), (p.x2 - t.x2, t.width), (p.y1 - t.y1, t.height), (p.y2 - t.y2, t.height)
    penalty = Dual(0)
    for way, side in edges:
        penalty += ratio(absolute(way), side) * 0.25
    loss = 1 - plain.iou(pred, target) - expm1(-square(penalty))
    if version == 1:
        return loss
    q = MP.mpf(lam) * exp(-penalty)
    found: Dual = 3 * q * exp(-square(q)) * loss
    return found


def nwd_loss(pred: Corners, target: Corners, constant: Number = 12.8) -> Dual:
    """1 - exp(-W / C), W the Wasserstein distance of normal distributions with deviations w/2 and h/2."""
    p, t = boxes(pred, target)
    sides = square(p.width - t.width) + square(p.height - t.height)
    return -expm1(-(sqrt(plain.centre_distance2(p, t) + sides * 0.25) / MP.mpf(constant)))


def bounded_iou_loss(pred: Corners, target: Corners, beta: Number = 0.2) -> Dual:
    """One minus the largest IoU with each of centre and sides as they are and all else as the target, smoothed.

    It jumps where the centre of a target without a side is left: anything, by a rounding.
    """
    p, t = boxes(pred, target)
    near = NEAR * max(abs(x.value) for x in (*p, *t))
    found = Dual(0)
    for way, side, other in zip(_ways(p, t), (p.width, p.height), (t.width, t.height), strict=True):
        if other.value == 0 < abs(way.value) < near:
            return Dual(0, terms=MP.mpf(ANYTHING))
        apart = 2 * absolute(way)
        shifted = ratio(larger(other - apart, Dual(0)), other + apart, otherwise=1)
        found += _smooth(1 - shifted, beta)
        stretched = ratio(smaller(side, other), larger(side, other), otherwise=1)
        found += _smooth(1 - stretched, beta)
    return found


def extended_iou_loss(pred: Corners, target: Corners, smooth_point: Number = 0.1) -> Dual:
    """1 - IoU, smoothed, with an intersection that is negative for boxes apart.

    With overlaps ox, oy that are negative between boxes apart, ox- and oy- their negative parts, and gx, gy the
    distances of the low edges: ox oy + 2 gy ox- + 2 gx oy- + ox- oy-.
    """
    p, t = boxes(pred, target)
    ox, oy = smaller(p.x2, t.x2) - larger(p.x1, t.x1), smaller(p.y2, t.y2) - larger(p.y1, t.y1)
    gx, gy = absolute(p.x1 - t.x1), absolute(p.y1 - t.y1)
    less_x, less_y = smaller(ox, Dual(0)), smaller(oy, Dual(0))
    inter = ox * oy + 2 * gy * less_x + 2 * gx * less_y + less_x * less_y
    return _smooth(1 - ratio(inter, p.width * p.height + t.width * t.height - inter), smooth_point)


# Losses made of others ------------------------------------------------------------------------------------------------

LOSSES: dict[str, Callable[..., Dual]] = {
    "iou": plain.iou_loss,
    "giou": plain.giou_loss,
    "diou": plain.diou_loss,
    "ciou": plain.ciou_loss,
    "eiou": plain.eiou_loss,
    "siou": siou_loss,
}


def alpha_iou_loss(pred: Corners, target: Corners, alpha: Number = 3.0, base: str = "iou") -> Dual:
    """1 - IoU^a and each of the base's further terms to the same power; CIoU's own weight is a constant."""
    p, t = boxes(pred, target)
    overlap = plain.iou(pred, target)
    found = 1 - power(overlap, alpha)
    if base == "giou":
        across, down = plain.hull_sides(p, t)
        found += power(1 - ratio(plain.union(p, t), across * down, otherwise=1), alpha)
    if base in ("diou", "ciou"):
        found += power(ratio(plain.centre_distance2(p, t), plain.diagonal2(p, t)), alpha)
    if base == "ciou":
        v = plain.aspect(p, t)
        found += power(ratio(constant(v), constant(1 - overlap + v)) * v, alpha)
    return found


def _scaled(box: Box, factor: Number) -> Box:
    """The box with other sides about its own centre."""
    half = MP.mpf(factor) / 2
    x, y = (box.x1 + box.x2) * 0.5, (box.y1 + box.y2) * 0.5
    across, down = box.width * half, box.height * half
    return Box(x - across, y - down, x + across, y + down)


def _inner(pred: Corners, target: Corners, factor: Number) -> Dual:
    if factor == 1:
        return plain.iou(pred, target)
    p, t = boxes(pred, target)
    return plain.iou(_scaled(p, factor), _scaled(t, factor))


def inner_iou_loss(pred: Corners, target: Corners, ratio: Number, base: str = "iou") -> Dual:
    """The base loss with the IoU of scaled boxes in place of its own; its other terms are of the boxes themselves."""
    return LOSSES[base](pred, target) + plain.iou(pred, target) - _inner(pred, target, ratio)


def focaler_iou_loss(
    pred: Corners, target: Corners, low: Number = 0.0, high: Number = 0.95, ratio: Number = 1.0, base: str = "iou"
) -> Dual:
    """The base loss with its IoU (that of scaled boxes) stretched from [low, high] to [0, 1]."""
    overlap = _inner(pred, target, ratio)
    stretched = (overlap - MP.mpf(low)) / (MP.mpf(high) - MP.mpf(low))
    stretched = positive_part(stretched) if stretched.value < 1 else Dual(1)
    return LOSSES[base](pred, target) + plain.iou(pred, target) - stretched


def unified_iou_loss(pred: Corners, target: Corners, ratio: Number, base: str = "ciou") -> Dual:
    """The base loss of the scaled boxes."""
    p, t = boxes(pred, target)
    if ratio == 1:
        return LOSSES[base](p, t)
    return LOSSES[base](_scaled(p, ratio), _scaled(t, ratio))


def wise_iou_loss(
    pred: Sequence[Corners],
    target: Sequence[Corners],
    mean: Any,
    *,
    version: int = 3,
    momentum: Number = 0.01,
    gamma: Number = 0.5,
    alpha: Number = 1.9,
    delta: Number = 3.0,
) -> Batch:
    """exp(rho^2 / c^2) (1 - IoU), c a constant; times a weight of how far 1 - IoU is from its running mean."""
    losses = [1 - plain.iou(p, t) for p, t in zip(pred, target, strict=True)]
    before, alpha, delta, step = MP.mpf(mean), MP.mpf(alpha), MP.mpf(delta), MP.mpf(momentum)
    rows = []
    for given, other, loss in zip(pred, target, losses, strict=True):
        p, t = boxes(given, other)
        beta = constant(loss).value / before if before > 0 else MP.mpf(0)
        weight = {
            1: lambda b: MP.mpf(1),
            2: lambda b: MP.power(b, MP.mpf(gamma)),
            3: lambda b: b / (delta * MP.power(alpha, b - delta)),
        }[version](beta)
        attention = exp(ratio(plain.centre_distance2(p, t), constant(plain.diagonal2(p, t))))
        rows.append(Dual(weight) * attention * loss)
    after = before
    if losses:
        after = (1 - step) * before + step * MP.fsum(loss.value for loss in losses) / len(losses)
    return Batch(rows, [1] * len(rows), after)


def least_slope(pred: Sequence[float], target: Sequence[float], ratio: Number = 1, centred: bool = False) -> float:
    """The slope that the scale of a row's slopes is at least: 1/c, the slope of a measure that changes by one over the
    diagonal of the hull; anything where rounding may decide on which side of a kink a row is.

    Scaled boxes have kinks where edges meet; `centred` losses, where centres lie in line or sides are equal.
    """
    p, t = boxes(coordinates(pred), coordinates(target))
    near = NEAR * max(abs(x) for x in (*pred, *target))
    differences = (*_ways(p, t), p.width - t.width, p.height - t.height)
    if centred and any(0 < abs(d.value) < near for d in differences):
        return ANYTHING
    if ratio != 1:
        p, t = _scaled(p, ratio), _scaled(t, ratio)
        for own, other in (((p.x1, p.x2), (t.x1, t.x2)), ((p.y1, p.y2), (t.y1, t.y2))):
            gaps = [abs(a.value - b.value) for a in own for b in other]
            if min(gaps) < near and not gaps[0] == gaps[3] == 0:
                return ANYTHING
    diagonal = MP.sqrt(plain.diagonal2(p, t).value)
    return float(1 / diagonal) if diagonal else 0.0


ROWS: dict[str, Callable[..., Dual]] = {
    "ioa": ioa,
    "iof": iof,
    "siou_loss": siou_loss,
    "alpha_iou_loss": alpha_iou_loss,
    "mpdiou_loss": mpdiou_loss,
    "inner_iou_loss": inner_iou_loss,
    "focaler_iou_loss": focaler_iou_loss,
    "shape_iou_loss": shape_iou_loss,
    "powerful_iou_loss": powerful_iou_loss,
    "nwd_loss": nwd_loss,
    "bounded_iou_loss": bounded_iou_loss,
    "extended_iou_loss": extended_iou_loss,
    "unified_iou_loss": unified_iou_loss,
}
BATCHES: dict[str, Callable[..., Batch]] = {"wise_iou_loss": wise_iou_loss}
