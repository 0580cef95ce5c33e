"""Losses of a difference, and of a score with a sign."""

from __future__ import annotations

from ..families import DIFFERENCES, SIGNS
from .case import INF, Budget, Case, Scale, Variant

TIGHT = Budget((4, 4), (16, 16))


def _case(name: str, *knobs: dict[str, float], budget: Budget = TIGHT, alike: bool = True) -> Case:
    variants = tuple(Variant(k, 0, INF) for k in ({}, *knobs))
    return Case(name, "loss", budget, DIFFERENCES, variants, alike=alike)


CASES = (
    _case("l1_loss"),
    _case("squared_error"),
    _case("l2_loss"),
    _case("smooth_l1_loss", {"beta": 0.5}, {"beta": 0.0}, alike=False),
    _case("huber_loss", {"delta": 2.0}),
    _case("log_cosh_loss", budget=Budget((8, 4), (16, 16), "XLA's sinh is off by 1 in float32, and is squared")),
    _case("charbonnier_loss", {"epsilon": 1.0}, {"epsilon": 0.0}),
    _case("balanced_l1_loss", {"alpha": 1.0, "gamma": 1.0, "beta": 0.5}),
    Case(
        "focal_l1_loss",
        "loss",
        TIGHT,
        DIFFERENCES,
        (Variant({}, 0, INF), Variant({"beta": 1.0}, 0, INF), Variant({"beta": 0.5}, 0, INF)),
        Scale(moved_by=("pred",), why="the slope ends at 0 where beta |d| = 1, and d is rounded"),
        alike=True,
    ),
    _case("wing_loss", {"width": 2.0, "epsilon": 0.5}),
    Case("hinge_loss", "loss", TIGHT, SIGNS, (Variant({}, 0, INF),), alike=True),
    Case("squared_hinge_loss", "loss", TIGHT, SIGNS, (Variant({}, 0, INF),), alike=True),
)
