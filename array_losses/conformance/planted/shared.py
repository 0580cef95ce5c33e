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
        "for dtype in floating) else xp.float32",
        "for dtype in floating) else floating[0]",
        ("giou_loss",),
    ),
    Fault(
        "a mean over the number of rows instead of the sum of weights",
        "_reduce.py",
        "xp.sum(xp.broadcast_to(counted, rows.shape))",
        "xp.sum(xp.ones_like(rows))",
        ("giou_loss",),
    ),
    Fault(
        "rows outside `where` enter the formula",
        "_reduce.py",
        "return _or_zero(xp, where, x)",
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
    Fault(
        "the axis of the classes moved behind the wrong others",
        "_array.py",
        "(*range(axis), *range(axis + 1, x.ndim), axis)",
        "(*range(axis + 1, x.ndim), *range(axis), axis)",
        ("softmax_focal_loss", "entropy"),
    ),
    Fault(
        "places of classes made on the default device",
        "_numerics.py",
        "lanes = xp.arange(like.shape[axis], dtype=index.dtype, device=device_of(xp, index))",
        "lanes = xp.arange(like.shape[axis], dtype=index.dtype)",
        ("multiclass_hinge_loss", "softmax_dice_loss"),
        backend="array_api_strict:device1",
    ),
    Fault(
        "constants in the library's default dtype",
        "measures/keypoints.py",
        "xp.asarray(list(sigmas or ()), dtype=dtype, device=device_of(xp, pred))",
        "xp.asarray(list(sigmas or ()), device=device_of(xp, pred))",
        ("oks",),
        checks=("arrays", "mixed dtypes"),
    ),
)
