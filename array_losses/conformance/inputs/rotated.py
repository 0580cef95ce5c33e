"""Pairs of rotated boxes: every way of meeting at several angles and three scales; without area; random; real."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from ..ulp import Floats
from .rows import Argument, Inputs

ROTATED = (Argument("pred", axes=1, turned=True), Argument("target", axes=1, turned=True))

Box = tuple[float, float, float, float, float]

SCALES = (1e-6, 1.0, 1e6)
QUARTER = math.pi / 2

TARGET: Box = (1.0, 0.7, 1.5, 0.6, 0.3)
LEVEL: Box = (1.0, 0.75, 1.5, 0.5, 0.0)
"""Its edges are dyadic, so that other boxes share them exactly."""
SQUARE: Box = (0.4, 0.6, 0.8, 0.8, 0.3)
THIN: Box = (0.5, 0.4, 1.0, 1e-3, 0.3)


def beside(box: Box, along: float, across: float, *sides: float, turn: float = 0.0) -> Box:
    """Another box, whose centre is so far away along the axes of the one, with the same sides if none are given."""
    x, y, width, height, angle = box
    c, s = math.cos(angle), math.sin(angle)
    width, height = sides or (width, height)
    return x + along * c - across * s, y + along * s + across * c, width, height, angle + turn


EDGES: dict[str, tuple[Box, Box]] = {
    "identical": (TARGET, TARGET),
    "identical, level": (LEVEL, LEVEL),
    "identical, upright": ((1.0, 0.75, 1.5, 0.5, QUARTER), (1.0, 0.75, 1.5, 0.5, QUARTER)),
    "identical squares": (SQUARE, SQUARE),
    "identical thin boxes": (THIN, THIN),
    "same shape, shifted": (beside(TARGET, 0.2, 0.1), TARGET),
    "same shape, shifted along": (beside(LEVEL, 0.25, 0), LEVEL),
    "same shape, turned": (beside(TARGET, 0, 0, turn=0.4), TARGET),
    "same shape, turned back": (beside(TARGET, 0, 0, turn=-0.7), TARGET),
    "same shape, turned by a quarter": (beside(TARGET, 0, 0, turn=QUARTER), TARGET),
    "same shape, turned by three quarters": (beside(TARGET, 0.1, 0.05, turn=3 * QUARTER), TARGET),
    "same centre, larger": (beside(TARGET, 0, 0, 1.9, 0.8), TARGET),
    "same centre and height, wider": (beside(TARGET, 0, 0, 1.9, 0.6), TARGET),
    "shifted and scaled": (beside(TARGET, 0.1, 0.2, 1.1, 0.9), TARGET),
    "cross": (beside(TARGET, 0.1, 0.07, 0.3, 1.9), TARGET),
    "cross of the turned": (beside(TARGET, 0.1, 0.07, 1.9, 0.3, turn=1.2), TARGET),
    "contained": (beside(TARGET, 0.2, 0.05, 0.5, 0.2, turn=0.2), TARGET),
    "contained, level": ((1.0625, 0.71875, 0.5, 0.25, 0.0), LEVEL),
    "containing": (beside(TARGET, -0.1, 0.1, 3.1, 2.3, turn=-0.3), TARGET),
    "octagon": (beside(SQUARE, 0, 0, turn=QUARTER / 2), SQUARE),
    "octagon, shifted": (beside(SQUARE, 0.03, -0.02, turn=QUARTER / 2), SQUARE),
    "one corner inside": (beside(TARGET, 0.8, 0.3, 0.7, 0.5, turn=0.5), TARGET),
    "two corners inside": (beside(TARGET, 0.8, 0.0, 0.9, 0.3, turn=0.1), TARGET),
    "a corner cut off": (beside(TARGET, 0.7, 0.5, 1.3, 1.1, turn=0.9), TARGET),
    "corner on an edge": ((1.0, 1.0, math.sqrt(2), math.sqrt(2), math.pi / 4), (1.0, 1.0, 2.0, 2.0, 0.0)),
    "shared side, level": ((0.5, 0.8125, 0.5, 0.25, 0.0), LEVEL),
    "shared corner, level": ((0.5, 0.625, 0.5, 0.25, 0.0), LEVEL),
    "shared side": (beside(TARGET, -0.5, 0.05, 0.5, 0.3), TARGET),
    "touching side, level": ((2.25, 0.8125, 1.0, 0.5, 0.0), LEVEL),
    "touching corner, level": ((2.25, 1.25, 1.0, 0.5, 0.0), LEVEL),
    "touching side": (beside(TARGET, 1.25, 0.1, 1.0, 0.5), TARGET),
    "corner touching a side": (beside(LEVEL, 0.75 + 0.5 * math.sqrt(2), 0.1, 1.0, 1.0, turn=QUARTER / 2), LEVEL),
    "hardly overlapping": (beside(TARGET, 1.0, 0.5, 0.7, 0.5, turn=0.2), TARGET),
    "apart": (beside(TARGET, 1.7, 0.9, turn=0.5), TARGET),
    "apart, in line": (beside(TARGET, 1.8, 0), TARGET),
    "apart, parallel": (beside(TARGET, 0.3, 0.9), TARGET),
    "apart, hulls crossing": ((3.0, 3.0, 8.0, 2.0, math.pi / 4), (6.0, 0.0, 8.0, 2.0, math.pi / 4)),
    "far away": ((1e3, -2e3, 1.2, 0.7, 0.9), TARGET),
    "angles of many turns": (beside(TARGET, 0.1, 0.1, turn=40.0), beside(TARGET, 0, 0, turn=-30.0)),
    "angle beyond a turn": (beside(TARGET, 0.1, 0.1, turn=7.5), TARGET),
    "thin boxes, crossing": (beside(THIN, 0.1, 0, turn=0.8), THIN),
    "thin boxes, upright cross": (beside(THIN, 0.1, 0, turn=QUARTER), THIN),
    "thin boxes, beside each other": (beside(THIN, 0.1, 0.05), THIN),
    "thin boxes, overlapping": (beside(THIN, 0.1, 3e-4), THIN),
    "thin boxes, contained": (beside(THIN, 0.1, 0, 0.5, 5e-4), THIN),
    "thin and ordinary": (beside(TARGET, 0.1, 0.1, 1.2, 1e-3, turn=0.5), TARGET),
    "ordinary and thin": (beside(THIN, 0.05, 0.02, 0.8, 0.3, turn=0.1), THIN),
    "small and large": (beside(TARGET, 0.2, 0.1, 1e-3, 2e-3, turn=0.6), TARGET),
    # Without area: only finite.
    "segment!": (beside(TARGET, 0.1, 0.1, 0.0, 0.5, turn=0.3), TARGET),
    "segment for target!": (TARGET, beside(TARGET, 0.1, 0.1, 0.5, 0.0, turn=0.3)),
    "segment on the side!": ((0.25, 0.75, 0.0, 0.25, 0.0), LEVEL),
    "point inside!": (beside(TARGET, 0.1, 0.1, 0.0, 0.0), TARGET),
    "point outside!": (beside(TARGET, 1.1, 0.9, 0.0, 0.0), TARGET),
    "point for target!": (TARGET, beside(TARGET, 0.1, 0.1, 0.0, 0.0)),
    "identical segments!": (beside(TARGET, 0, 0, 0.5, 0.0), beside(TARGET, 0, 0, 0.5, 0.0)),
    "crossing segments!": (beside(TARGET, 0, 0, 0.5, 0.0, turn=0.7), beside(TARGET, 0, 0, 0.5, 0.0)),
    "segments in line!": (beside(LEVEL, 2, 0, 0.5, 0.0), beside(LEVEL, 0, 0, 0.5, 0.0)),
    "same point!": (beside(TARGET, 0, 0, 0.0, 0.0), beside(TARGET, 0, 0, 0.0, 0.0)),
    "two points!": (beside(TARGET, 0.3, 0.1, 0.0, 0.0), beside(TARGET, 0, 0, 0.0, 0.0)),
    "width below 0!": (beside(TARGET, 0.1, 0.1, -0.3, 0.5), TARGET),
    "sides below 0!": (beside(TARGET, 0.1, 0.1, -0.3, -0.5), TARGET),
    "both below 0!": (beside(TARGET, 0.1, 0.1, -0.3, -0.5), beside(TARGET, 0, 0, -0.3, -0.5)),
}

NEARLY_ONE: dict[str, tuple[Box, Box]] = {
    "same shape, turned by 1e-3": (beside(TARGET, 0.01, 0.02, turn=1e-3), TARGET),
    "edges 1e-6 apart": (beside(TARGET, 1e-6, -1e-6), TARGET),
    "edges 1e-3 apart": (beside(TARGET, 1e-3, -2e-3), TARGET),
    "edges crossing at 1e-4": (beside(TARGET, 0.1, 0, turn=1e-4), TARGET),
    "half a turn apart": (beside(TARGET, 0, 0, turn=math.pi), TARGET),
    "a whole turn apart": (beside(TARGET, 0, 0, turn=2 * math.pi), TARGET),
    "sides exchanged, a quarter turn": (beside(TARGET, 0, 0, 0.6, 1.5, turn=QUARTER), TARGET),
    "squares a quarter turn apart": (beside(SQUARE, 0, 0, turn=QUARTER), SQUARE),
}


def near(count: int, seed: int, offset: float = 0.0) -> Floats:
    """Random pairs near each other, of shape (count, 2, 5); most overlap, some do not."""
    random = np.random.default_rng(seed)
    centre = offset + random.uniform(0, 1, (count, 1, 2)) + random.normal(0, 0.25, (count, 2, 2))
    sides = np.exp(random.uniform(-1.6, 0.4, (count, 2, 2)))
    return np.concatenate((centre, sides, random.uniform(-4, 4, (count, 2, 1))), axis=-1)


@cache
def edges(dtype: str) -> tuple[Inputs, ...]:
    """Every pair whose numbers are finite in `dtype`, rounded to it."""
    rows: list[tuple[str, Floats]] = []
    for scale in SCALES:
        lengths = np.asarray([scale, scale, scale, scale, 1.0])
        for name, pair in EDGES.items():
            bare, mark = name.rstrip("!"), "!" * name.endswith("!")
            rows.append((f"{bare}, x {scale:g}{mark}", lengths * np.asarray(pair)))
        rows += [(f"random {i}, x {scale:g}", lengths * pair) for i, pair in enumerate(near(6, seed=7))]
    rows += [(name, np.asarray(pair)) for name, pair in NEARLY_ONE.items()]
    rows += [(f"random {i} of many", pair) for i, pair in enumerate(near(12, seed=17))]
    rows += [(f"far from the origin {i}", pair) for i, pair in enumerate(near(4, seed=13, offset=1e3))]
    return (Inputs.of(ROTATED, [(name, *pair) for name, pair in rows], dtype),)


@cache
def ordinary(dtype: str) -> Inputs:
    """Eight ordinary pairs, most overlapping: for checks of everything that is not the formula."""
    return Inputs.of(ROTATED, [(f"ordinary {i}", *pair) for i, pair in enumerate(near(8, seed=3))], dtype)


WHOLE = ((3.0, 2.0, 6.0, 4.0, 1.0), (4.0, 3.0, 7.0, 2.0, 2.0))
