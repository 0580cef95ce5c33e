"""Measures and losses of pairs of boxes."""

from __future__ import annotations

from ..families import BOXES
from .case import Budget, Case, Scale, Variant

# The measures are sums of terms of size 1, and rounding errors have the size of the terms.
TERMS = Scale(value=1.0, why="a sum of terms of size 1")

CASES = (
    # One quotient, without cancellation: its scale is its own size.
    Case("iou", "measure", Budget((4, 4), (5, 5)), BOXES, (Variant({}, 0, 1),), alike=True),
    Case(
        "giou",
        "measure",
        Budget((2, 2), (8, 8)),
        BOXES,
        (Variant({}, -1, 1),),
        TERMS,
        representative=True,
        in_full=True,
    ),
    Case("diou", "measure", Budget((2, 2), (6, 6)), BOXES, (Variant({}, -1, 1),), TERMS, alike=True),
    Case(
        "ciou",
        "measure",
        Budget((2, 2), (8, 8)),
        BOXES,
        (Variant({}, -1.5, 1), Variant({"gate": 0.5}, -1, 1)),
        TERMS,
        alike=True,
    ),
    Case("eiou", "measure", Budget((4, 4), (8, 8)), BOXES, (Variant({}, -3, 1),), TERMS, alike=True),
    Case(
        "iou_loss",
        "loss",
        Budget((3, 3), (7, 7)),
        BOXES,
        (Variant({}, 0, 1), Variant({"form": "log"}, 0, 13.815512), Variant({"form": "square"}, 0, 1)),
        TERMS,
    ),
    Case("giou_loss", "loss", Budget((2, 2), (8, 8)), BOXES, (Variant({}, 0, 2),), TERMS, alike=True),
    Case("diou_loss", "loss", Budget((3, 3), (6, 6)), BOXES, (Variant({}, 0, 2),), TERMS, alike=True),
    Case(
        "ciou_loss",
        "loss",
        Budget((2, 2), (8, 8)),
        BOXES,
        (Variant({}, 0, 2.5), Variant({"gate": 0.5}, 0, 2)),
        TERMS,
        representative=True,
        in_full=True,
    ),
    Case("eiou_loss", "loss", Budget((4, 4), (8, 8)), BOXES, (Variant({}, 0, 4),), TERMS, alike=True),
    Case(
        "focal_eiou_loss",
        "loss",
        Budget((4, 4), (8, 8)),
        BOXES,
        (
            Variant({}, 0, 4),
            Variant({"gamma": 0.0}, 0, 4),
            Variant({"gamma": 1.0}, 0, 4),
            Variant({"gamma": 2.0}, 0, 4),
        ),
        TERMS,
    ),
    Case(
        "cdiou_loss",
        "loss",
        Budget((3, 3), (9, 9)),
        BOXES,
        (
            Variant({}, 0, 2),
            Variant({"base": "giou"}, 0, 3),
            Variant({"base": "diou"}, 0, 3),
            Variant({"base": "ciou"}, 0, 3.5),
        ),
        TERMS,
        alike=True,
    ),
)
