"""Areas and corners of boxes, and boxes in other words: as deltas from anchors, as distances from points."""

from __future__ import annotations

from ..box_families import (
    BOXES_AND_ANCHORS,
    CUT_BOXES,
    DELTAS_AND_ANCHORS,
    POINTS_AND_BOXES,
    POINTS_AND_DISTANCES,
    QUADRILATERALS,
    TURNED_BOXES,
    UPRIGHT_BOXES,
)
from ..inputs.coding import IMAGE
from .case import INF, Budget, Case, Scale, Variant

TIGHT = Budget((4, 4), (16, 16))
TERMS = Scale(terms=True, why="edges are sums of terms that may cancel")
SECOND_STAGE = (10.0, 10.0, 5.0, 5.0)

CASES = (
    Case(
        "box_area",
        "measure",
        TIGHT,
        UPRIGHT_BOXES,
        (
            Variant({}, 0, INF),
            Variant({"format": "cxcywh"}, 0, INF),
            Variant({"format": "cxcywhr"}, 0, INF, TURNED_BOXES),
            Variant({"format": "xyxyxyxy"}, 0, INF, QUADRILATERALS, TERMS),
        ),
        alike=True,
    ),
    Case(
        "box_corners",
        "measure",
        TIGHT,
        TURNED_BOXES,
        scale=TERMS._replace(moved_by=("boxes",), why=f"{TERMS.why}, and move with the angle"),
        results=(4, 2),
        keeps_dtype=True,
        alike=True,
    ),
    Case(
        "clip_boxes",
        "measure",
        TIGHT,
        CUT_BOXES,
        (
            Variant({"image_size": IMAGE}, 0, 2),
            Variant({"image_size": IMAGE, "format": "cxcywh"}, -2, 2),
            Variant({"image_size": None, "format": "rel_xywh"}, -1, 1),
        ),
        TERMS,
        results=(4,),
        keeps_dtype=True,
        alike=True,
    ),
    Case(
        "encode_deltas",
        "measure",
        TIGHT,
        BOXES_AND_ANCHORS,
        (Variant({}), Variant({"weights": SECOND_STAGE})),
        TERMS._replace(moved_by=("boxes", "anchors"), why="the difference of two centres, the logarithm of a ratio"),
        results=(4,),
        keeps_dtype=True,
        alike=True,
    ),
    Case(
        "decode_deltas",
        "measure",
        TIGHT,
        DELTAS_AND_ANCHORS,
        (Variant({}), Variant({"weights": SECOND_STAGE}), Variant({"max_log_ratio": 2.0})),
        TERMS._replace(moved_by=("deltas",), why=f"{TERMS.why}, one of them a power"),
        results=(4,),
        keeps_dtype=True,
        alike=True,
    ),
    Case(
        "boxes_to_distances",
        "measure",
        TIGHT,
        POINTS_AND_BOXES,
        (Variant({}), Variant({"limit": 15.0}, 0, 15)),
        results=(4,),
        keeps_dtype=True,
    ),
    Case("distances_to_boxes", "measure", TIGHT, POINTS_AND_DISTANCES, results=(4,), keeps_dtype=True, alike=True),
)
