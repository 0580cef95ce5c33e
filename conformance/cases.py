"""One row per public function: how to call it, what range to expect, and how far it may be from the exact answer.

`BUDGETS` is the only place with tolerances. Each was measured over all backends and inputs, then given a little slack;
a value above 4 or a gradient above 16 says why. The unit is explained in the README beside this file.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

INF = math.inf


class Budget(NamedTuple):
    """Largest errors allowed, in units in the last place, by the dtype of the computation: (float32, float64)."""

    value: tuple[float, float]
    gradient: tuple[float, float]
    why: str = ""

    def of(self, what: str, dtype: str) -> float:
        """The budget for `what`, "value" or "gradient", computed in `dtype`."""
        limits: tuple[float, float] = getattr(self, what)
        return limits[dtype == "float64"]


class Variant(NamedTuple):
    """A set of knobs, and the range of the value under it."""

    knobs: dict[str, Any]
    low: float
    high: float

    def __str__(self) -> str:
        return ", ".join(f"{key}={value!r}" for key, value in self.knobs.items())


class Case(NamedTuple):
    name: str
    kind: str
    """"measure" (broadcasts), "loss" (equal shapes, reductions) or "transform" (gradients of a user's function)."""
    variants: tuple[Variant, ...] = (Variant({}, -INF, INF),)
    representative: bool = False
    """Whether every run includes what takes seconds a function; `--thorough` does for all."""


BUDGETS: dict[str, Budget] = {
    "iou": Budget((4, 4), (5, 5)),
    "giou": Budget((2, 2), (8, 8)),
    "diou": Budget((2, 2), (6, 6)),
    "ciou": Budget((2, 2), (8, 8)),
    "eiou": Budget((4, 4), (8, 8)),
    "iou_loss": Budget((3, 3), (7, 7)),
    "giou_loss": Budget((2, 2), (8, 8)),
    "diou_loss": Budget((3, 3), (6, 6)),
    "ciou_loss": Budget((2, 2), (8, 8)),
    "eiou_loss": Budget((4, 4), (8, 8)),
    "focal_eiou_loss": Budget((4, 4), (8, 8)),
    "cdiou_loss": Budget((3, 3), (9, 9)),
    "grad": Budget((2, 2), (2, 2)),
    "value_and_grad": Budget((2, 2), (2, 2)),
    "stop_gradient": Budget((1, 1), (1, 1)),
}
HALF_GRADIENT = 1.0
"""Of gradients that are rounded to float16 or bfloat16 at the end, in the last place of that format."""
REDUCED = 2.0
"""What a weighted sum of eight rows may add to the budget of one, at the size of the sum of the weights."""

SCALE_OF_VALUES: dict[str, float] = {"iou": 0.0}
"""Size of the terms that a value is the sum of, where that is not 1: the IoU is a quotient, without cancellation."""

CASES: tuple[Case, ...] = (
    Case("iou", "measure", (Variant({}, 0, 1),)),
    Case("giou", "measure", (Variant({}, -1, 1),), representative=True),
    Case("diou", "measure", (Variant({}, -1, 1),)),
    Case("ciou", "measure", (Variant({}, -1.5, 1), Variant({"gate": 0.5}, -1, 1))),
    Case("eiou", "measure", (Variant({}, -3, 1),)),
    Case(
        "iou_loss",
        "loss",
        (
            Variant({}, 0, 1),
            Variant({"form": "log"}, 0, 13.815512),
            Variant({"form": "square"}, 0, 1),
        ),
    ),
    Case("giou_loss", "loss", (Variant({}, 0, 2),)),
    Case("diou_loss", "loss", (Variant({}, 0, 2),)),
    Case("ciou_loss", "loss", (Variant({}, 0, 2.5), Variant({"gate": 0.5}, 0, 2)), representative=True),
    Case("eiou_loss", "loss", (Variant({}, 0, 4),)),
    Case(
        "focal_eiou_loss",
        "loss",
        (
            Variant({}, 0, 4),
            Variant({"gamma": 0.0}, 0, 4),
            Variant({"gamma": 1.0}, 0, 4),
            Variant({"gamma": 2.0}, 0, 4),
        ),
    ),
    Case(
        "cdiou_loss",
        "loss",
        (
            Variant({}, 0, 2),
            Variant({"base": "giou"}, 0, 3),
            Variant({"base": "diou"}, 0, 3),
            Variant({"base": "ciou"}, 0, 3.5),
        ),
    ),
    Case("grad", "transform"),
    Case("value_and_grad", "transform"),
    Case("stop_gradient", "transform"),
)


def without_row(library: Any) -> list[str]:
    """Public functions of the library that no row speaks of."""
    rows = {case.name for case in CASES}
    public = [name for name in library.__all__ if callable(getattr(library, name))]
    return sorted(set(public) - rows)
