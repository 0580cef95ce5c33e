"""In what is for boxes."""

from __future__ import annotations

from .fault import Fault

FAULTS = (
    Fault(
        "CIoU = DIoU + alpha v",
        "measures/formulas.py",
        "value = value - penalty",
        "value = value + penalty",
        ("ciou", "ciou_loss"),
    ),
    Fault(
        "v with its factor squared, (4/pi^2)^2",
        "measures/formulas.py",
        "v = (4.0 / math.pi**2) * (angle * angle)",
        "v = (4.0 / math.pi**2) ** 2 * (angle * angle)",
        ("ciou", "ciou_loss"),
    ),
    Fault(
        "alpha not held constant for the gradient",
        "measures/formulas.py",
        "d_angle = (8.0 / math.pi**2) * (alpha * angle)",
        "d_angle = (8.0 / math.pi**2) * (alpha * (2.0 - alpha) * angle)",
        ("ciou_loss",),
    ),
    Fault(
        "gate at IoU >= 0.5 instead of IoU > 0.5",
        "measures/formulas.py",
        "g.iou > gate",
        "g.iou >= gate",
        ("ciou_loss",),
    ),
    Fault(
        "GIoU with the hull less the intersection",
        "measures/formulas.py",
        "(some_hull - g.union) / some_hull",
        "(some_hull - g.inter) / some_hull",
        ("giou", "giou_loss"),
    ),
    Fault(
        "squared distance of the centres over half the squared diagonal",
        "measures/formulas.py",
        "distance = 0.25 * g.sum",
        "distance = 0.5 * g.sum",
        ("diou", "eiou"),
    ),
    Fault(
        "slope of the centres' distance with the wrong sign",
        "measures/formulas.py",
        "-0.5 * per_c2",
        "0.5 * per_c2",
        ("diou_loss",),
    ),
    Fault(
        "EIoU with the hull's sides exchanged",
        "measures/formulas.py",
        "for side in hull]\n    differences",
        "for side in g.lengthwise(*g.both(hull)[::-1])]\n    differences",
        ("eiou", "focal_eiou_loss"),
    ),
    Fault(
        "CDIoU with one corner taken twice",
        "measures/formulas.py",
        "xp.sqrt(x2 + y1)",
        "xp.sqrt(x2 + y2)",
        ("cdiou_loss",),
    ),
    Fault(
        "all of a tie's slope to the one box",
        "measures/_geometry.py",
        "[xp.sign(way) * d for way, d in zip(low_way, difference)]",
        "[xp.where(way < 0.0, -1.0, 1.0) * d for way, d in zip(low_way, difference)]",
        ("iou", "giou"),
    ),
    Fault(
        "inverted boxes taken as they are",
        "measures/_geometry.py",
        "self.high = [g.xp.maximum(a, b) for a, b in zip(low, given)]",
        "self.high = list(given)",
        ("giou", "diou_loss"),
    ),
    Fault(
        "the target's shift with the prediction's sign",
        "measures/_geometry.py",
        "low = low - shift_low[k] if sign > 0 else low + shift_low[k]",
        "low = low - shift_low[k]",
        ("diou_loss",),
    ),
    Fault(
        "the logarithm's slope beyond its cap",
        "losses/boxes.py",
        "g.xp.where(m > SMALLEST_IOU, 1.0 / bounded, 0.0)",
        "1.0 / bounded",
        ("iou_loss",),
    ),
    Fault(
        "the logarithm without its cap",
        "losses/boxes.py",
        "g.xp.clip(m, SMALLEST_IOU, None)",
        "m",
        ("iou_loss",),
    ),
)
