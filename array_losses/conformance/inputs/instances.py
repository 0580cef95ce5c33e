"""Samples of 2 x 4 pixels with up to three instances: an embedding each pixel, or an offset, a size and a seed."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .rows import Argument, Inputs

Row = tuple[Any, ...]

EMBEDDINGS = Argument("embeddings", axes=3)
MASKS = Argument("masks", axes=3, role="flags")
OFFSETS = Argument("offsets", axes=3)
SIGMAS = Argument("sigmas", axes=3)
SEEDS = Argument("seeds", axes=2)
COORDINATES = Argument("coordinates", axes=3, shared=True)
HINGE = (EMBEDDINGS, MASKS)
SPATIAL = (OFFSETS, SIGMAS, SEEDS, MASKS, COORDINATES)


def _masks(*labels: int) -> Any:
    """Masks of the instances 0, 1 and 2; other numbers are background."""
    return np.arange(3)[:, None, None] == np.reshape(labels, (2, 4))


INSTANCES = {
    "three": _masks(0, 0, 1, 1, 0, 2, 2, 1),
    "one of a single pixel": _masks(0, 0, 1, 9, 0, 9, 2, 2),
    "one empty": _masks(0, 0, 9, 0, 2, 2, 9, 9),
    "one that is everything": _masks(1, 1, 1, 1, 1, 1, 1, 1),
    "none": _masks(9, 9, 9, 9, 9, 9, 9, 9),
    "overlapping": _masks(0, 0, 1, 1, 0, 2, 2, 1) | _masks(1, 0, 0, 1, 9, 9, 2, 1),
}
GRID = np.stack(np.meshgrid(np.linspace(0, 0.5, 2), np.linspace(0, 1.5, 4), indexing="ij"))


def _random(entries: int, seed: int, size: float = 1.0) -> Any:
    return np.random.default_rng(seed).normal(0, size, (entries, 2, 4)).round(3)


HINGE_ROWS: tuple[Row, ...] = (
    *((name, _random(2, 200 + i), masks) for i, (name, masks) in enumerate(INSTANCES.items())),
    ("within the margin", 0.01 * _random(2, 210), INSTANCES["three"]),
    ("all equal", np.full((2, 2, 4), 0.75), INSTANCES["three"]),
    ("far apart", 1e4 * _random(2, 211), INSTANCES["three"]),
)
EIGHT_HINGE = tuple((f"ordinary {i}", _random(2, 220 + i), INSTANCES["three"]) for i in range(8))


def _spatial(sigmas: int, seed: int, spread: float = 1.0) -> tuple[Any, Any, Any]:
    return _random(2, seed, 0.3), 0.15 + _random(sigmas, seed + 50, 0.1 * spread), _random(1, seed + 100, 1.5)[0]


def spatial_rows(sigmas: int) -> tuple[Row, ...]:
    o, s, x = _spatial(sigmas, 250)
    return (
        *((name, *_spatial(sigmas, 260 + i), masks) for i, (name, masks) in enumerate(INSTANCES.items())),
        ("one size", o, np.full_like(s, 0.25), x, INSTANCES["three"]),
        ("far beyond the largest size", o, s + 20.0, x, INSTANCES["three"]),
        ("far below the least size", o, s - 20.0, x, INSTANCES["three"]),
        ("far offsets", 20.0 * o, s, x, INSTANCES["three"]),
        ("sure seeds", o, s, np.where(INSTANCES["one empty"].any(axis=0), 20.0, -20.0), INSTANCES["one empty"]),
        ("sure and wrong seeds", o, s, np.where(INSTANCES["one empty"].any(axis=0), -88.0, 88.0), INSTANCES["none"]),
    )


@cache
def hinge(dtype: str) -> tuple[Inputs, ...]:
    return (Inputs.of(HINGE, HINGE_ROWS, dtype),)


@cache
def ordinary_hinge(dtype: str) -> Inputs:
    return Inputs.of(HINGE, EIGHT_HINGE, dtype)


@cache
def spatial(sigmas: int, dtype: str) -> tuple[Inputs, ...]:
    return (Inputs.of(SPATIAL, spatial_rows(sigmas), dtype, GRID),)


@cache
def ordinary_spatial(sigmas: int, dtype: str) -> Inputs:
    rows = [(f"ordinary {i}", *_spatial(sigmas, 300 + i), INSTANCES["one empty"]) for i in range(8)]
    return Inputs.of(SPATIAL, rows, dtype, GRID)


WHOLE_HINGE = (np.asarray([[[1, 3, 0, 2], [5, 1, 2, 4]], [[0, 2, 1, 1], [1, 0, 3, 2]]]), INSTANCES["three"])
WHOLE_SPATIAL = (
    np.asarray([[[1, 0, -1, 0], [0, 1, 0, 0]], [[0, 0, 1, -1], [0, 0, 0, 1]]]),
    np.zeros((1, 2, 4)),
    np.asarray([[1, -1, 0, 2], [0, 1, -2, 0]]),
    INSTANCES["three"],
    np.asarray([[[0, 0, 0, 0], [1, 1, 1, 1]], [[0, 1, 2, 3], [0, 1, 2, 3]]]),
)
