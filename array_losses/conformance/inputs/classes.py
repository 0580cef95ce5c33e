"""Rows of class scores with class indices or class probabilities: 5 classes, and a few rows of 1, 2 and 10."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from .rows import Argument, Inputs

LOGITS = Argument("logits", axes=1, relative=True)
SCORES = Argument("scores", axes=1, relative=True)
LABELS = Argument("labels", role="labels")
SOFT_LABELS = Argument("labels", axes=1)
CLASS_WEIGHTS = Argument("class_weights", axes=1, keyword=True, shared=True)
WEIGHTS = {1: (2.0,), 2: (0.5, 3.0), 5: (0.5, 1.0, 2.0, 0.25, 1.5), 10: tuple(0.25 * k + 0.5 for k in range(10))}

NAN = (np.nan,) * 5
INF = np.inf

ROWS: tuple[tuple[str, tuple[float, ...], int], ...] = (
    ("all 0", (0.0, 0.0, 0.0, 0.0, 0.0), 3),
    ("ramp", (-1.0, -0.5, 0.25, 0.75, 1.5), 2),
    ("two share the top, one of them right", (0.3, 1.7, -0.4, 1.7, 0.2), 1),
    ("two share the top, both wrong", (0.3, 1.7, -0.4, 1.7, 0.2), 4),
    ("one less than the top", (0.0, 1.0, -3.0, -3.0, -3.0), 1),
    ("apart by hairs", (1e-6, 0.0, -1e-6, 3e-6, 2e-6), 0),
    ("large in common", (9990.0, 9992.0, 9999.0, 9984.0, 9998.0), 4),
    *((f"right by {d:g}", (0.3, d, -0.7, 0.1, -1.2), 1) for d in (3.0, 30.0, 100.0, 1e4)),
    *((f"wrong by {d:g}", (0.3, d, -0.7, 0.1, -1.2), 2) for d in (3.0, 30.0, 100.0, 1e4)),
    ("right, far below 0", (-1e4, -3e3, -1e4, -5e3, -88.0), 4),
    ("both ways", (-1e4, 1e4, 0.0, 104.0, -104.0), 3),
    *(
        (f"random {i}", tuple(x), i % 5)
        for i, x in enumerate(np.random.default_rng(17).normal(0, 2.5, (8, 5)).round(3).tolist())
    ),
)
IGNORED: tuple[tuple[str, tuple[float, ...], int], ...] = (
    ("ignored: -100", NAN, -100),
    ("ignored: 255", (INF, 0.0, 1.0, -INF, 2.0), 255),
    ("ignored: as many as classes", NAN, 5),
    ("ignored: -1", (1e4, 0.0, 1.0, -1e4, 2.0), -1),
)
FEW: dict[int, tuple[tuple[str, tuple[float, ...], int], ...]] = {
    1: (("one class", (0.7,), 0), ("one class, far", (-1e4,), 0)),
    2: (
        ("two classes", (0.3, -1.1), 0),
        ("two classes, wrong", (0.3, -1.1), 1),
        ("two equal classes", (0.6, 0.6), 1),
        ("two classes, right by 50", (-20.0, 30.0), 1),
    ),
    10: tuple(
        (f"ten classes {i}", tuple(x), 3 * i)
        for i, x in enumerate(np.random.default_rng(19).normal(0, 3, (4, 10)).round(3).tolist())
    ),
}


def _soft(label: int, classes: int, row: int) -> list[float]:
    """By turns all on the label, mostly on it, spread out, not summing to 1."""
    spread = np.random.default_rng(row).dirichlet(np.ones(classes)).round(4)
    if row % 4 == 0:
        return [float(c == label) for c in range(classes)]
    if row % 4 == 1:
        return [0.9 if c == label else 0.1 / max(classes - 1, 1) for c in range(classes)]
    return (spread if row % 4 == 2 else 0.5 * spread).tolist()  # type: ignore[no-any-return]


def _groups(scores: Argument, dtype: str, soft: bool, weighted: bool) -> tuple[Inputs, ...]:
    labels = SOFT_LABELS if soft else LABELS
    groups = []
    # With class indices the same rows once more, without ignored ones: PyTorch's own functions take only such.
    every = [ROWS] if soft else [ROWS + IGNORED, ROWS]
    for rows in (*every, *FEW.values()):
        classes = len(rows[0][1])
        arguments = (scores, labels, CLASS_WEIGHTS) if weighted else (scores, labels)
        named: list[tuple[Any, ...]] = [
            (name, x, _soft(label, classes, i) if soft else label) for i, (name, x, label) in enumerate(rows)
        ]
        groups.append(Inputs.of(arguments, named, dtype, *([WEIGHTS[classes]] if weighted else [])))
    return tuple(groups)


@cache
def indices(dtype: str, scores: Argument = LOGITS, weighted: bool = False) -> tuple[Inputs, ...]:
    return _groups(scores, dtype, soft=False, weighted=weighted)


@cache
def soft(dtype: str, weighted: bool = False) -> tuple[Inputs, ...]:
    return _groups(LOGITS, dtype, soft=True, weighted=weighted)


CERTAIN = (LOGITS, Argument("labels", axes=1, role="constant"))


@cache
def certain(dtype: str) -> tuple[Inputs, ...]:
    """Classes that are ruled out: logit -inf, target 0."""
    rows = [
        ("one ruled out", (0.3, -INF, 1.2, -0.4, 0.1), (0.2, 0.0, 0.5, 0.3, 0.0)),
        ("all but one ruled out", (-INF, -INF, 1.2, -INF, -INF), (0.0, 0.0, 1.0, 0.0, 0.0)),
        ("all but two ruled out", (-INF, 0.7, -INF, -INF, 1e4), (0.0, 0.25, 0.0, 0.0, 0.75)),
    ]
    return (Inputs.of(CERTAIN, rows, dtype),)


EIGHT = np.random.default_rng(23).normal(0, 1.5, (8, 5)).round(3)
EIGHT_LABELS = (3, 0, 4, 1, 2, 0, 3, 1)


@cache
def ordinary(scores: Argument, soft: bool, weighted: bool, dtype: str) -> Inputs:
    """Eight ordinary rows of five classes: for checks of everything that is not the formula."""
    spread = np.random.default_rng(29).dirichlet(np.ones(5), 8).round(3)
    labels = spread.tolist() if soft else EIGHT_LABELS
    arguments = (scores, SOFT_LABELS if soft else LABELS, *([CLASS_WEIGHTS] if weighted else []))
    rows = [(f"ordinary {i}", x, labels[i]) for i, x in enumerate(EIGHT.tolist())]
    return Inputs.of(arguments, rows, dtype, *([WEIGHTS[5]] if weighted else []))


def eight(scores: Argument = LOGITS, soft: bool = False, weighted: bool = False) -> partial[Inputs]:
    return partial(ordinary, scores, soft, weighted)


WHOLE_SCORES = (1.0, -2.0, 0.0, 3.0, 2.0)
WHOLE_TARGETS = (0.0, 0.0, 0.0, 1.0, 0.0)
