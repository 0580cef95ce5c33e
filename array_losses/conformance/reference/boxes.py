"""Measures and losses of one pair of boxes: prediction and target, each as its four coordinates.

References
----------
UnitBox, arXiv:1608.01471 (IoU and its logarithm). GIoU, arXiv:1902.09630. DIoU and CIoU, arXiv:1911.08287.
EIoU and Focal-EIoU, arXiv:2101.08158. CDIoU, arXiv:2103.11696.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..dual import MP, Dual, angle, constant, larger, log, positive_part, ratio, smaller, sqrt, square, total

Corners = Sequence[Dual]


class Box(NamedTuple):
    x1: Dual
    y1: Dual
    x2: Dual
    y2: Dual

    @property
    def width(self) -> Dual:
        return self.x2 - self.x1

    @property
    def height(self) -> Dual:
        return self.y2 - self.y1


def boxes(pred: Corners, target: Corners) -> tuple[Box, Box]:
    """Both boxes; one whose far edge lies before its near edge is empty: it ends where it begins."""
    return _box(*pred), _box(*target)


def _box(x1: Dual, y1: Dual, x2: Dual, y2: Dual) -> Box:
    return Box(x1, y1, x1 if x2.value < x1.value else x2, y1 if y2.value < y1.value else y2)


# Quantities of the papers ---------------------------------------------------------------------------------------------


def intersection(p: Box, t: Box) -> Dual:
    across = positive_part(smaller(p.x2, t.x2) - larger(p.x1, t.x1))
    down = positive_part(smaller(p.y2, t.y2) - larger(p.y1, t.y1))
    return across * down


def union(p: Box, t: Box) -> Dual:
    return p.width * p.height + t.width * t.height - intersection(p, t)


def hull_sides(p: Box, t: Box) -> tuple[Dual, Dual]:
    return larger(p.x2, t.x2) - smaller(p.x1, t.x1), larger(p.y2, t.y2) - smaller(p.y1, t.y1)


def diagonal2(p: Box, t: Box) -> Dual:
    """c^2: the squared diagonal of the hull."""
    across, down = hull_sides(p, t)
    return square(across) + square(down)


def centre_distance2(p: Box, t: Box) -> Dual:
    """rho^2: the squared distance of the centres."""
    across = (p.x1 + p.x2) * 0.5 - (t.x1 + t.x2) * 0.5
    down = (p.y1 + p.y2) * 0.5 - (t.y1 + t.y2) * 0.5
    return square(across) + square(down)


def aspect(p: Box, t: Box) -> Dual:
    """v = 4 / pi^2 * (atan(w_t / h_t) - atan(w_p / h_p))^2, both angles by atan2.

    A box without sides has no shape: v is 0 with slope 0 then.
    """
    if any(box.width.value == 0 and box.height.value == 0 for box in (p, t)):
        return Dual(0)
    return Dual(4 / MP.pi**2) * square(angle(t.width, t.height) - angle(p.width, p.height))


# Measures -------------------------------------------------------------------------------------------------------------


def iou(pred: Corners, target: Corners) -> Dual:
    """I / U; 0 for two boxes without area."""
    p, t = boxes(pred, target)
    return ratio(intersection(p, t), union(p, t))


def giou(pred: Corners, target: Corners) -> Dual:
    """IoU - (C - U) / C."""
    p, t = boxes(pred, target)
    across, down = hull_sides(p, t)
    return iou(pred, target) - (1 - ratio(union(p, t), across * down, otherwise=1))


def diou(pred: Corners, target: Corners) -> Dual:
    """IoU - rho^2 / c^2."""
    p, t = boxes(pred, target)
    return iou(pred, target) - ratio(centre_distance2(p, t), diagonal2(p, t))


def ciou(pred: Corners, target: Corners, gate: float | None = None) -> Dual:
    """DIoU - alpha v with alpha = v / (1 - IoU + v), a constant for the gradient; counted only where IoU > gate."""
    overlap = iou(pred, target)
    if gate is not None and not overlap.value > gate:
        return diou(pred, target)
    v = aspect(*boxes(pred, target))
    alpha = ratio(constant(v), constant(1 - overlap + v))
    return diou(pred, target) - alpha * v


def eiou(pred: Corners, target: Corners) -> Dual:
    """DIoU - (w_p - w_t)^2 / Cw^2 - (h_p - h_t)^2 / Ch^2."""
    p, t = boxes(pred, target)
    across, down = hull_sides(p, t)
    wide = ratio(square(p.width - t.width), square(across))
    tall = ratio(square(p.height - t.height), square(down))
    return diou(pred, target) - wide - tall


# Losses ---------------------------------------------------------------------------------------------------------------


def iou_loss(pred: Corners, target: Corners, form: str = "linear") -> Dual:
    """1 - IoU, -ln(IoU) capped at IoU = 1e-6 (slope 0 there), or 1 - IoU^2."""
    overlap = iou(pred, target)
    if form == "log":
        cap = MP.mpf("1e-6")
        return 0 - (log(overlap) if overlap.value > cap else Dual(MP.log(cap)))
    return 1 - (square(overlap) if form == "square" else overlap)


def giou_loss(pred: Corners, target: Corners) -> Dual:
    return 1 - giou(pred, target)


def diou_loss(pred: Corners, target: Corners) -> Dual:
    return 1 - diou(pred, target)


def ciou_loss(pred: Corners, target: Corners, gate: float | None = None) -> Dual:
    return 1 - ciou(pred, target, gate)


def eiou_loss(pred: Corners, target: Corners) -> Dual:
    return 1 - eiou(pred, target)


def focal_eiou_loss(pred: Corners, target: Corners, gamma: float = 0.5) -> Dual:
    """IoU^gamma (1 - EIoU); the weight is a constant for the gradient."""
    weight = MP.power(constant(iou(pred, target)).value, gamma)
    return Dual(weight) * eiou_loss(pred, target)


def cdiou_loss(pred: Corners, target: Corners, base: str = "iou") -> Dual:
    """1 - base, plus the mean distance of the four corresponding corners over the diagonal of the hull."""
    p, t = boxes(pred, target)
    pairs = [(pick_x, pick_y) for pick_x in ("x1", "x2") for pick_y in ("y1", "y2")]
    distances = [sqrt(square(getattr(p, x) - getattr(t, x)) + square(getattr(p, y) - getattr(t, y))) for x, y in pairs]
    return 1 - MEASURES[base](pred, target) + ratio(total(distances), 4 * sqrt(diagonal2(p, t)))


MEASURES: dict[str, Callable[..., Dual]] = {"iou": iou, "giou": giou, "diou": diou, "ciou": ciou, "eiou": eiou}
ROWS: dict[str, Callable[..., Dual]] = MEASURES | {
    "iou_loss": iou_loss,
    "giou_loss": giou_loss,
    "diou_loss": diou_loss,
    "ciou_loss": ciou_loss,
    "eiou_loss": eiou_loss,
    "focal_eiou_loss": focal_eiou_loss,
    "cdiou_loss": cdiou_loss,
}
