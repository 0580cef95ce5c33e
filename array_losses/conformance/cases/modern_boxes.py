"""Later losses of pairs of axis-aligned boxes."""

from __future__ import annotations

from ..box_families import BOX_BATCH, CENTRED_BOXES, scaled_boxes
from ..families import BOXES, Family
from .boxes import TERMS
from .case import INF, Budget, Case, Variant

TIGHT = Budget((4, 4), (16, 16))
SIOU = 2.05
MEMBERS = (("iou", 1.0), ("giou", 2.0), ("diou", 2.0), ("ciou", 2.5), ("eiou", 4.0), ("siou", SIOU))
"""The losses that others are made of, and their largest values."""


def on(base: str, ratio: float = 1.0) -> Family | None:
    """What a loss that is made of another, perhaps of scaled boxes, is tried on, if that is not all pairs."""
    if ratio != 1:
        return scaled_boxes(ratio, base == "siou")
    return CENTRED_BOXES if base == "siou" else None


CASES = (
    Case("ioa", "measure", TIGHT, BOXES, (Variant({}, 0, 1),), alike=True),
    Case("iof", "measure", TIGHT, BOXES, (Variant({}, 0, 1),), alike=True),
    Case(
        "siou_loss",
        "loss",
        TIGHT,
        CENTRED_BOXES,
        (
            Variant({}, 0, SIOU),
            Variant({"theta": 1.0}, 0, 2.5),
            Variant({"theta": 2}, 0, 2.3),
            Variant({"theta": 6.0}, 0, SIOU),
        ),
        TERMS,
    ),
    Case(
        "alpha_iou_loss",
        "loss",
        Budget((6, 6), (16, 16), why="the third power of a quotient"),
        BOXES,
        (
            Variant({}, 0, 1),
            Variant({"base": "giou"}, 0, 2),
            Variant({"base": "diou"}, 0, 2),
            Variant({"base": "ciou"}, 0, 3),
            Variant({"base": "ciou", "alpha": 1.0}, 0, 3),
            Variant({"base": "diou", "alpha": 2.0}, 0, 2),
            Variant({"alpha": 0.5}, 0, 1),
        ),
        TERMS,
        alike=True,
    ),
    Case(
        "wise_iou_loss",
        "batch",
        TIGHT,
        BOX_BATCH,
        (
            Variant({}, 0, INF),
            Variant({"version": 1, "momentum": 0.25}, 0, 2.71829),
            Variant({"version": 2}, 0, INF),
            Variant({"version": 2, "gamma": 0.0, "momentum": 1.0}, 0, INF),
            Variant({"alpha": 1.7, "delta": 2.7, "momentum": 0.0}, 0, INF),
        ),
        TERMS,
    ),
    Case(
        "mpdiou_loss",
        "loss",
        TIGHT,
        BOXES,
        (Variant({"image_size": (480, 640)}, 0, INF), Variant({"image_size": (1.5, 0.75)}, 0, INF)),
        TERMS,
        alike=True,
    ),
    Case(
        "inner_iou_loss",
        "loss",
        TIGHT,
        BOXES,
        (
            Variant({"ratio": 0.7}, 0, 1, on("iou", 0.7)),
            Variant({"ratio": 1.25}, 0, 1, on("iou", 1.25)),
            Variant({"ratio": 1.0, "base": "giou"}, 0, 2),
            *(
                Variant({"ratio": 0.8, "base": base}, 0, high + 1, on(base, 0.8))
                for base, high in MEMBERS
                if base != "iou"
            ),
        ),
        TERMS,
        alike=True,
    ),
    Case(
        "focaler_iou_loss",
        "loss",
        TIGHT,
        BOXES,
        (
            Variant({}, 0, 1),
            Variant({"low": 0.25, "high": 0.5}, 0, 1),
            Variant({"low": 0.125, "high": 1.0, "ratio": 0.75, "base": "ciou"}, -1, 3.5, on("ciou", 0.75)),
            *(Variant({"base": base}, -1, high, on(base)) for base, high in MEMBERS if base not in ("iou", "ciou")),
        ),
        TERMS,
        alike=True,
    ),
    Case(
        "shape_iou_loss",
        "loss",
        TIGHT,
        BOXES,
        (
            Variant({}, 0, 4),
            Variant({"scale": 1.0}, 0, 4),
            Variant({"scale": 0.5}, 0, 4),
            Variant({"scale": 2}, 0, 4),
        ),
        TERMS,
        alike=True,
    ),
    Case(
        "powerful_iou_loss",
        "loss",
        TIGHT,
        BOXES,
        (Variant({}, 0, 2.6), Variant({"version": 1}, 0, 2), Variant({"lam": 0.75}, 0, 2.6)),
        TERMS,
        alike=True,
    ),
    Case(
        "nwd_loss",
        "loss",
        Budget((6, 4), (16, 16), why="1 - e^-x in XLA, 3 ULP"),
        BOXES,
        (Variant({}, 0, 1), Variant({"constant": 0.5}, 0, 1)),
        alike=True,
    ),
    Case(
        "bounded_iou_loss",
        "loss",
        TIGHT,
        CENTRED_BOXES,
        (Variant({}, 0, 3.6), Variant({"beta": 0.5}, 0, 3), Variant({"beta": 2.0}, 0, 1)),
        TERMS._replace(terms=True),
        alike=True,
    ),
    Case(
        "extended_iou_loss",
        "loss",
        TIGHT,
        BOXES,
        (Variant({}, 0, INF), Variant({"smooth_point": 0.75}, 0, INF)),
        TERMS,
        alike=True,
    ),
    Case(
        "unified_iou_loss",
        "loss",
        TIGHT,
        BOXES,
        (
            Variant({"ratio": 2.0}, 0, 2.5, on("ciou", 2.0)),
            Variant({"ratio": 1.0}, 0, 2.5),
            *(Variant({"ratio": 0.5, "base": base}, 0, high, on(base, 0.5)) for base, high in MEMBERS),
        ),
        TERMS,
    ),
)
