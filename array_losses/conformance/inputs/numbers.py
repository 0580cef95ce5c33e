"""Two numbers a row: predictions around every kink, scores with signs, logits and probabilities with targets."""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from ..ulp import FORMATS
from .rows import Argument, Inputs

Pairs = list[tuple[str, float, float]]

PAIR = (Argument("pred"), Argument("target"))
SCORES = (Argument("scores"), Argument("targets"))
LOGITS = (Argument("logits"), Argument("targets"))
WEIGHTED_LOGITS = (*LOGITS, Argument("pos_weight", keyword=True))
PROBS = (Argument("probs"), Argument("targets"))

KINKS = (0.5, 1.0, 2.0, 10.0)
"""Where the losses of a difference change their formula, for some set of knobs in the table of cases."""
DIFFERENCES = (1e-30, 1e-6, 1e-3, 0.02, 0.1, 0.3, 0.7, 0.99, 1.3, 3.0, 7.0, 11.0, 88.0, 1e4)


def _differences() -> Pairs:
    rows: Pairs = [("equal", 0.3, 0.3), ("both 0", 0.0, 0.0), ("large", 3e15, -1e15)]
    for kink in KINKS:
        rows += [(f"at {kink:g}", kink, 0.0), (f"at -{kink:g}", -0.5 * kink, 0.5 * kink)]
        rows += [
            (f"just inside {kink:g}", kink * (1 - 2.0**-9), 0.0),
            (f"just outside {kink:g}", 0.0, kink * (1 + 2.0**-9)),
        ]
    for d in DIFFERENCES:
        rows += [(f"apart by {d:g}", d, 0.0), (f"apart by -{d:g} around 0.3", 0.3, 0.3 + d)]
    random = np.random.default_rng(5)
    return rows + [(f"random {i}", *pair) for i, pair in enumerate(random.normal(0, 2, (8, 2)).tolist())]


def _scores() -> Pairs:
    sizes = (0.0, 1e-6, 0.3, 0.999, 1.0, 1.001, 2.0, 20.0, 1e4)
    scores = dict.fromkeys(sign * s for s in sizes for sign in (1.0, -1.0))
    rows: Pairs = [(f"score {s:g} for {t:g}", s, t) for s in scores for t in (1.0, -1.0)]
    return rows + [(f"score {s:g} for {t:g}!", s, t) for s, t in ((0.7, 0.3), (2.0, 0.5), (-1.5, 0.0), (3.0, -0.7))]


SIZES = (1e-6, 0.3, 1.0, 3.0, 20.0, 88.0, 104.0, 1e4)
"""Of logits: where exp rounds to 1, where it overflows and underflows in float32, and far beyond."""


def _logits(dtype: str) -> Pairs:
    logits = [0.0, *(sign * size for size in SIZES for sign in (1, -1))]
    if dtype == "float16":
        logits += [FORMATS[dtype].largest, -FORMATS[dtype].largest]
    rows: Pairs = [(f"{x:g} for {t:g}", x, t) for x in logits for t in (0.0, 1.0, 0.3, 1e-3, 0.999)]
    outside = [(x, t) for x in (0.0, 1.0, -1.0, 3.0, -3.0, 20.0, -20.0, 1e4, -1e4) for t in (-0.5, 1.5)]
    return rows + [(f"{x:g} for {t:g}!", x, t) for x, t in outside]


def _probs(dtype: str) -> Pairs:
    half_ulp = 2.0 ** -FORMATS[dtype].digits
    probs = (0.0, 1e-40, 1e-30, 1e-6, 1e-3, 0.1, 0.5, 0.75, 1 - 8 * half_ulp, 1 - half_ulp, 1.0)
    return [(f"{p:.17g} for {t:g}", p, t) for p in probs for t in (0.0, 1.0, 0.3, 1e-3, 0.999)]


@cache
def differences(dtype: str) -> tuple[Inputs, ...]:
    return (Inputs.of(PAIR, _differences(), dtype),)


@cache
def scores(dtype: str) -> tuple[Inputs, ...]:
    return (Inputs.of(SCORES, _scores(), dtype),)


@cache
def logits(dtype: str) -> tuple[Inputs, ...]:
    return (Inputs.of(LOGITS, _logits(dtype), dtype),)


@cache
def proper_logits(dtype: str) -> tuple[Inputs, ...]:
    """Without targets outside [0, 1], for powers that are not whole."""
    (every,) = logits(dtype)
    return (every.take(np.flatnonzero(every.proper).tolist()),)


@cache
def weighted_logits(dtype: str) -> tuple[Inputs, ...]:
    """Another weight in every row, sometimes none."""
    rows = [(*row, (0.5, 3.0, 1.0, 0.0)[i % 4]) for i, row in enumerate(_logits(dtype)[::2])]
    return (Inputs.of(WEIGHTED_LOGITS, rows, dtype),)


@cache
def probs(dtype: str) -> tuple[Inputs, ...]:
    return (Inputs.of(PROBS, _probs(dtype), dtype),)


EIGHT: dict[tuple[Argument, ...], tuple[tuple[float, ...], ...]] = {
    PAIR: tuple(zip((0.31, -1.7, 2.9, 0.07, -0.6, 5.1, 13.0, -0.9), (0.23, 0.4, 1.1, -0.2, -0.9, 1.3, 0.6, 1.7))),
    SCORES: tuple(zip((0.3, -0.7, 1.9, 0.1, -2.6, 0.5, 0.8, -0.2), (1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0))),
    LOGITS: tuple(zip((0.3, -1.7, 2.9, -0.4, -3.1, 1.1, 0.6, 4.2), (1.0, 0.0, 0.7, 0.0, 1.0, 1.0, 0.25, 0.0))),
    PROBS: tuple(zip((0.3, 0.07, 0.91, 0.4, 0.55, 0.82, 0.63, 0.15), (1.0, 0.0, 0.7, 0.0, 1.0, 1.0, 0.25, 0.0))),
}
EIGHT[WEIGHTED_LOGITS] = tuple((*row, w) for row, w in zip(EIGHT[LOGITS], (2.0, 1.0, 0.5, 3.0, 1.5, 0.25, 1.0, 4.0)))


@cache
def ordinary(arguments: tuple[Argument, ...], dtype: str) -> Inputs:
    """Eight ordinary rows, none at a kink: for checks of everything that is not the formula."""
    return Inputs.of(arguments, [(f"ordinary {i}", *row) for i, row in enumerate(EIGHT[arguments])], dtype)


def eight(arguments: tuple[Argument, ...]) -> partial[Inputs]:
    return partial(ordinary, arguments)
