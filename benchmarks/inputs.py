"""The boxes of every race: float32, seeded, the same for all contestants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type_boxes = NDArray[np.float32]

IMAGE = 640.0  # side of the imagined image, in pixels
STEP = 1 / 32  # of the pixel; see `_corners`


def matched_boxes(rows: int, seed: int = 0) -> tuple[type_boxes, type_boxes]:
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


def two_sets(size: tuple[int, int], seed: int = 0) -> tuple[type_boxes, type_boxes]:
    """Two sets of boxes for a table, of shapes (N, 4) and (M, 4)."""
    return matched_boxes(size[0], seed)[0], matched_boxes(size[1], seed + 1)[1]


def _corners(centre: NDArray[np.float64], side: NDArray[np.float64], shift: float) -> type_boxes:
    """Corners on a grid of `STEP`, at least one pixel apart.

    The shift of half a step between predictions and targets keeps their edges from ever coinciding. There the
    slope is a convention, and peers need not share it.
    """
    low = np.floor((centre - side / 2) / STEP) * STEP
    high = low + np.maximum(np.round(side / STEP) * STEP, 1.0)
    return (np.concatenate((low, high), axis=1) + shift).astype(np.float32)
