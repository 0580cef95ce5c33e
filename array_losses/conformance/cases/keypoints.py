"""The similarity of keypoints, and its loss."""

from __future__ import annotations

from ..box_families import KEYPOINTS, VISIBLE_KEYPOINTS
from .case import Budget, Case, Scale, Variant

TIGHT = Budget((6, 6), (16, 16), "the square of a quotient by a root, in the exponent")
EXPONENT = Scale(moved_by=("area",), why="the power of a large exponent moves far as the exponent does by a rounding")

VARIANTS = (
    Variant({"sigmas": (0.25, 0.5, 1.0)}, 0, 1),
    Variant({"sigmas": (0.026, 0.079, 0.107)}, 0, 1),
    Variant({"sigmas": (0.3, 0.7, 0.1)}, 0, 1, KEYPOINTS),
)

CASES = (
    Case("oks", "measure", TIGHT, VISIBLE_KEYPOINTS, VARIANTS, EXPONENT, alike=True),
    Case("oks_loss", "loss", TIGHT, VISIBLE_KEYPOINTS, VARIANTS, EXPONENT),
)
