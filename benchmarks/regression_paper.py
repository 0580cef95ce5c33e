"""The gradients of the DIoU paper's simulation, as its authors wrote them by hand, for comparison with exact ones.

They are no derivatives of the formulas. What differs, and what it does:

* Sides get the difference of the slopes of two opposite edges, not half of it: they change twice as fast.
* Where boxes do not overlap, the product of two negative sides counts as an intersection of GIoU's union.
* DIoU's slopes along x and y subtract what the hull contributes instead of adding it, and take the change of its width
  for that of its height and the other way round: far boxes come near several times as fast.
* A prediction around its target counts as shrinking the hull as it grows.
* CIoU's slopes of the angles lack the factor 1/(w^2 + h^2).
"""

from __future__ import annotations

import math
from typing import Any

NAMES = ("iou", "giou", "diou", "ciou")


def gradient(name: str, xp: Any, boxes: Any, goals: Any) -> Any:
    """The slopes of the measure along (x, y, w, h)."""
    x, y, w, h = (boxes[:, i] for i in range(4))
    gx, gy, gw, gh = (goals[:, i] for i in range(4))
    low, high = (x - w / 2, y - h / 2), (x + w / 2, y + h / 2)
    glow, ghigh = (gx - gw / 2, gy - gh / 2), (gx + gw / 2, gy + gh / 2)
    side = [xp.minimum(b, d) - xp.maximum(a, c) for a, b, c, d in zip(low, high, glow, ghigh)]
    across, zero = (side[1], side[0]), xp.zeros_like(x)
    inter = side[0] * side[1]
    union = w * h + gw * gh - inter
    overlapping = xp.logical_and(side[0] > 0, side[1] > 0)

    at_low: list[Any] = []
    at_high: list[Any] = []
    hull = [xp.maximum(b, d) - xp.minimum(a, c) for a, b, c, d in zip(low, high, glow, ghigh)]
    area = hull[0] * hull[1]
    for i, own in enumerate((h, w)):
        inner = xp.where(low[i] > glow[i], -across[i], zero), xp.where(high[i] < ghigh[i], across[i], zero)
        whole = -own - inner[0], own - inner[1]
        outer = xp.where(low[i] < glow[i], -hull[1 - i], zero), xp.where(high[i] > ghigh[i], hull[1 - i], zero)
        for k, found in enumerate((at_low, at_high)):
            slope = xp.where(overlapping, (union * inner[k] - inter * whole[k]) / union**2, zero)
            if name == "giou":
                slope = slope + (area * whole[k] - union * outer[k]) / area**2
            found.append(slope)
    slopes = [a + b for a, b in zip(at_low, at_high)] + [b - a for a, b in zip(at_low, at_high)]
    if name in ("diou", "ciou"):
        slopes = [a + b for a, b in zip(slopes, _distance(xp, boxes, goals, low, high, glow, ghigh, hull))]
    if name == "ciou":
        iou = xp.where(overlapping, inter / union, zero)
        angle = xp.atan2(gw, gh) - xp.atan2(w, h)
        v = 4 / math.pi**2 * angle**2
        pull = 8 / math.pi**2 * angle * v / (1 - iou + v + 1e-7)
        slopes = [slopes[0], slopes[1], slopes[2] + pull * h, slopes[3] - pull * w]
    return xp.stack(slopes, axis=-1)


def _distance(
    xp: Any, boxes: Any, goals: Any, low: Any, high: Any, glow: Any, ghigh: Any, hull: Any
) -> tuple[Any, Any, Any, Any]:
    diagonal2 = hull[0] ** 2 + hull[1] ** 2
    way = [goals[:, i] - boxes[:, i] for i in (0, 1)]
    distance2 = way[0] ** 2 + way[1] ** 2
    zero = xp.zeros_like(distance2)
    moved, grown = [], []
    for i in (0, 1):
        over_low, over_high = low[i] < glow[i], high[i] > ghigh[i]
        moved.append(xp.where(over_high, zero + 1, zero) - xp.where(over_low, zero + 1, zero))
        part = xp.where(over_high, zero + 0.5, zero) + xp.where(over_low, zero + 0.5, zero)
        grown.append((part, xp.where(part == 1, -part, part)))
    # Width and height of the hull are taken to change alike.
    sum_ = 2 * (hull[0] + hull[1])
    x, y = ((2 * way[i] * diagonal2 - sum_ * moved[i] * distance2) / diagonal2**2 for i in (0, 1))
    w, h = (2 * (hull[i] * grown[i][1] + hull[1 - i] * grown[i][0]) * distance2 / diagonal2**2 for i in (0, 1))
    return x, y, w, h
