"""Pairs of boxes: every way of touching, degenerate and inverted boxes at three scales; random; real."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..ulp import Floats
from .rows import Argument, Inputs

BOXES = (Argument("pred", axes=1), Argument("target", axes=1))
MEAN = Argument("mean", role="constant", keyword=True, shared=True)

Pair = tuple[tuple[float, float, float, float], tuple[float, float, float, float]]

SCALES = (1e-6, 1.0, 1e6)

TARGET = (0.3, 0.2, 1.7, 0.9)
"""An oblong box whose coordinates are not dyadic, so that every subtraction rounds."""

EDGES: dict[str, Pair] = {
    "identical": (TARGET, TARGET),
    "identical squares": ((0.1, 0.1, 0.7, 0.7), (0.1, 0.1, 0.7, 0.7)),
    "same shape, shifted": ((0.4, 0.3, 1.8, 1.0), TARGET),
    "touching side": ((1.7, 0.3, 2.4, 0.8), TARGET),
    "touching top": ((0.5, 0.9, 1.1, 2.3), TARGET),
    "touching corner": ((1.7, 0.9, 2.1, 2.6), TARGET),
    "hardly overlapping": ((1.6999, 0.8999, 2.1, 2.6), TARGET),
    "contained": ((0.6, 0.4, 0.9, 0.8), TARGET),
    "containing": ((-0.4, 0.1, 2.3, 1.9), TARGET),
    "contained, same centre": ((0.65, 0.375, 1.35, 0.725), TARGET),
    "shared left side": ((0.3, 0.1, 1.1, 1.4), TARGET),
    "shared left and top": ((0.3, 0.2, 0.8, 1.3), TARGET),
    "shared left and right": ((0.3, 0.4, 1.7, 1.6), TARGET),
    "shared three sides": ((0.3, 0.2, 1.7, 1.3), TARGET),
    "disjoint across": ((2.1, 0.3, 3.6, 0.7), TARGET),
    "disjoint down": ((0.2, 1.4, 1.3, 3.8), TARGET),
    "disjoint both ways": ((-2.3, -1.9, -0.6, -1.1), TARGET),
    "disjoint, in line": ((2.2, 0.2, 3.1, 0.9), TARGET),
    "far across": ((1e6, 0.1, 1e6 + 1, 1.3), TARGET),
    "far both ways": ((-1e6, 1e6, 1 - 1e6, 1e6 + 2), TARGET),
    "hair's breadth": ((0.2, 0.1, 0.201, 30.1), (0.1, 0.3, 9.1, 0.303)),
    "vertical segment inside": ((0.8, 0.3, 0.8, 0.7), TARGET),
    "horizontal segment inside": ((0.5, 0.6, 1.2, 0.6), TARGET),
    "segment on the side": ((0.3, 0.4, 0.3, 0.7), TARGET),
    "segment for target": ((0.1, 0.3, 1.1, 0.8), (0.6, 0.2, 0.6, 0.9)),
    "segments on one line": ((0.1, 0.4, 0.7, 0.4), (0.5, 0.4, 1.3, 0.4)),
    "segments apart on one line": ((0.4, 0.1, 0.4, 0.7), (0.4, 0.9, 0.4, 1.6)),
    "identical segments": ((0.4, 0.1, 0.4, 0.7), (0.4, 0.1, 0.4, 0.7)),
    "crossing segments": ((0.4, 0.1, 0.4, 0.7), (0.2, 0.5, 1.3, 0.5)),
    "point inside": ((0.7, 0.6, 0.7, 0.6), TARGET),
    "point outside": ((2.7, 1.6, 2.7, 1.6), TARGET),
    "point on a corner": ((1.7, 0.9, 1.7, 0.9), TARGET),
    "point for target": ((0.1, 0.3, 1.1, 0.8), (0.6, 0.4, 0.6, 0.4)),
    "same point": ((0.7, 0.6, 0.7, 0.6), (0.7, 0.6, 0.7, 0.6)),
    "points on one line": ((0.7, 0.6, 0.7, 0.6), (1.2, 0.6, 1.2, 0.6)),
    "two points": ((0.7, 0.6, 0.7, 0.6), (1.2, 0.3, 1.2, 0.3)),
    "point and segment": ((0.7, 0.6, 0.7, 0.6), (0.1, 0.6, 1.2, 0.6)),
    "inverted across": ((1.3, 0.4, 0.6, 1.1), TARGET),
    "inverted down": ((0.6, 1.3, 1.9, 0.5), TARGET),
    "inverted both ways": ((1.1, 0.8, 0.4, 0.3), TARGET),
    "inverted, outside": ((2.9, 2.3, 2.2, 1.8), TARGET),
    "inverted target": ((0.2, 0.1, 1.2, 0.8), (0.9, 0.6, 0.5, 0.3)),
    "both inverted": ((1.1, 0.8, 0.4, 0.3), (0.9, 0.7, 0.2, 0.1)),
    "inverted, identical": ((1.1, 0.8, 0.4, 0.3), (1.1, 0.8, 0.4, 0.3)),
    "inverted, point at its start": ((1.1, 0.8, 0.4, 0.3), (1.1, 0.8, 1.1, 0.8)),
    "inverted beside the origin": ((0.0, 0.0, -1.0, -2.0), TARGET),
    "half overlap": ((-1.0, -1.0, 1.0, 1.0), (0.0, -1.0, 1.0, 1.0)),
}

PIXELS: tuple[Pair, ...] = (  # detections and annotations of PASCAL VOC 2012
    ((162.0, 96.0, 351.0, 341.0), (174.0, 101.0, 349.0, 351.0)),
    ((104.0, 83.0, 379.0, 182.0), (104.0, 78.0, 375.0, 183.0)),
    ((129.0, 90.0, 200.0, 113.0), (133.0, 88.0, 197.0, 123.0)),
    ((195.0, 175.0, 209.0, 238.0), (195.0, 180.0, 213.0, 229.0)),
    ((10.0, 97.0, 494.0, 249.0), (9.0, 107.0, 499.0, 263.0)),
    ((375.0, 203.0, 416.0, 224.0), (325.0, 188.0, 411.0, 223.0)),
)


def oblong(count: int, seed: int, offset: float = 0.0) -> Floats:
    """Random pairs of oblong boxes near each other, of shape (count, 2, 4); most overlap, some do not."""
    random = np.random.default_rng(seed)
    centre = offset + random.uniform(0, 1, (count, 1, 2)) + random.normal(0, 0.2, (count, 2, 2))
    half = 0.5 * np.exp(random.uniform(-1.6, 0.4, (count, 2, 2)))
    return np.concatenate((centre - half, centre + half), axis=-1)


@cache
def edges(dtype: str) -> tuple[Inputs, ...]:
    """Every pair whose coordinates are finite in `dtype`, rounded to it."""
    rows: list[tuple[str, Floats]] = []
    for scale in SCALES:
        rows += [(f"{name}, x {scale:g}", scale * np.asarray(pair)) for name, pair in EDGES.items()]
        rows += [(f"random {i}, x {scale:g}", scale * pair) for i, pair in enumerate(oblong(12, seed=7))]
    rows += [(f"pixels {i}", np.asarray(pair)) for i, pair in enumerate(PIXELS)]
    rows += [(f"image corner {i}", 640 * pair) for i, pair in enumerate(oblong(6, seed=11, offset=3))]
    rows += [(f"small and far from the origin {i}", 12 * pair) for i, pair in enumerate(oblong(6, seed=13, offset=150))]
    return (Inputs.of(BOXES, [(name, *pair) for name, pair in rows], dtype),)


@cache
def ordinary(dtype: str) -> Inputs:
    """Eight ordinary pairs, most overlapping: for checks of everything that is not the formula."""
    return Inputs.of(BOXES, [(f"ordinary {i}", *pair) for i, pair in enumerate(oblong(8, seed=3))], dtype)


RUNNING = 0.625
"""The mean of 1 - IoU of batches before."""


@cache
def edges_of_batch(dtype: str) -> tuple[Inputs, ...]:
    """The same pairs, and a running mean."""
    (main,) = edges(dtype)
    return (_with_mean(main, dtype),)


@cache
def ordinary_batch(dtype: str) -> Inputs:
    return _with_mean(ordinary(dtype), dtype)


def _with_mean(pairs: Inputs, dtype: str) -> Inputs:
    rows = [(pairs.names[i], *pairs.row(i)) for i in range(len(pairs))]
    return Inputs.of((*BOXES, MEAN), rows, dtype, RUNNING)


WHOLE = ((1.0, 2.0, 6.0, 5.0), (3.0, 1.0, 7.0, 4.0))
