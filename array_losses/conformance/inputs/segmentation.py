"""Samples of 2 x 3 pixels: scores of the classes in each pixel, with class indices or with class probabilities.

Pixels that are ignored, and those outside of a mask, hold NaN for scores in some samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from .classes import CLASS_WEIGHTS
from .regions import MASK, Row, masked
from .rows import Argument, Inputs

LOGITS = Argument("logits", axes=3, relative=True)
INDICES = Argument("labels", axes=2, role="labels")
PROBABILITIES = Argument("labels", axes=3)
WEIGHTS = {1: (2.0,), 2: (0.5, 3.0), 3: (0.5, 2.0, 1.25)}

LABELS = np.asarray([[0, 2, 1], [1, 0, 2]])


def _random(classes: int, shape: tuple[int, int], seed: int) -> tuple[Any, Any]:
    """Scores that every dtype holds, so that all have one exact answer, and labels."""
    random = np.random.default_rng(seed)
    return np.round(random.normal(0, 1.7, (classes, *shape)) * 16) / 16, random.integers(0, classes, shape)


X, _ = _random(3, (2, 3), seed=71)


def _towards(labels: Any, size: float) -> Any:
    """Scores that are sure of these labels."""
    return size * (np.arange(3)[:, None, None] == labels) + 0.25 * X


ROWS: tuple[tuple[Row, ...], ...] = (
    (
        ("unsure", X, LABELS),
        ("nothing known", np.zeros((3, 2, 3)), LABELS),
        ("one class absent", X, np.asarray([[0, 1, 1], [1, 0, 0]])),
        ("one class only", X, np.full((2, 3), 1)),
        ("right by 3", _towards(LABELS, 3.0), LABELS),
        ("wrong by 3", _towards((LABELS + 1) % 3, 3.0), LABELS),
        *((f"sure, right by {size:g}", _towards(LABELS, size), LABELS) for size in (20.0, 1e4)),
        *((f"sure, wrong by {size:g}", _towards((LABELS + 1) % 3, size), LABELS) for size in (20.0, 1e4)),
        ("sure, absent and not predicted", _towards(np.minimum(LABELS, 1), 20.0), np.minimum(LABELS, 1)),
        ("large in common", X + 1000.0, LABELS),
        *((f"random {seed}", *_random(3, (2, 3), seed)) for seed in range(72, 75)),
    ),
    tuple((f"one pixel, label {y}", [[[0.3]], [[-1.1]]], [[y]]) for y in (0, 1)),
    (("one class", X[:1], LABELS * 0),),
    tuple((f"4 x 5, random {seed}", *_random(3, (4, 5), seed)) for seed in range(76, 77)),
)
OUTSIDE = (-100, 255, 3, -1)
EIGHT = tuple(
    (f"ordinary {i}", x, labels if i % 3 else np.minimum(labels, 1))
    for i in range(8)
    for x, labels in [_random(3, (2, 3), 80 + i)]
)
WHOLE_SCORES = np.asarray([[[1, -2, 0], [3, 2, 0]], [[0, 1, 2], [-1, 0, 1]], [[2, 0, -1], [1, 1, 3]]])


def ignored(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Every sample, and every other once more with pixels that are ignored; one of which all are."""
    found: list[Row] = list(rows)
    for turn, (name, x, labels) in enumerate(rows[::2]):
        away = (np.arange(np.size(labels)) + turn).reshape(np.shape(labels)) % 3 == 0
        hidden = np.where(away, np.nan, x) if turn % 2 else x
        found.append((f"{name}, some ignored", hidden, np.where(away, OUTSIDE[turn % 4], labels)))
    name, x, labels = rows[0]
    return (*found, (f"{name}, all ignored", np.full_like(np.asarray(x), np.nan), np.full_like(labels, 255)))


def _soft(x: Any, labels: Any, turn: int) -> Any:
    """By turns all on the label, mostly on it, spread out."""
    classes = np.shape(x)[0]
    certain = (np.arange(classes)[:, None, None] == np.asarray(labels)).astype(float)
    if turn % 3 == 0:
        return certain
    if turn % 3 == 1:
        return 0.75 * certain + 0.25 / classes
    spread = np.random.default_rng(turn).dirichlet(np.ones(classes), np.shape(labels)).round(4)
    return np.moveaxis(spread, -1, 0)


def with_probabilities(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple((name, x, _soft(x, labels, turn)) for turn, (name, x, labels) in enumerate(rows))


@cache
def edges(given: tuple[Argument, ...], mild: bool, dtype: str) -> tuple[Inputs, ...]:
    """The hard rows; mild, those of three classes of which none is sure."""
    groups = []
    for group in ROWS:
        if mild and len(group[0][1]) != 3:
            continue
        kept = [row for row in group if not (mild and row[0].startswith("sure"))]
        rows = with_probabilities(kept) if PROBABILITIES in given else ignored(kept)
        rows = masked(rows, real=1) if MASK in given else rows
        groups.append(Inputs.of(given, rows, dtype, *_shared(given, len(group[0][1]))))
    return tuple(groups)


def _shared(given: tuple[Argument, ...], classes: int) -> list[tuple[float, ...]]:
    return [WEIGHTS[classes]] if CLASS_WEIGHTS in given else []


@cache
def ordinary(given: tuple[Argument, ...], dtype: str) -> Inputs:
    """Eight rows; their masks leave the first two pixels in."""
    rows = with_probabilities(EIGHT) if PROBABILITIES in given else EIGHT
    if MASK in given:
        rows = tuple((*row, np.asarray([[1, 1, i % 2], [i % 3 > 0, 1, 0]])) for i, row in enumerate(rows))
    return Inputs.of(given, rows, dtype, *_shared(given, 3))


def whole(given: tuple[Argument, ...]) -> tuple[Any, ...]:
    """A row of whole numbers."""
    labels = _soft(WHOLE_SCORES, LABELS, 0) if PROBABILITIES in given else LABELS
    mask = [np.asarray([[1, 1, 0], [1, 1, 1]])] if MASK in given else []
    return (WHOLE_SCORES, labels, *mask, *_shared(given, 3))
