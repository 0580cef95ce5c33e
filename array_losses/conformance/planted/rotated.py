"""In what is for rotated boxes."""

from __future__ import annotations

from .fault import Fault

GAUSSIANS, RECTANGLES, KERNELS = "measures/_gaussians.py", "measures/_rectangles.py", "measures/rotated_kernels.py"

FAULTS = (
    Fault(
        "ProbIoU with the deviations of the others",
        KERNELS,
        "PROBIOU = 12.0**0.5",
        "PROBIOU = 4.0**0.5",
        ("probiou", "probiou_loss"),
    ),
    Fault(
        "the divergence in the other direction",
        "losses/rotated.py",
        '"target_pred": rotated.divergence_of_second',
        '"target_pred": rotated.divergence_of_first',
        ("kld_loss",),
    ),
    Fault(
        "KFIoU scaled up to 1",
        GAUSSIANS,
        "inner = total.product / xp.sqrt(total.det)",
        "inner = 2.0 * total.product / xp.sqrt(total.det)",
        ("kfiou", "kfiou_loss"),
    ),
    Fault(
        "Bhattacharyya distance with twice the centres' share",
        GAUSSIANS,
        "value = 0.25 * share + 0.5 * xp.log1p(excess)",
        "value = 0.5 * share + 0.5 * xp.log1p(excess)",
        ("bcd_loss", "probiou_loss"),
    ),
    Fault(
        "Wasserstein distance over one eighth root of the areas",
        GAUSSIANS,
        "scale = 0.5 / xp.sqrt(",
        "scale = 1.0 / xp.sqrt(",
        ("gwd_loss",),
    ),
    Fault(
        "the target's angle with the prediction's sign",
        GAUSSIANS,
        "turn1, turn2 = at.turn, -at.turn",
        "turn1, turn2 = at.turn, at.turn",
        ("bcd_loss", "gwd_loss"),
    ),
    Fault(
        "tau left out above",
        "losses/rotated.py",
        "((tau - 1.0) + x) * per",
        "x * per",
        ("bcd_loss", "gwd_loss"),
    ),
    Fault(
        "GIoU with the hull less the intersection",
        KERNELS,
        "xp.maximum(some - union, xp.zeros_like(some)) / some",
        "xp.maximum(some - inter, xp.zeros_like(some)) / some",
        ("rotated_giou", "rotated_giou_loss"),
    ),
    Fault(
        "all of an edge on an edge to both boxes",
        RECTANGLES,
        "0.5 + 0.5 * xp.sign(a - xp.abs(x))",
        "1.0 * (xp.abs(x) <= a)",
        ("rotated_iou",),
    ),
    Fault(
        "sides below 0 taken as they are",
        RECTANGLES,
        "0.5 * at_least(xp, self.w, 0.0)",
        "0.5 * xp.abs(self.w)",
        ("rotated_iou",),
    ),
    Fault(
        "angles the other way round",
        RECTANGLES,
        "dx * frame.cos + dy * frame.sin, dy * frame.cos - dx * frame.sin",
        "dx * frame.cos - dy * frame.sin, dy * frame.cos + dx * frame.sin",
        ("rotated_iou", "rotated_giou_loss"),
    ),
)
