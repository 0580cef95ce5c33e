"""Losses of a logit or a probability with a target."""

from __future__ import annotations

from typing import Any

from ..families import LOGITS, PROBABILITIES, PROPER_LOGITS, WEIGHTED_LOGITS
from .case import INF, Budget, Case, Scale, Variant

TIGHT = Budget((4, 4), (16, 16))


def _case(name: str, *further: dict[str, Any], budget: Budget = TIGHT, **options: Any) -> Case:
    variants = (Variant({}, 0, INF), *(_further(knobs) for knobs in further))
    return Case(name, "loss", budget, LOGITS, variants, alike=name != "sigmoid_focal_loss", **options)


def _further(knobs: dict[str, Any]) -> Variant:
    root = any(isinstance(knob, float) and 0 < knob < 1 and name in EXPONENTS for name, knob in knobs.items())
    return Variant(knobs, 0, INF, PROPER_LOGITS, ROOTS if root else None)


EXPONENTS = ("gamma", "beta", "gamma_positive")
SOFT = Scale(terms=True, moved_by=("targets",), why="the parts for t and 1 - t cancel for targets between 0 and 1")
ROOTS = Scale(
    terms=True,
    gradient=1e-9,
    moved_by=("logits", "targets"),
    why="where p or q is below the smallest normal number it is lost, and with it a root of it that is not",
)

CASES = (
    Case(
        "sigmoid_binary_cross_entropy",
        "loss",
        TIGHT,
        LOGITS,
        (
            Variant({}, 0, INF),
            Variant({"label_smoothing": 0.1}, 0, INF),
            Variant({"pos_weight": 3.0}, 0, INF),
            Variant({}, 0, INF, WEIGHTED_LOGITS),
        ),
        SOFT,
    ),
    _case(
        "sigmoid_focal_loss",
        {"alpha": None},
        {"gamma": 0.0},
        {"gamma": 0.5},
        {"gamma": 1.0},
        {"gamma": 1.5},
        budget=Budget((7, 7), (16, 16), "PyTorch's sigmoid is off by 2, and is squared"),
        scale=SOFT,
        representative=True,
        in_full=True,
    ),
    _case("quality_focal_loss", {"beta": 0.0}, {"beta": 0.5}, {"beta": 1.0}, {"beta": 1.5}, scale=SOFT),
    _case("varifocal_loss", {"gamma": 0.0}, {"gamma": 0.5}, {"alpha": 0.25, "gamma": 1.5}, scale=SOFT),
    _case("gaussian_focal_loss", {"alpha": 0.0, "beta": 0.0}, {"alpha": 1.5, "beta": 0.5}, scale=SOFT),
    _case(
        "asymmetric_loss",
        {"gamma_positive": 1.0, "gamma_negative": 2.0, "margin": 0.0},
        {"gamma_positive": 0.5, "gamma_negative": 1.5, "margin": 0.2},
        {"gamma_negative": 0.0},
        budget=Budget((7, 16), (16, 16), "five times the error of p - margin; XLA's log1p is off by 10 in float64"),
        scale=Scale(
            terms=True, moved_by=("logits", "targets"), why="p - margin is a difference; those of soft targets cancel"
        ),
    ),
    Case("binary_cross_entropy", "loss", TIGHT, PROBABILITIES, (Variant({}, 0, INF),), SOFT, alike=True),
)
