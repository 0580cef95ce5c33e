"""In later losses of axis-aligned boxes: what copies of them that circulate have wrong, among others."""

from __future__ import annotations

from .fault import Fault

SIDES, COMPOSED, IDEAS = "measures/formulas_sides.py", "measures/_composed.py", "losses/box_ideas.py"

FAULTS = (
    Fault(
        "SIoU that rewards distance",
        SIDES,
        "faded = [xp.expm1(-gamma * q) for q in squares]",
        "faded = [xp.expm1(gamma * q) for q in squares]",
        ("siou_loss",),
    ),
    Fault(
        "SIoU with a charge for centres on a diagonal",
        SIDES,
        "gamma = 2.0 - 2.0 * x * y",
        "gamma = 2.0 + 2.0 * x * y",
        ("siou_loss",),
    ),
    Fault(
        "Wise-IoU with a gradient through the hull",
        COMPOSED,
        "offset=[pull * d for d in offset])\n    return cost",
        "offset=[pull * d for d in offset], half_hull=["
        "0.25 * cost * g.sum([d * d for d in offset]) * per_c2 * per_c2 * side for side in g.hull()])\n    return cost",
        ("wise_iou_loss",),
    ),
    Fault(
        "Wise-IoU without its running mean",
        COMPOSED,
        "outlier = miss / denominator(xp, mean)",
        "outlier = miss",
        ("wise_iou_loss",),
    ),
    Fault(
        "a running mean that forgets",
        IDEAS,
        "mean + share * (now - mean)",
        "mean + share * now",
        ("wise_iou_loss",),
    ),
    Fault(
        "MPDIoU over height times width",
        "losses/box_sides.py",
        "sum(side * side for side in _check.size(",
        "sum(0.5 * image_size[0] * image_size[1] for side in _check.size(",
        ("mpdiou_loss",),
    ),
    Fault(
        "Extended IoU without the distance across",
        SIDES,
        "ow_out * (2.0 * gy + oh_in)",
        "ow_out * oh_in",
        ("extended_iou_loss",),
    ),
    Fault(
        "alpha-IoU with the IoU alone to its power",
        COMPOSED,
        "value = value - power(xp, penalty, alpha)",
        "value = value - penalty",
        ("alpha_iou_loss",),
    ),
    Fault(
        "boxes scaled by the square of the ratio",
        "measures/_geometry.py",
        "[ratio * side for side in own.extent]",
        "[ratio * ratio * side for side in own.extent]",
        ("inner_iou_loss", "unified_iou_loss"),
    ),
    Fault(
        "Focaler-IoU without its clip",
        COMPOSED,
        "xp.clip((g.iou - low) / width, 0.0, 1.0)",
        "(g.iou - low) / width",
        ("focaler_iou_loss",),
    ),
    Fault(
        "Shape-IoU with its weights exchanged",
        SIDES,
        "crossed = g.lengthwise(hh, ww)",
        "crossed = g.lengthwise(ww, hh)",
        ("shape_iou_loss",),
    ),
    Fault(
        "Powerful-IoU with sums for means",
        SIDES,
        "parts = [0.25 * (",
        "parts = [0.5 * (",
        ("powerful_iou_loss",),
    ),
    Fault(
        "NWD with whole sides for deviations",
        SIDES,
        "[d * d + s * s for d, s in zip(offset, gaps)]",
        "[d * d + 4.0 * s * s for d, s in zip(offset, gaps)]",
        ("nwd_loss",),
    ),
    Fault(
        "bounded IoU without its bound",
        SIDES,
        "near = [xp.minimum(s, xp.ones_like(s)) for s in shifts]",
        "near = shifts",
        ("bounded_iou_loss",),
    ),
    Fault(
        "IoA of the other box",
        "measures/formulas.py",
        "g.target if of_target else g.pred",
        "g.pred if of_target else g.target",
        ("ioa", "iof"),
    ),
)
