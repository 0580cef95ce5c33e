"""The inputs of every race: float32 and integer labels, seeded, the same for all contestants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type_floats = NDArray[np.float32]
type_labels = NDArray[np.int64]

IMAGE = 640.0  # side of the imagined image, in pixels
STEP = 1 / 32  # of the pixel; see `_corners`

POSITIVE = 0.01  # share of ones among the targets of a dense classifier
SPREAD = 2.0  # standard deviation of logits


def matched_boxes(rows: int, seed: int = 0) -> tuple[type_floats, type_floats]:
    """Predictions and their targets, two arrays of shape (rows, 4).

    A prediction is its target moved by about 15 pixels and stretched by about 30 percent, so that large boxes
    overlap well and small ones often not at all.
    """
    draw = np.random.default_rng(seed)
    centre = draw.uniform(0, IMAGE, (rows, 2))
    side = draw.uniform(5, 105, (rows, 2))
    moved = centre + draw.normal(0, 15, (rows, 2))
    stretched = side * np.abs(draw.normal(1, 0.3, (rows, 2)))
    return _corners(moved, stretched, shift=0.0), _corners(centre, side, shift=STEP / 2)


def two_sets(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Two sets of boxes for a table, of shapes (N, 4) and (M, 4)."""
    return matched_boxes(size[0], seed)[0], matched_boxes(size[1], seed + 1)[1]


def binary(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Logits and their targets, 0 or (one in a hundred) 1."""
    draw = np.random.default_rng(seed)
    logits = SPREAD * draw.standard_normal(size, dtype=np.float32)
    return logits, (draw.random(size, dtype=np.float32) < POSITIVE).astype(np.float32)


def labelled(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_labels]:
    """Logits over the last axis and the index of the right class of each row."""
    draw = np.random.default_rng(seed)
    logits = SPREAD * draw.standard_normal(size, dtype=np.float32)
    return logits, draw.integers(0, size[-1], size[:-1])


def distributions(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Logits over bins in the last axis, and where between the bins each row's target lies.

    No target comes near the last bin: ultralytics moves those to 0.01 below it, in place. Nor does one lie on a
    bin, where the slope is a convention.
    """
    draw = np.random.default_rng(seed)
    logits = SPREAD * draw.standard_normal(size, dtype=np.float32)
    bins = draw.integers(0, size[-1] - 1, size[:-1])
    return logits, (bins + draw.uniform(0.05, 0.95, size[:-1])).astype(np.float32)


def numbers(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Predictions and their targets, about half of them less than 1 apart."""
    draw = np.random.default_rng(seed)
    target = 10 * draw.standard_normal(size, dtype=np.float32)
    return target + 1.5 * draw.standard_normal(size, dtype=np.float32), target


def _corners(centre: NDArray[np.float64], side: NDArray[np.float64], shift: float) -> type_floats:
    """Corners on a grid of `STEP`, at least one pixel apart.

    The shift of half a step between predictions and targets keeps their edges from ever coinciding. There the
    slope is a convention, and peers need not share it.
    """
    low = np.floor((centre - side / 2) / STEP) * STEP
    high = low + np.maximum(np.round(side / STEP) * STEP, 1.0)
    return (np.concatenate((low, high), axis=1) + shift).astype(np.float32)
