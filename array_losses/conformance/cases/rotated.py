"""Measures and losses of pairs of rotated boxes."""

from __future__ import annotations

from ..box_families import GAUSSIAN_BOXES, ROTATED_BOXES, ROTATED_BOXES_AND_HULL, ROTATED_BOXES_BY_LOGARITHM
from .case import INF, Budget, Case, Scale, Variant

TIGHT = Budget((4, 4), (16, 16))
CROSSING = TIGHT._replace(second=2.0**16)
"""Where edges of two boxes are nearly parallel, the place where they cross has steep second derivatives that cancel: of
two ordinary boxes, turned against each other by a quarter less 0.002, 33 000 ULP."""
BOTH = ("pred", "target")
TURNED = Scale(terms=True, moved_by=BOTH, why="a thin box moves far as its angle does by a rounding")
TERMS = TURNED._replace(value=1.0, why=f"a sum of terms of size 1; {TURNED.why}")

CASES = (
    Case("probiou", "measure", TIGHT, GAUSSIAN_BOXES, (Variant({}, 0, 1),), TERMS, alike=True),
    Case(
        "probiou_loss",
        "loss",
        Budget((6, 6), (16, 16), "a quotient of sums of products"),
        GAUSSIAN_BOXES,
        (Variant({}, 0, 1), Variant({"form": "l2"}, 0, INF)),
        TERMS,
    ),
    Case(
        "bcd_loss",
        "loss",
        TIGHT,
        GAUSSIAN_BOXES,
        (
            Variant({}, 0, 1),
            Variant({"transform": "sqrt", "tau": 2.0}, 0.5, 1),
            Variant({"transform": "none", "tau": 0.0}, 0, INF),
        ),
        TERMS,
        alike=True,
    ),
    Case(
        "gwd_loss",
        "loss",
        TIGHT,
        GAUSSIAN_BOXES,
        (
            Variant({}, 0, 1),
            Variant({"normalize": False, "tau": 0.0}, 0, INF),
            Variant({"transform": "sqrt"}, 0, 1),
            Variant({"transform": "none", "tau": 1.5}, 1 / 3 - 1e-7, 1),
        ),
        TERMS,
        alike=True,
    ),
    Case(
        "kld_loss",
        "loss",
        TIGHT,
        GAUSSIAN_BOXES,
        (
            Variant({}, 0, 1),
            Variant({"direction": "pred_target"}, 0, 1),
            Variant({"direction": "jeffreys"}, 0, 1),
            Variant({"sqrt": False, "transform": "none", "tau": 0.0}, 0, INF),
            Variant({"sqrt": False, "transform": "sqrt", "tau": 2.0}, 0.5, 1),
        ),
        TERMS,
        alike=True,
    ),
    Case("kfiou", "measure", TIGHT, GAUSSIAN_BOXES, (Variant({}, 0, 0.3333334),), TERMS, alike=True),
    Case(
        "kfiou_loss",
        "loss",
        TIGHT,
        GAUSSIAN_BOXES,
        (
            Variant({}, 0.6666666, 1),
            Variant({"form": "log"}, 1.098612, INF),
            Variant({"form": "exp"}, 0.9477, 1.718282),
        ),
        TERMS,
        alike=True,
    ),
    Case("rotated_iou", "measure", CROSSING, ROTATED_BOXES, (Variant({}, 0, 1),), TERMS),
    Case("rotated_giou", "measure", CROSSING, ROTATED_BOXES_AND_HULL, (Variant({}, -1, 1),), TERMS, alike=True),
    Case(
        "rotated_iou_loss",
        "loss",
        CROSSING,
        ROTATED_BOXES,
        (
            Variant({}, 0, 1),
            Variant({"form": "log"}, 0, 13.815512, ROTATED_BOXES_BY_LOGARITHM),
            Variant({"form": "square"}, 0, 1),
        ),
        TERMS,
        alike=True,
    ),
    Case("rotated_giou_loss", "loss", CROSSING, ROTATED_BOXES_AND_HULL, (Variant({}, 0, 2),), TERMS, alike=True),
)
