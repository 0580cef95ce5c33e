"""Three keypoints of an object, where they should be, its area, and which of them are visible; at three scales."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .rows import Argument, Inputs

KEYPOINTS = (Argument("pred", axes=2), Argument("target", axes=2), Argument("area", role="constant"))
VISIBLE = Argument("visible", axes=1, role="flags", keyword=True)
SEEN = (*KEYPOINTS, VISIBLE)

SCALES = (1e-6, 1.0, 1e6)
TARGET = np.asarray(((0.3, 0.2), (1.7, 0.9), (1.1, 2.3)))
AREA = 2.3
ONE_MOVED = TARGET + ((0.0, 0.0), (0.7, -0.3), (0.0, 0.0))
ALL_MOVED = TARGET + ((0.2, 0.5), (-0.9, 0.4), (0.3, -1.1))
ALL, FIRST_HIDDEN, ONE, NONE = (True, True, True), (False, True, True), (False, False, True), (False, False, False)

Row = tuple[str, Any, Any, float, Any]


def _edges() -> list[Row]:
    nowhere = ALL_MOVED.copy()
    nowhere[0] = np.nan
    # Where keypoints are, as what they are seen, on how large an object.
    rows: list[Row] = [
        ("on target", TARGET, TARGET, AREA, ALL),
        ("one moved", ONE_MOVED, TARGET, AREA, ALL),
        ("all moved", ALL_MOVED, TARGET, AREA, ALL),
        ("moved by a hair", TARGET + 1e-3, TARGET, AREA, ALL),
        ("one exchanged with another", TARGET[[1, 0, 2]], TARGET, AREA, ALL),
        ("one hidden", ALL_MOVED, TARGET, AREA, FIRST_HIDDEN),
        ("one hidden that is nowhere", nowhere, TARGET, AREA, FIRST_HIDDEN),
        ("one visible", ALL_MOVED, TARGET, AREA, ONE),
        ("one visible, on target", ONE_MOVED, TARGET, AREA, ONE),
        ("none visible", ALL_MOVED, TARGET, AREA, NONE),
        ("none visible, on target", TARGET, TARGET, AREA, NONE),
        ("far away", TARGET + 1e6, TARGET, AREA, ALL),
        ("one far away", TARGET + ((0.1, 0.0), (0.0, -1e6), (0.0, 0.2)), TARGET, AREA, ALL),
        ("tiny area", TARGET + 1e-6, TARGET, 1.3e-12, ALL),
        ("tiny area, far off", ALL_MOVED, TARGET, 1.3e-12, ALL),
        ("tiny area, on target", TARGET, TARGET, 1.3e-12, ALL),
        ("huge area", ALL_MOVED, TARGET, 1.3e12, ALL),
        ("huge area, far away", TARGET + 1e6, TARGET, 1.3e12, ALL),
        ("area 0", ALL_MOVED, TARGET, 0.0, ALL),
        ("area 0, on target", TARGET, TARGET, 0.0, ALL),
        ("area 0, some on target", ONE_MOVED, TARGET, 0.0, ALL),
        ("area 0, some on target, one hidden", ONE_MOVED, TARGET, 0.0, FIRST_HIDDEN),
        ("area 0, none visible", ALL_MOVED, TARGET, 0.0, NONE),
        ("area below 0", ALL_MOVED, TARGET, -2.3, ALL),
        ("area below 0, some on target", ONE_MOVED, TARGET, -2.3, ALL),
    ]
    random = np.random.default_rng(17)
    for i, spread in enumerate((0.03, 0.1, 0.3, 1.0, 3.0, 10.0)):
        target = random.uniform(0, 4, (3, 2))
        pred = target + spread * random.normal(size=(3, 2))
        rows.append((f"random {i}", pred, target, float(random.uniform(1, 9)), random.uniform(size=3) < 0.8))
    return rows


def _rows(visible: bool, rows: list[Row]) -> list[Any]:
    """With visible keypoints; or without, those whose keypoints all are."""
    return rows if visible else [row[:4] for row in rows if all(row[4])]


@cache
def edges(visible: bool, dtype: str) -> tuple[Inputs, ...]:
    """Every row at every scale, if its numbers are finite in `dtype`, rounded to it."""
    scaled: list[Row] = []
    for scale in SCALES:
        scaled += [
            (f"{name}, x {scale:g}", scale * pred, scale * target, scale**2 * area, seen)
            for name, pred, target, area, seen in _edges()
        ]
    return (Inputs.of(SEEN if visible else KEYPOINTS, _rows(visible, scaled), dtype),)


@cache
def ordinary(visible: bool, dtype: str) -> Inputs:
    """Eight rows, the last but one without a visible keypoint."""
    random = np.random.default_rng(19)
    rows: list[Any] = []
    for i in range(8):
        target = random.uniform(0, 4, (3, 2))
        seen = (ALL, FIRST_HIDDEN, ALL, ONE, ALL, ALL, NONE, FIRST_HIDDEN)[i]
        row = (f"ordinary {i}", target + 0.7 * random.normal(size=(3, 2)), target, float(random.uniform(2, 9)))
        rows.append((*row, seen) if visible else row)
    return Inputs.of(SEEN if visible else KEYPOINTS, rows, dtype)


WHOLE = (((3.0, 4.0), (1.0, 1.0), (2.0, 5.0)), ((1.0, 4.0), (1.0, 2.0), (3.0, 6.0)), 3.0)
WHOLE_SEEN = (*WHOLE, (True, True, False))
