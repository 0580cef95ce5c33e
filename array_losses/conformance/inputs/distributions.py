"""Rows of probabilities, alone and in pairs, and rows of logits over bins."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from .classes import LOGITS, ROWS
from .rows import Argument, Inputs

PROBS = Argument("probs", axes=1)
TARGETS = Argument("targets", axes=1)
POSITION = Argument("targets")

Row = tuple[str, tuple[float, ...], tuple[float, ...]]


def _random(classes: int, count: int, seed: int) -> list[Row]:
    p, t = np.random.default_rng(seed).dirichlet(np.ones(classes), (2, count)).round(5)
    return [(f"random {i} of {classes}", tuple(p[i].tolist()), tuple(t[i].tolist())) for i in range(count)]


EVEN = (0.2, 0.2, 0.2, 0.2, 0.2)
SPREAD = (0.1, 0.25, 0.05, 0.4, 0.2)
ROWS_OF_5: tuple[Row, ...] = (
    ("both even", EVEN, EVEN),
    ("equal", SPREAD, SPREAD),
    ("nearly equal", (0.1001, 0.2499, 0.05, 0.4, 0.2), SPREAD),
    ("even against spread", EVEN, SPREAD),
    ("target certain", SPREAD, (0.0, 0.0, 0.0, 1.0, 0.0)),
    ("probs certain", (0.0, 1.0, 0.0, 0.0, 0.0), SPREAD),
    ("both certain, equal", (0.0, 0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0, 0.0)),
    ("both certain, apart", (0.0, 0.0, 1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0)),
    ("no class in common", (0.5, 0.5, 0.0, 0.0, 0.0), (0.0, 0.0, 0.25, 0.5, 0.25)),
    ("nearly certain", (1e-6, 1e-6, 0.999996, 1e-6, 1e-6), (1e-3, 1e-3, 0.996, 1e-3, 1e-3)),
    ("hardly any", (1e-30, 1e-20, 0.5, 0.5, 1e-6), (1e-20, 1e-30, 0.25, 0.75, 1e-6)),
    ("below the smallest normal number", (1e-310, 1e-42, 0.5, 0.5, 0.0), (0.0, 0.3, 0.7, 1e-310, 1e-42)),
    ("not summing to 1", (0.7, 0.9, 0.2, 1.5, 3.0), (0.1, 0.4, 2.5, 0.3, 0.6)),
    ("all 0", (0.0,) * 5, (0.0,) * 5),
    *_random(5, 6, seed=31),
)
GROUPS: dict[int, tuple[Row, ...]] = {
    5: ROWS_OF_5,
    1: (("one class", (1.0,), (1.0,)), ("one class, less", (0.75,), (0.3,))),
    2: (("two classes", (0.3, 0.7), (0.9, 0.1)), ("two classes, equal", (0.3, 0.7), (0.3, 0.7))),
    10: tuple(_random(10, 3, seed=37)),
}


@cache
def single(dtype: str) -> tuple[Inputs, ...]:
    return tuple(Inputs.of((PROBS,), [row[:2] for row in rows], dtype) for rows in GROUPS.values())


@cache
def pairs(dtype: str) -> tuple[Inputs, ...]:
    return tuple(Inputs.of((PROBS, TARGETS), rows, dtype) for rows in GROUPS.values())


@cache
def ordinary(pair: bool, dtype: str) -> Inputs:
    rows: list[tuple[Any, ...]] = [(f"ordinary {i}", *row[1:]) for i, row in enumerate(_random(5, 8, seed=41))]
    return Inputs.of((PROBS, TARGETS), rows, dtype) if pair else Inputs.of((PROBS,), [row[:2] for row in rows], dtype)


def eight(pair: bool) -> partial[Inputs]:
    return partial(ordinary, pair)


# Bins -----------------------------------------------------------------------------------------------------------------

POSITIONS = (0.0, 0.3, 1.0, 1.5, 2.999, 3.25, 4.0, 5.5, -0.7, 1e-6, 3.0, 4.001)
"""Between bins, on bins, at both ends and beyond them."""


@cache
def positions(dtype: str) -> tuple[Inputs, ...]:
    rows = [(f"{name}, at {POSITIONS[i % 12]:g}", x, POSITIONS[i % 12]) for i, (name, x, _) in enumerate(ROWS)]
    two = [
        ("two bins", (0.3, -1.1), 0.25),
        ("two bins, at the end", (0.3, 1.1), 1.0),
        ("two bins, far", (0.0, 30.0), 0.5),
    ]
    ten = np.random.default_rng(43).normal(0, 3, (3, 10)).round(3).tolist()
    many = [(f"ten bins, at {t:g}", x, t) for x, t in zip(ten, (4.25, 8.5, 0.75))]
    return tuple(Inputs.of((LOGITS, POSITION), group, dtype) for group in (rows, two, many))


@cache
def bins(dtype: str) -> tuple[Inputs, ...]:
    few: dict[int, list[tuple[Any, ...]]] = {
        5: [row[:2] for row in ROWS],
        1: [("one bin", (0.7,))],
        2: [("two bins", (0.3, -1.1)), ("two bins, far", (-20.0, 30.0))],
    }
    return tuple(Inputs.of((LOGITS,), rows, dtype) for rows in few.values())


@cache
def ordinary_bins(dtype: str, position: bool) -> Inputs:
    x = np.random.default_rng(47).normal(0, 1.5, (8, 5)).round(3).tolist()
    t = (0.4, 1.7, 3.2, 2.6, 0.9, 3.8, 1.3, 2.1)
    rows: list[tuple[Any, ...]] = [(f"ordinary {i}", x[i], t[i]) for i in range(8)]
    return (
        Inputs.of((LOGITS, POSITION), rows, dtype) if position else Inputs.of((LOGITS,), [r[:2] for r in rows], dtype)
    )
