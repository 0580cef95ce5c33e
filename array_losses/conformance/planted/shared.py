"""In what all losses share."""

from __future__ import annotations

from .fault import Fault

FAULTS = (
    Fault(
        "an eps in every denominator",
        "_numerics.py",
        "return at_least(xp, x, smallest_normal(xp, x))",
        "return x + 1e-7",
        ("iou", "diou"),
    ),
    Fault(
        "no care of a denominator of 0",
        "_numerics.py",
        "return at_least(xp, x, smallest_normal(xp, x))",
        "return x",
        ("iou", "diou"),
    ),
    Fault(
        "float16 computed in float16",
        "_array.py",
        "            return xp.float32",
        "            return first",
        ("giou_loss",),
    ),
    Fault(
        "a mean over the number of rows instead of the sum of weights",
        "_reduce.py",
        "divisor = xp.sum(xp.broadcast_to(counted, rows.shape))",
        "divisor = xp.sum(xp.ones_like(rows))",
        ("giou_loss",),
    ),
    Fault(
        "rows outside `where` enter the formula",
        "_reduce.py",
        "return xp.where(where, x, xp.zeros_like(x))",
        "return x",
        ("giou_loss",),
    ),
    Fault(
        "a mean over nothing divided by 0",
        "_reduce.py",
        "empty = divisor == 0",
        "empty = divisor != divisor",
        ("giou_loss",),
    ),
)
