"""Whole batches, for losses whose rows know of each other, with the state that is handed on from batch to batch.

No slope |p - t| is near the edge of a bin, where rounding would decide which bin it is in.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .classes import LABELS
from .classes import LOGITS as SCORES
from .classes import indices as class_rows
from .numbers import LOGITS, PAIR
from .rows import Argument, Inputs

COUNTS = Argument("counts", axes=1, role="constant", shared=True)
STATE = Argument("state", axes=2, role="constant", shared=True)
BINS = (3.0, 0.0, 2.5, 1.0, 7.0, 0.25, 0.0, 12.0, 4.0, 40.0)
"""Running counts of ten bins."""

SIZES = (0.3, 1.3, 3.0, 20.0, 104.0, 1e4)
LOGIT_ROWS = [
    (f"{x:g} for {t:g}", x, t) for x in (s * size for size in SIZES for s in (1.0, -1.0)) for t in (0.0, 1.0, 0.25)
]
DIFFERENCE_ROWS = [
    (f"apart by {d:g} from {t:g}", d + t, t)
    for d in (0.0, 1e-6, 1e-3, -0.003, 0.005, -0.011, 0.05, 1.0, -7.0, 1e4, 0.0115)
    for t in (0.0, 0.25)
]
EIGHT_LOGITS = zip((0.3, -1.7, 2.9, -0.4, -3.1, 1.1, 0.6, 4.2), (1.0, 0.0, 0.7, 0.0, 1.0, 1.0, 0.25, 0.0))
EIGHT_PAIRS = zip(
    (0.31, -1.7, 0.003, 0.0, -0.6, 0.011, -0.013, 0.0075), (0.23, 0.4, 0.0, 0.001, -0.591, 0.0, 0.01, 0.0)
)
EIGHT: dict[tuple[Argument, ...], list[tuple[str, float, float]]] = {
    LOGITS: [(f"ordinary {i}", *row) for i, row in enumerate(EIGHT_LOGITS)],
    PAIR: [(f"ordinary {i}", *row) for i, row in enumerate(EIGHT_PAIRS)],
}


@cache
def harmonized(arguments: tuple[Argument, ...], counted: bool, dtype: str) -> tuple[Inputs, ...]:
    rows = LOGIT_ROWS if arguments is LOGITS else DIFFERENCE_ROWS
    return (_with_counts(arguments, rows, counted, dtype),)


@cache
def ordinary(arguments: tuple[Argument, ...], counted: bool, dtype: str) -> Inputs:
    return _with_counts(arguments, EIGHT[arguments], counted, dtype)


def _with_counts(
    arguments: tuple[Argument, ...], rows: list[tuple[str, float, float]], counted: bool, dtype: str
) -> Inputs:
    return Inputs.of((*arguments, COUNTS), rows, dtype, BINS) if counted else Inputs.of(arguments, rows, dtype)


# Classes --------------------------------------------------------------------------------------------------------------

GATHERED = ((0.0, 3.0, 0.5, 8.0, 2.0), (0.0, 4.0, 6.0, 8.0, 0.0))
"""Of positives and negatives: nothing yet, near the centre, mostly negatives, balanced, no negatives."""


@cache
def equalized(dtype: str) -> tuple[Inputs, ...]:
    sizes = (0.0, 0.3, -1.1, 3.0, -20.0, 20.0, 104.0, -1e4)
    rows = [(f"{x:g} for {t:g}, class {c}", x, t) for x in sizes for t in (0.0, 1.0, 0.7) for c in range(5)]
    flat = Inputs.of((*LOGITS, STATE), rows, dtype, GATHERED)
    return (flat.shaped(len(rows) // 5, 5),)


@cache
def ordinary_equalized(dtype: str) -> Inputs:
    state = tuple(side[1:3] for side in GATHERED)
    return Inputs.of((*LOGITS, STATE), EIGHT[LOGITS], dtype, state).shaped(4, 2)


SEEN = (0.0, 3.0, 40.0, 1.0, 1000.0)


@cache
def seesaw(dtype: str) -> tuple[Inputs, ...]:
    (main, *_) = class_rows(dtype)
    rows = [(main.names[i], *main.row(i)) for i in range(len(main))]
    return (Inputs.of((SCORES, LABELS, COUNTS), rows, dtype, SEEN),)


@cache
def ordinary_seesaw(dtype: str) -> Inputs:
    scores = np.random.default_rng(53).normal(0, 1.5, (8, 5)).round(3).tolist()
    rows = [(f"ordinary {i}", x, label) for i, (x, label) in enumerate(zip(scores, (3, 0, 4, 1, 2, 0, 3, 1)))]
    return Inputs.of((SCORES, LABELS, COUNTS), rows, dtype, SEEN)
