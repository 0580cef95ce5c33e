"""Boxes by themselves, and beside what they are coded by: anchors, deltas, points, distances, the edges of an image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .boxes import EDGES, PIXELS, SCALES, TARGET, oblong
from .rows import Argument, Inputs

BOXES = Argument("boxes", axes=1)
TURNED = Argument("boxes", axes=1, turned=True)
CORNERS = Argument("boxes", axes=2)
ANCHORS, DELTAS = Argument("anchors", axes=1), Argument("deltas", axes=1)
POINTS, DISTANCES = Argument("points", axes=1), Argument("distances", axes=1)

Rows = list[tuple[Any, ...]]


def _at(scales: Sequence[float], rows: Rows, kept: int = 0) -> Rows:
    """Rows at every scale, all but the first numbers of a row `kept` as they are."""
    return [
        (f"{name}, x {scale:g}", *own[:kept], *(scale * np.asarray(numbers) for numbers in own[kept:]))
        for scale in scales
        for name, *own in rows
    ]


# Boxes and anchors ----------------------------------------------------------------------------------------------------


def _pairs() -> Rows:
    edges: Rows = [(name, *pair) for name, pair in EDGES.items()]
    rows = _at((1.0,), edges) + _at((1e-6, 1e6), edges[::4])
    rows += [(f"pixels {i}", *pair) for i, pair in enumerate(PIXELS)]
    rows += [(f"random {i}", *pair) for i, pair in enumerate(oblong(6, seed=41))]
    rows += [(f"small and far from the origin {i}", *(12 * pair)) for i, pair in enumerate(oblong(4, 43, offset=150))]
    return [*rows, ("anchor too small to divide by", TARGET, (0.0, 0.0, 1e-30, 1e-30)), ("narrow box", *_NARROW)]


_NARROW = ((0.3, 0.2, 0.3001, 0.9), (0.1, 0.2, 900.3, 1.1))
_ANCHOR = np.asarray(TARGET)
_DELTAS: Rows = [
    ("no deltas", (0.0, 0.0, 0.0, 0.0), _ANCHOR),
    ("shifted", (0.3, -0.7, 0.0, 0.0), _ANCHOR),
    ("stretched", (0.0, 0.0, 0.6, -0.9), _ANCHOR),
    ("shifted and stretched", (-0.4, 0.2, -1.3, 0.8), _ANCHOR),
    ("of a second stage", (3.1, -1.7, 0.9, -4.3), _ANCHOR),
    ("edge at the origin", (0.25, -0.75, math.log(0.5), 0.5), (-1.0, -1.0, 1.0, 3.0)),
    ("shifted far", (700.0, -3000.0, 0.1, 0.2), _ANCHOR),
    ("hardly deltas", (1e-6, -1e-6, 1e-6, -1e-6), _ANCHOR),
    ("where sides may end", (0.1, 0.2, 2.0, 10.0), _ANCHOR),
    ("before sides end", (0.1, 0.2, 4.0, 1.9), _ANCHOR),
    ("beyond where sides end", (0.1, 0.2, 4.2, 21.0), _ANCHOR),
    ("far beyond where sides end", (-0.1, 0.2, 500.0, 1e4), _ANCHOR),
    ("far below", (0.1, 0.2, -500.0, -1e4), _ANCHOR),
    ("segment for anchor", (0.7, 0.3, 0.4, -0.2), (0.4, 0.1, 0.4, 0.7)),
    ("point for anchor", (0.7, 0.3, 0.4, -0.2), (0.4, 0.1, 0.4, 0.1)),
    ("inverted anchor", (0.7, 0.3, 0.4, -0.2), (1.3, 0.4, 0.6, 1.1)),
    ("inverted both ways", (0.7, 0.3, 5.0, -0.2), (1.1, 0.8, 0.4, 0.3)),
]


def _decoded() -> Rows:
    random = np.random.default_rng(47)
    deltas = random.normal(size=(12, 4))
    rows = _at(SCALES, _DELTAS, kept=1)
    rows += [(f"random {i}", deltas[i], pair[1]) for i, pair in enumerate(oblong(6, seed=53))]
    return rows + [(f"pixels {i}", deltas[6 + i], pair[1]) for i, pair in enumerate(PIXELS)]


# Points and boxes -----------------------------------------------------------------------------------------------------

_POINTED: Rows = [
    ("inside", (0.7, 0.5), TARGET),
    ("on a corner", (1.7, 0.2), TARGET),
    ("on a side", (0.3, 0.6), TARGET),
    ("outside across", (2.9, 0.6), TARGET),
    ("outside both ways", (-2.9, 3.6), TARGET),
    ("far away", (1e6, -1e6), TARGET),
    ("beside a far edge", (1.6999, 0.8999), TARGET),
    ("at the origin", (0.0, 0.0), TARGET),
    ("of a point", (0.7, 0.6), (0.7, 0.6, 0.7, 0.6)),
    ("of an inverted box", (0.7, 0.5), (1.1, 0.8, 0.4, 0.3)),
    ("at both ends of a limit", (5.0, 5.0), (5.0, -10.0, 20.0, 5.0)),
    ("beyond both ends of a limit", (5.0, 5.0), (6.0, -11.0, 21.0, 4.0)),
]


def _pointed() -> Rows:
    random = np.random.default_rng(59)
    rows = _at((1e-6, 1.0, 1e6), _POINTED)
    rows += [(f"random {i}", p, b) for i, (p, b) in enumerate(zip(random.uniform(-1, 2, (6, 2)), oblong(6, 61)[:, 0]))]
    return rows + [(f"pixels {i}", (203.0, 119.0), pair[0]) for i, pair in enumerate(PIXELS)]


_DISTANCES: Rows = [
    ("a box around", (0.7, 0.5), (0.4, 0.3, 1.0, 0.4)),
    ("no distances", (0.7, 0.5), (0.0, 0.0, 0.0, 0.0)),
    ("beside", (0.7, 0.5), (-0.4, 0.3, 1.0, 0.4)),
    ("inverted", (0.7, 0.5), (-0.4, -0.3, -1.0, -0.4)),
    ("an edge on the axis", (0.7, 0.5), (0.7, 0.5, 0.1, 0.2)),
    ("an edge beside the axis", (0.7, 0.5), (0.6999, 0.5001, -0.7001, 0.2)),
    ("far", (0.7, 0.5), (1e6, 0.3, 1e6, 0.4)),
    ("far from the origin", (1e6, -1e6), (0.4, 0.3, 1.0, 0.4)),
]


def _around() -> Rows:
    random = np.random.default_rng(67)
    own = zip(random.uniform(-1, 2, (6, 2)), random.uniform(0, 2, (6, 4)))
    return _at(SCALES, _DISTANCES) + [(f"random {i}", *pair) for i, pair in enumerate(own)]


# Boxes by themselves --------------------------------------------------------------------------------------------------


def _upright() -> Rows:
    edges: Rows = [(name, pair[0]) for name, pair in EDGES.items()]
    return _at(SCALES, edges[::2]) + [(f"pixels {i}", pair[0]) for i, pair in enumerate(PIXELS)]


_TURNED: Rows = [
    (f"{name}, turned by {angle:g}", (*box, angle))
    for name, box in (
        ("oblong", (1.0, 0.7, 1.5, 0.6)),
        ("thin", (0.5, 0.4, 1.0, 1e-3)),
        ("at the origin", (0.0, 0.0, 0.9, 2.1)),
        ("without height", (0.3, -0.7, 1.5, 0.0)),
    )
    for angle in (0.0, 0.3, math.pi / 2, -math.pi / 2, math.pi, -2.9, 1e-3)
]
_TURNED += [
    ("turned many times", (1.0, 0.7, 1.5, 0.6, 100.0)),
    ("a point", (1.0, 0.7, 0.0, 0.0, 0.4)),
    ("a side below 0", (1.0, 0.7, -1.5, 0.6, 0.4)),
    ("both sides below 0", (1.0, 0.7, -1.5, -0.6, 0.4)),
    ("corner at the origin", (0.5, 0.75, 1.0, 1.5, 0.0)),
]


def _rotated() -> Rows:
    scaled = [
        (f"{name}, x {scale:g}", (*(scale * x for x in box[:4]), box[4])) for scale in SCALES for name, box in _TURNED
    ]
    return [*scaled, *((f"far from the origin {i}", (640.0, 480.0, 3.0, 7.0, 0.7 * i)) for i in range(4))]


def _quadrilaterals() -> Rows:
    low_x, low_y, high_x, high_y = TARGET
    slanting = np.asarray(((0.3, 0.2), (1.3, 0.7), (0.9, 1.5), (-0.1, 1.0)))
    rows: Rows = [
        ("upright", ((low_x, low_y), (high_x, low_y), (high_x, high_y), (low_x, high_y))),
        ("upright, the other way round", ((low_x, low_y), (low_x, high_y), (high_x, high_y), (high_x, low_y))),
        ("slanting", slanting),
        ("slanting, the other way round", slanting[::-1]),
        ("slanting, far from the origin", slanting + 640),
        ("a kite", ((0.0, -0.3), (0.7, 0.9), (0.0, 1.7), (-0.7, 0.9))),
        ("not convex", ((0.0, 0.0), (2.1, -0.4), (0.6, 0.7), (-0.3, 2.2))),
        ("a segment", ((0.5, 0.3), (0.5, 1.3), (0.5, 1.3), (0.5, 0.3))),
        ("a point", ((0.5, 0.3),) * 4),
    ]
    random = np.random.default_rng(71)
    return _at(SCALES, rows) + [(f"random {i}", random.uniform(-1, 2, (4, 2))) for i in range(6)]


IMAGE = (1.5, 2.0)
"""Height and width; in pixels 320 times as much."""
_CUT: Rows = [
    ("within", (0.31, 0.23, 1.67, 0.89)),
    ("all of it", (0.0, 0.0, 2.0, 1.5)),
    ("around", (-0.3, -0.4, 2.3, 1.7)),
    ("over the left edge", (-0.3, 0.23, 0.71, 0.89)),
    ("over the top", (0.31, -0.4, 0.71, 0.89)),
    ("over the right edge", (0.31, 0.23, 2.3, 0.89)),
    ("over the bottom", (0.31, 0.23, 0.71, 1.9)),
    ("over a corner", (1.3, 1.2, 2.73, 1.9)),
    ("touching the left edge", (0.0, 0.23, 0.71, 0.89)),
    ("touching the bottom", (0.31, 0.23, 0.71, 1.5)),
    ("touching from outside", (-1.0, 0.25, 0.0, 0.75)),
    ("left of it", (-1.3, 0.23, -0.71, 0.89)),
    ("beyond a corner", (2.3, 1.7, 3.1, 2.9)),
    ("far away", (1e4, -1e4, 1e4, 1e4)),
    ("a point", (0.71, 0.6, 0.71, 0.6)),
    ("a point on a corner", (2.0, 1.5, 2.0, 1.5)),
    ("a point outside", (2.73, 1.6, 2.73, 1.6)),
    ("inverted", (1.1, 0.8, 0.4, 0.3)),
    ("inverted, over the edges", (2.3, 0.8, -0.4, 0.3)),
    ("within 1", (0.31, 0.23, 0.6, 0.71)),
    ("by its centre over two edges", (0.1, 1.4, 0.5, 0.71)),
    ("by its centre over all edges", (0.9, 0.6, 2.5, 3.5)),
    ("nearly nothing", (1e-6, 2e-6, 3e-6, 5e-6)),
]


def _cut() -> Rows:
    random = np.random.default_rng(73)
    return _CUT + [(f"random {i}", box) for i, box in enumerate(random.uniform(-0.5, 2.5, (8, 4)))]


# What each family is tried on -----------------------------------------------------------------------------------------


class Rowed(NamedTuple):
    """Arguments, hard rows of them, the numbers of eight ordinary ones, and a row of whole numbers."""

    arguments: tuple[Argument, ...]
    hard: Callable[[], Rows]
    ordinary: tuple[Any, ...]
    whole: tuple[Any, ...]


_SIDES = np.random.default_rng(79).uniform(0.2, 2.0, (8, 4))
_FIRST, _SECOND = np.moveaxis(oblong(8, seed=83), 1, 0)
_BOX, _OTHER = (1.0, 2.0, 6.0, 5.0), (3.0, 1.0, 7.0, 4.0)
_FOUR = np.stack([_FIRST[:, [0, 1]], _FIRST[:, [2, 1]], _FIRST[:, [2, 3]], _FIRST[:, [0, 3]]], axis=1)

ROWED = {
    "boxes": Rowed((BOXES,), _upright, (_FIRST,), (_BOX,)),
    "boxes and an image": Rowed((BOXES,), _cut, (2 * _FIRST,), ((1.0, -2.0, 3.0, 1.0),)),
    "turned boxes": Rowed(
        (TURNED,), _rotated, (np.concatenate([_SIDES, _FIRST[:, :1]], axis=1),), ((3.0, 1.0, 7.0, 4.0, 1.0),)
    ),
    "corners": Rowed(
        (CORNERS,),
        _quadrilaterals,
        (_FOUR + 0.1 * _SIDES[:, :, None],),
        (((1.0, 2.0), (6.0, 1.0), (7.0, 4.0), (2.0, 5.0)),),
    ),
    "boxes and anchors": Rowed((BOXES, ANCHORS), _pairs, (_FIRST, _SECOND), (_BOX, _OTHER)),
    "deltas and anchors": Rowed((DELTAS, ANCHORS), _decoded, (_SIDES - 1, _SECOND), ((2.0, -1.0, 1.0, 0.0), _OTHER)),
    "points and boxes": Rowed((POINTS, BOXES), _pointed, (_SIDES[:, :2], _SECOND), ((4.0, 2.0), _OTHER)),
    "points and distances": Rowed((POINTS, DISTANCES), _around, (_FIRST[:, :2], _SIDES), ((4.0, 2.0), _BOX)),
}


@cache
def edges(name: str, dtype: str) -> tuple[Inputs, ...]:
    """The hard rows whose numbers are finite in `dtype`, rounded to it."""
    return (Inputs.of(ROWED[name].arguments, ROWED[name].hard(), dtype),)


@cache
def ordinary(name: str, dtype: str) -> Inputs:
    rows = [(f"ordinary {i}", *numbers) for i, numbers in enumerate(zip(*ROWED[name].ordinary, strict=True))]
    return Inputs.of(ROWED[name].arguments, rows, dtype)
