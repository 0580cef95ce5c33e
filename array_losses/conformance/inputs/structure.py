"""Images whose pixels count by where they lie: strokes with a skeleton, pictures under windows, in 2 and 3 dimensions.

The least and the largest of pixels that are equal share a slope in an order that is nobody's promise: where a slope is
looked at no two numbers are equal, and where all are 0 and 1 none is.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .regions import MASK
from .rows import Argument, Inputs

Row = tuple[Any, ...]


def _distinct(shape: tuple[int, ...], seed: int) -> Any:
    """Numbers between 0 and 1, no two of them near each other."""
    count = int(np.prod(shape))
    return (np.random.default_rng(seed).permutation(count).reshape(shape) + 0.5) / 2 ** int(np.ceil(np.log2(count)))


def _stroke(shape: tuple[int, ...], width: int) -> Any:
    """A bar along the last axis."""
    found = np.zeros(shape)
    middle = shape[-2] // 2
    found[..., middle : middle + width, 1:] = 1.0
    return found


FLAT, DEEP, LARGE = (4, 5), (3, 4, 4), (11, 12)


def strokes(shape: tuple[int, ...]) -> list[Row]:
    """No two pixels are equal; a stroke is brighter than what is around it."""
    found: list[Row] = []
    for seed in range(8):
        p, t = _distinct(shape, 100 + seed), _distinct(shape, 120 + seed)
        if seed % 2:
            stroke = _stroke(shape, 1 + seed // 4)
            p, t = 0.5 * (p + stroke), 0.25 * t + 0.75 * stroke
        found.append((f"ordinary {seed}", p, t))
    return found


def certain(shape: tuple[int, ...]) -> list[Row]:
    """Nothing but 0 and 1."""
    nothing, everything, thin, thick = np.zeros(shape), np.ones(shape), _stroke(shape, 1), _stroke(shape, 2)
    pairs = {
        "equal": (thick, thick),
        "too thick": (thick, thin),
        "too thin": (thin, thick),
        "apart": (thin, np.roll(thin, 2, axis=-2)),
        "nothing there, nothing found": (nothing, nothing),
        "nothing there": (thin, nothing),
        "nothing found": (nothing, thin),
        "all there, all found": (everything, everything),
        "all there": (thin, everything),
    }
    return [(name, *pair) for name, pair in pairs.items()]


def pictures(shape: tuple[int, ...]) -> list[Row]:
    random = np.random.default_rng(140)
    found: list[Row] = []
    for turn in range(8):
        x = random.uniform(0.05, 0.95, shape).round(3)
        noise = random.normal(0, (0.02, 0.2)[turn % 2], shape).round(3)
        found.append((f"ordinary {turn}", x, np.clip(x + noise, 0, 1)))
    return found


def hard_pictures(shape: tuple[int, ...]) -> list[Row]:
    (_, x, y), *_ = pictures(shape)
    return [
        ("noise", x, y),
        ("equal", x, x),
        ("opposite", x, 1 - x),
        ("black", np.zeros(shape), np.zeros(shape)),
        ("white and black", np.ones(shape), np.zeros(shape)),
        ("even, equal", np.full(shape, 0.7), np.full(shape, 0.7)),
        ("even, brighter", np.full(shape, 0.7), np.full(shape, 0.5)),
        ("darker", x, 0.5 * x),
        ("hardly any contrast", 0.5 + 1e-3 * x, 0.5 + 1e-3 * y),
        ("one bright pixel", _bright(shape), np.zeros(shape)),
    ]


def _bright(shape: tuple[int, ...]) -> Any:
    found = np.zeros(shape)
    found[tuple(side // 2 for side in shape)] = 1.0
    return found


ROWS = {"strokes": (strokes, strokes), "certain": (certain, certain), "pictures": (hard_pictures, pictures)}


def whole(shape: tuple[int, ...]) -> Any:
    """Zeros and ones."""
    return (np.arange(np.prod(shape)).reshape(shape) % 3 > 0).astype(float)


@cache
def edges(tried: str, shape: tuple[int, ...], given: tuple[Argument, ...], dtype: str) -> tuple[Inputs, ...]:
    return (Inputs.of(given, _masked(ROWS[tried][0](shape), given), dtype),)


@cache
def ordinary(tried: str, shape: tuple[int, ...], given: tuple[Argument, ...], dtype: str) -> Inputs:
    return Inputs.of(given, _masked(ROWS[tried][1](shape)[:8], given), dtype)


def _masked(rows: list[Row], given: tuple[Argument, ...]) -> list[Row]:
    if MASK not in given:
        return rows
    found: list[Row] = []
    for turn, (name, *entries) in enumerate(rows):
        mask = np.ones(np.shape(entries[0]), dtype=bool)
        mask[..., -1 - turn % 2 :] = False
        found.append((name, *entries, mask))
    return found
