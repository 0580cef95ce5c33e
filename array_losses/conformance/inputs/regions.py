"""Regions of 2 x 3 pixels, and a few of other sizes: what is predicted in each pixel, and what is there.

A region is tried alone, and as one of the classes of a sample; with and without a mask. Pixels that a mask or a label
leaves out hold NaN in some rows: nothing may come of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .rows import Argument, Inputs

Row = tuple[Any, ...]
"""A name, and the numbers of each argument by row and column of pixels, or by class, row and column."""
Groups = tuple[tuple[Row, ...], ...]
"""Rows of one size, the main ones first."""

MASK = Argument("mask", axes=2, role="flags", keyword=True)
CLASSES = 3


def grid(*numbers: float) -> Any:
    """Two rows of three."""
    return np.reshape(np.asarray(numbers, dtype=np.float64), (2, 3))


def _random(shape: tuple[int, ...], seed: int, hard: bool) -> tuple[Any, Any]:
    """Probabilities and targets."""
    p, t = np.random.default_rng(seed).uniform(0.02, 0.98, (2, *shape)).round(3)
    return p, np.where(t > 0.5, 1.0, 0.0) if hard else t


# Probabilities and targets --------------------------------------------------------------------------------------------

NONE, ALL = grid(0, 0, 0, 0, 0, 0), grid(1, 1, 1, 1, 1, 1)
HARD, ONE = grid(1, 0, 1, 0, 1, 0), grid(0, 0, 1, 0, 0, 0)
P = grid(0.9, 0.2, 0.65, 0.05, 0.7, 0.35)
SOFT = grid(0.8, 0.1, 0.3, 0.0, 1.0, 0.45)

OVERLAPS: Groups = (
    (
        ("soft against hard", P, HARD),
        ("perfect", HARD, HARD),
        ("all wrong", 1 - HARD, HARD),
        ("nothing there, nothing found", NONE, NONE),
        ("nothing there", P, NONE),
        ("nothing found", NONE, HARD),
        ("all there, all found", ALL, ALL),
        ("all there", P, ALL),
        ("all found", ALL, HARD),
        ("one pixel there", P, ONE),
        ("one pixel there and found", ONE, ONE),
        ("one pixel found", ONE, HARD),
        ("soft targets", P, SOFT),
        ("soft targets, equal", SOFT, SOFT),
        ("soft targets, one equal", grid(0.9, 0.1, 0.65, 0.05, 0.7, 0.35), SOFT),
        ("nearly perfect", np.where(HARD > 0, 1 - 2.0**-10, 2.0**-20), HARD),
        ("nearly all wrong", np.where(HARD > 0, 2.0**-20, 1 - 2.0**-10), HARD),
        ("a trace found", 1e-6 * P, HARD),
        ("a trace found, nothing there", 1e-12 * P, NONE),
        ("a trace of both", 1e-12 * P, 1e-12 * SOFT),
        *((f"random {seed}", *_random((2, 3), seed, hard=seed < 2)) for seed in range(4)),
    ),
    tuple((f"one pixel: {p:g} for {t:g}", [[p]], [[t]]) for p in (0.0, 0.3, 1.0) for t in (0.0, 1.0, 0.4)),
    tuple((f"4 x 5, random {seed}", *_random((4, 5), seed, hard=True)) for seed in range(10, 13)),
)
EIGHT_OVERLAPS = tuple((f"ordinary {i}", *_random((2, 3), 20 + i, hard=i % 4 > 0)) for i in range(24))
WHOLE_OVERLAP = (grid(1, 0, 1, 0, 1, 1), grid(1, 1, 0, 0, 1, 0))

# Logits and targets ---------------------------------------------------------------------------------------------------

X = grid(2.2, -1.4, 0.6, -2.9, 0.8, -0.7)
SIGNS = 2 * HARD - 1
TILT = grid(1, 0.9, 1.2, 1.1, 0.8, 1.3)
"""So that no two are equal."""

LOGITS: Groups = (
    (
        ("unsure", X, HARD),
        ("unsure, nothing there", X, NONE),
        ("unsure, all there", X, ALL),
        ("unsure, one pixel there", X, ONE),
        ("nothing known", NONE, HARD),
        *((f"right by {size:g}", size * SIGNS * TILT, HARD) for size in (0.3, 20.0, 1e4)),
        *((f"wrong by {size:g}", -size * SIGNS * TILT, HARD) for size in (0.3, 20.0, 1e4)),
        ("nothing there, nothing found", -20 * TILT, NONE),
        ("all there, all found", 20 * TILT, ALL),
        ("at the hinges", grid(1, -1, 1.5, -0.5, 2, -3), HARD),
        ("soft targets", X, SOFT),
        ("soft targets, sure", 20 * SIGNS * TILT, SOFT),
        *((f"random {seed}", 4 * p - 2, t) for seed in range(30, 34) for p, t in [_random((2, 3), seed, seed < 33)]),
    ),
    tuple((f"one pixel: {x:g} for {t:g}", [[x]], [[t]]) for x in (0.0, 0.3, -20.0) for t in (0.0, 1.0, 0.4)),
    tuple((f"4 x 5, random {s}", 4 * p - 2, t) for s in range(40, 43) for p, t in [_random((4, 5), s, hard=True)]),
)
EIGHT_LOGITS = tuple((name, (4 * p - 2).round(3), t) for name, p, t in EIGHT_OVERLAPS)
WHOLE_LOGITS = (grid(2, -1, 0, -3, 1, -2), WHOLE_OVERLAP[1])

# Distances to the border ----------------------------------------------------------------------------------------------

FAR = grid(-1, 0, 2, 3.5, -2.25, 0.5)
DISTANCES: Groups = (
    (
        ("ordinary", P, FAR),
        ("perfect", HARD, grid(-1, 1, -1, 1, 0, 2)),
        ("no border", P, NONE),
        ("nothing found", NONE, FAR),
        ("far", P, 1e4 * FAR),
        ("near", P, 1e-6 * FAR),
        *((f"random {s}", p, 8 * t - 4) for s in range(50, 54) for p, t in [_random((2, 3), s, hard=False)]),
    ),
    (("one pixel", [[0.3]], [[-1.5]]),),
)
EIGHT_DISTANCES = tuple((name, p, (8 * t - 4).round(3)) for name, p, t in EIGHT_OVERLAPS)
WHOLE_DISTANCES = (WHOLE_OVERLAP[0], grid(-1, 0, 2, 3, -2, 1))

NEAR, OTHER = np.abs(FAR), grid(1, 2, 0, 0, 1.5, 4)
DISTANCE_PAIRS: Groups = (
    tuple((name, p, t, a, b) for name, p, t in OVERLAPS[0] for a, b in [(NEAR, OTHER)])[::2]
    + (("far", P, HARD, 1e3 * NEAR, 1e-3 * OTHER), ("no border", P, HARD, NONE, NONE)),
    (("one pixel", [[0.3]], [[1.0]], [[2.0]], [[0.5]]),),
)
EIGHT_DISTANCE_PAIRS = tuple(
    (name, p, t, (9 * q).round(3), (7 * u).round(3))
    for i, (name, p, t) in enumerate(EIGHT_OVERLAPS)
    for q, u in [_random((2, 3), 60 + i, hard=False)]
)
WHOLE_DISTANCE_PAIRS = (*WHOLE_OVERLAP, grid(1, 0, 2, 3, 2, 1), grid(0, 2, 1, 1, 3, 4))


# Classes and masks ----------------------------------------------------------------------------------------------------


def of_classes(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Samples of three classes, each with the numbers of one row."""
    found = []
    for first in range(0, len(rows) - CLASSES + 1, CLASSES - 1):
        names, *entries = zip(*rows[first : first + CLASSES], strict=True)
        found.append(("; ".join(names), *(np.asarray(entry) for entry in entries)))
    return tuple(found)


def masked(rows: Sequence[Row], real: int | None = None) -> tuple[Row, ...]:
    """Every row with a mask, and by turns NaN outside of it, in the first `real` entries or in all."""
    found: list[Row] = []
    for turn, (name, *entries) in enumerate(rows):
        shape = np.shape(entries[0])[-2:]
        mask = ((np.arange(shape[0] * shape[1]) * 3 + turn) % 4 > 0).reshape(shape) | (turn % 4 == 1)
        found.append((name, *_hidden(entries, mask, real if turn % 2 else 0), mask))
    name, *entries = rows[0]
    nowhere = np.zeros(np.shape(entries[0])[-2:], dtype=bool)
    return (*found, ("nothing inside the mask", *_hidden(entries, nowhere, real), nowhere))


def _hidden(entries: Sequence[Any], mask: Any, real: int | None) -> list[Any]:
    return [np.where(mask, x, np.nan) if real is None or k < real else x for k, x in enumerate(entries)]


def arguments(names: Sequence[str], classes: bool, mask: bool) -> tuple[Argument, ...]:
    return (*(Argument(name, axes=3 if classes else 2) for name in names), *([MASK] if mask else []))


class Tried(NamedTuple):
    """What some functions are tried on: every hard row, many ordinary ones, and one of whole numbers."""

    edges: Groups
    ordinary: Sequence[Row]
    whole: tuple[Any, ...]


TRIED = {
    "overlaps": Tried(OVERLAPS, EIGHT_OVERLAPS, WHOLE_OVERLAP),
    "logits": Tried(LOGITS, EIGHT_LOGITS, WHOLE_LOGITS),
    "distances": Tried(DISTANCES, EIGHT_DISTANCES, WHOLE_DISTANCES),
    "pairs of distances": Tried(DISTANCE_PAIRS, EIGHT_DISTANCE_PAIRS, WHOLE_DISTANCE_PAIRS),
}


@cache
def edges(tried: str, given: tuple[Argument, ...], dtype: str) -> tuple[Inputs, ...]:
    """The hard rows, of single regions or of samples of classes, with masks if one is taken."""
    found = []
    for group in TRIED[tried].edges:
        rows = of_classes(group) if given[0].axes == 3 else group
        if rows:
            found.append(Inputs.of(given, masked(rows) if MASK in given else rows, dtype))
    return tuple(found)


@cache
def ordinary(tried: str, given: tuple[Argument, ...], dtype: str) -> Inputs:
    """Eight rows; their masks leave the first two pixels in."""
    rows = TRIED[tried].ordinary
    rows = (of_classes(rows) if given[0].axes == 3 else rows)[:8]
    if MASK in given:
        rows = [(*row, np.asarray([[True, True, i % 2 > 0], [i % 3 > 0, True, False]])) for i, row in enumerate(rows)]
    return Inputs.of(given, [(f"ordinary {i}", *row[1:]) for i, row in enumerate(rows)], dtype)


def whole(tried: str, given: tuple[Argument, ...]) -> tuple[Any, ...]:
    """A row of whole numbers, which all classes share."""
    entries = TRIED[tried].whole
    if given[0].axes == 3:
        entries = tuple(np.stack([entry, entry[::-1], entry]) for entry in entries)
    return (*entries, grid(1, 1, 0, 1, 1, 1)) if MASK in given else entries
