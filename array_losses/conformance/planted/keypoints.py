"""In what is for keypoints, and in codings of boxes."""

from __future__ import annotations

from .fault import Fault

OKS, DELTAS, DISTANCES = "measures/keypoints.py", "coding/deltas.py", "coding/distances.py"
FORMATS, CORNERS = "coding/formats.py", "coding/rotated_formats.py"

FAULTS = (
    Fault("OKS with sigma in place of 2 sigma", OKS, "unit = 8.0**0.5 *", "unit = 2.0**0.5 *", ("oks", "oks_loss")),
    Fault(
        "OKS over all keypoints, the hidden ones too",
        OKS,
        "count = at_least(xp, xp.sum(each, axis=-1), 1.0)",
        "count = xp.sum(xp.ones_like(each), axis=-1)",
        ("oks", "oks_loss"),
    ),
    Fault(
        "objects without a visible keypoint stay in the divisor",
        "losses/keypoints.py",
        "if visible is not None or array is not None or not sigmas:",
        "if array is not None or not sigmas:",
        ("oks_loss",),
    ),
    Fault(
        "the loss with the slope of the similarity",
        OKS,
        "(2.0 if loss else -2.0) * each",
        "-2.0 * each",
        ("oks_loss",),
    ),
    Fault(
        "a box without extent as large as its anchor",
        DELTAS,
        "xp.where(ends, math.log(least) * one, ",
        "xp.where(ends, 0.0 * one, ",
        ("encode_deltas",),
    ),
    Fault(
        "shifts in units of the wrong side",
        DELTAS,
        "shifts.append(weights[i] * xp.where",
        "shifts.append(weights[2 + i] * xp.where",
        ("encode_deltas",),
    ),
    Fault(
        "sides that never end",
        DELTAS,
        "log >= max_log_ratio",
        "log >= 2.0 * max_log_ratio",
        ("decode_deltas",),
    ),
    Fault(
        "right before bottom exchanged",
        DISTANCES,
        "boxes[..., 2] - x, boxes[..., 3] - y)",
        "boxes[..., 3] - y, boxes[..., 2] - x)",
        ("boxes_to_distances",),
    ),
    Fault(
        "edges cut off at one end only",
        FORMATS,
        '"low": xp.minimum(xp.maximum(low, zero), bound)',
        '"low": xp.maximum(low, zero)',
        ("clip_boxes",),
    ),
    Fault("angles the other way round", CORNERS, "-h * sin, h * cos", "h * sin, h * cos", ("box_corners",)),
)
