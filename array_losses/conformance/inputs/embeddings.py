"""Batches of embeddings with labels, tables of distances, triplets, cosines; centers and proxies that batches share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from .numbers import Pairs
from .rows import Argument, Inputs

Batch = tuple[str, Any, tuple[int, ...]]
"""Its name, the embeddings, one in each row of an array, and their labels."""

LABELS = Argument("labels", axes=1, role="labels")
EMBEDDINGS = (Argument("embeddings", axes=2), LABELS)
DISTANCES = (Argument("distances", axes=2), LABELS)
ALONE = (Argument("a", axes=2),)
PAIRED = (*ALONE, Argument("b", axes=2))
KEYS = (Argument("queries", axes=2), Argument("keys", axes=2))
QUEUE = (*KEYS, Argument("negatives", axes=2, keyword=True))
ONE_QUEUE = (*KEYS, Argument("negatives", axes=2, keyword=True, shared=True))
CENTERS = (EMBEDDINGS[0], Argument("centers", axes=2, shared=True), LABELS)
PROXIES = (EMBEDDINGS[0], Argument("proxies", axes=2, shared=True), LABELS)
TRIPLETS = tuple(Argument(name, axes=1) for name in ("anchor", "positive", "negative"))
MINED = (Argument("positive"), Argument("negative"))
SAME = (Argument("distances"), Argument("same", role="flags"))
COSINES = (Argument("cosines", axes=1), Argument("labels", role="labels"))


def _normal(seed: int, *shape: int) -> Any:
    return np.random.default_rng(seed).normal(0, 1, shape).round(3)


# Batches --------------------------------------------------------------------------------------------------------------

TWO_EACH = (0, 1, 0, 2, 1, 2)
UNEQUAL = (0, 0, 1, 0, 1, 2)
ONE_LABEL = (4,) * 6
ALL_DIFFERENT = (3, 0, 5, 1, 4, 2)
FAR_LABELS = (-7, 2**31 - 1, -(2**31), -7, 2**31 - 1, 0)

UNIT = (0.6, 0.0, 0.8)
"""A direction of length 1, nearly so when rounded."""
CUBE = ((0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1), (2, 0, 1), (0, 0, 3))
"""Many distances are equal."""


def _around(point: Sequence[float], apart: float, seed: int) -> Any:
    """Six points near one, whose coordinates are the first's, off by some such steps."""
    return np.asarray(point) + apart * np.random.default_rng(seed).integers(-9, 10, (6, 3))


def _batches() -> list[Batch]:
    x = _normal(61, 12, 6, 3)
    one = x[0].copy()
    coincident, opposite, some_zero = x[1].copy(), x[2].copy(), x[3].copy()
    coincident[[1, 2, 4]] = coincident[0]
    opposite[3:] = -opposite[:3]
    some_zero[[0, 3]] = 0.0
    clusters = 40.0 * np.eye(3)[[0, 1, 0, 2, 1, 2]] + 0.01 * x[4].round(1)
    mixed = x[5] * np.asarray([1e-3, 1.0, 30.0, 1e-3, 1.0, 30.0])[:, None]
    return [
        ("two of each label", one, TWO_EACH),
        ("labels of unequal number", x[6], UNEQUAL),
        ("one label", x[7], ONE_LABEL),
        ("all labels different", x[8], ALL_DIFFERENT),
        ("labels negative and huge", x[9], FAR_LABELS),
        ("four coincide", coincident, UNEQUAL),
        ("all coincide", [UNIT] * 6, UNEQUAL),
        ("apart by 1e-4 at length 1", _around(UNIT, 1e-4, 67), TWO_EACH),
        ("apart by 1e-6 at length 1", _around((0.5, -0.5, 0.75), 2.0**-20, 71), UNEQUAL),
        ("two at zero", some_zero, UNEQUAL),
        ("all at zero", np.zeros((6, 3)), TWO_EACH),
        ("opposite", opposite, TWO_EACH),
        ("on a grid, with equal distances", CUBE, UNEQUAL),
        ("on a grid, each of another label", CUBE, ALL_DIFFERENT),
        ("clusters far apart", clusters, TWO_EACH),
        ("clusters of mixed labels", clusters, UNEQUAL),
        ("lengths from 1e-3 to 30", mixed, TWO_EACH),
        ("of size 1e-6", 1e-6 * x[10], UNEQUAL),
        ("of size 1e6", 1e6 * x[11], UNEQUAL),
        ("of size 1e15", 1e15 * x[10], TWO_EACH),
    ]


OTHERS: tuple[list[Batch], ...] = (
    [("one embedding", ((0.3, -0.7, 1.1),), (3,)), ("one embedding, zero", ((0.0, 0.0, 0.0),), (0,))],
    [("two of one label", ((0.3, -0.7), (1.1, 0.2)), (1, 1)), ("two labels", ((0.3, -0.7), (1.1, 0.2)), (1, 0))],
    [("on a line", ((0.5,), (-1.5,), (2.25,), (-0.25,), (0.5,)), (0, 1, 0, 1, 1))],
    [("nine in four dimensions", _normal(73, 9, 4), (0, 2, 1, 0, 2, 2, 1, 3, 0))],
)
"""Batches of other sizes."""

EIGHT_LABELS = ((0, 1, 0, 2, 1), (0, 0, 1, 1, 1), (2, 0, 2, 2, 1), (1, 0, 0, 1, 2))
WHOLE = ((3.0, 4.0), (0.0, 2.0), (-4.0, 3.0))
WHOLE_LABELS = (0, 1, 0)


def _every() -> tuple[list[Batch], ...]:
    return (_batches(), *OTHERS)


def _eight() -> list[Batch]:
    """Of five embeddings; not at a threshold of any loss."""
    return [(f"ordinary {i}", x, EIGHT_LABELS[i % 4]) for i, x in enumerate(_normal(79, 8, 5, 3))]


@cache
def batches(dtype: str) -> tuple[Inputs, ...]:
    return tuple(Inputs.of(EMBEDDINGS, rows, dtype) for rows in _every())


@cache
def ordinary(dtype: str) -> Inputs:
    return Inputs.of(EMBEDDINGS, _eight(), dtype)


@cache
def alone(dtype: str) -> tuple[Inputs, ...]:
    return tuple(Inputs.of(ALONE, [row[:2] for row in rows], dtype) for rows in _every())


@cache
def ordinary_alone(dtype: str) -> Inputs:
    return Inputs.of(ALONE, [row[:2] for row in _eight()], dtype)


# Two and three sets of embeddings -------------------------------------------------------------------------------------


def _beside(x: Any, count: int, seed: int) -> Any:
    """As many others: some of the same, near ones, and new ones of the same size."""
    x = np.asarray(x, dtype=np.float64)
    new = x[np.arange(count) % len(x)][::-1].copy()
    new[::2] += (np.abs(x).max() or 1.0) * _normal(seed, *new[::2].shape)
    return new


def _sets(arguments: tuple[Argument, ...], counts: tuple[int | None, ...], dtype: str) -> tuple[Inputs, ...]:
    """For each argument after the first so many embeddings, or as many as in the first."""
    groups = []
    for rows in _every():
        group: list[tuple[Any, ...]] = []
        for i, (name, x, _) in enumerate(rows):
            others = [_beside(x, count or len(x), 83 + 7 * i + k) for k, count in enumerate(counts)]
            group.append((name, x, *others))
        groups.append(Inputs.of(arguments, group, dtype))
    return tuple(groups)


def _ordinary_sets(arguments: tuple[Argument, ...], counts: tuple[int | None, ...], dtype: str) -> Inputs:
    rows = [
        (name, x, *(_normal(89 + 7 * i + k, count or len(x), 3) for k, count in enumerate(counts)))
        for i, (name, x, _) in enumerate(_eight())
    ]
    return Inputs.of(arguments, rows, dtype)


def _pair_of(arguments: tuple[Argument, ...], *counts: int | None) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Every hard batch and the ordinary ones."""
    return cache(partial(_sets, arguments, counts)), cache(partial(_ordinary_sets, arguments, counts))


paired, ordinary_paired = _pair_of(PAIRED, 4)
keys, ordinary_keys = _pair_of(KEYS, None)
queue, ordinary_queue = _pair_of(QUEUE, None, 4)


# Centers and proxies --------------------------------------------------------------------------------------------------

FIXED = _normal(97, 4, 4)
"""Four centers or proxies, in up to four dimensions."""


def _fixed(dimensions: int) -> Any:
    return FIXED[:, :dimensions]


KNOWN = (0, 3, 1, -1, 3, 4)
"""Labels, not all of them of centers that there are; none of the third."""


@cache
def one_queue(dtype: str) -> tuple[Inputs, ...]:
    groups = []
    for group in keys(dtype):
        rows = [(name, *group.row(i)) for i, name in enumerate(group.names)]
        groups.append(Inputs.of(ONE_QUEUE, rows, dtype, _fixed(group.content(0)[1])))
    return tuple(groups)


@cache
def ordinary_one_queue(dtype: str) -> Inputs:
    group = ordinary_keys(dtype)
    return Inputs.of(ONE_QUEUE, [(name, *group.row(i)) for i, name in enumerate(group.names)], dtype, _fixed(3))


@cache
def centers(arguments: tuple[Argument, ...], dtype: str) -> tuple[Inputs, ...]:
    groups = []
    for rows in _every():
        width = len(rows[0][1][0])
        on = _fixed(width).copy()
        known = [(name, x, tuple(np.resize(KNOWN, len(labels)))) for name, x, labels in rows]
        if width == 3 and len(rows) > 2:
            nearby = [on[max(label, 0) % 4] + 1e-4 * (i - 2) for i, label in enumerate(KNOWN)]
            known.append(("at and near their own", nearby, KNOWN))
            known.append(("all of one class", _normal(101, 6, 3), (2,) * 6))
            known.append(("all of no class", _normal(103, 6, 3), (-1, 4, 255, -100, 9, 4)))
        groups.append(Inputs.of(arguments, known, dtype, on))
    return tuple(groups)


@cache
def ordinary_centers(arguments: tuple[Argument, ...], dtype: str) -> Inputs:
    return Inputs.of(
        arguments, [(name, x, (*labels[:4], (-1, 3)[labels[4] > 1])) for name, x, labels in _eight()], dtype, _fixed(3)
    )


# Tables of distances --------------------------------------------------------------------------------------------------


def _tables() -> list[Batch]:
    apart = np.abs(_normal(107, 5, 6, 6))
    few = np.random.default_rng(109).integers(0, 4, (2, 6, 6)).astype(np.float64)
    return [
        ("two of each label", apart[0], TWO_EACH),
        ("labels of unequal number", apart[1], UNEQUAL),
        ("one label", apart[2], ONE_LABEL),
        ("all labels different", apart[3], ALL_DIFFERENT),
        ("labels negative and huge", apart[4], FAR_LABELS),
        ("few different distances", few[0], UNEQUAL),
        ("few different distances, two of each label", few[1], TWO_EACH),
        ("all 0", np.zeros((6, 6)), UNEQUAL),
        ("all 1", np.ones((6, 6)), TWO_EACH),
        ("tiny", 1e-30 * apart[0], UNEQUAL),
        ("large", 1e15 * apart[1], TWO_EACH),
        ("no negative is farther", np.where(np.equal.outer(TWO_EACH, TWO_EACH), 9.0, apart[2]), TWO_EACH),
        ("all negatives are farther", np.where(np.equal.outer(UNEQUAL, UNEQUAL), 0.01, apart[2] + 0.5), UNEQUAL),
    ]


@cache
def tables(dtype: str) -> tuple[Inputs, ...]:
    few: tuple[list[Batch], ...] = (
        [("one embedding", ((0.0,),), (3,))],
        [("two of one label", ((0.0, 0.3), (0.7, 0.0)), (1, 1)), ("two labels", ((0.0, 0.3), (0.7, 0.0)), (1, 0))],
    )
    return tuple(Inputs.of(DISTANCES, rows, dtype) for rows in (_tables(), *few))


@cache
def ordinary_tables(dtype: str) -> Inputs:
    apart = np.abs(_normal(113, 8, 5, 5))
    return Inputs.of(DISTANCES, [(f"ordinary {i}", x, EIGHT_LABELS[i % 4]) for i, x in enumerate(apart)], dtype)


WHOLE_TABLE = ((0.0, 3.0, 1.0), (3.0, 0.0, 2.0), (1.0, 2.0, 0.0))


# Triplets -------------------------------------------------------------------------------------------------------------


def _triplets() -> list[tuple[str, Any, Any, Any]]:
    a, p, n = _normal(127, 3, 12, 3)
    near = (0.6001, -0.0001, 0.8002)
    rows = [(f"random {i}", a[i], p[i], n[i]) for i in range(6)]
    rows += [
        ("all coincide", UNIT, UNIT, UNIT),
        ("positive coincides", a[6], a[6], n[6]),
        ("negative coincides", a[7], p[7], a[7]),
        ("positive and negative coincide", a[8], p[8], p[8]),
        ("all at zero", (0, 0, 0), (0, 0, 0), (0, 0, 0)),
        ("near by 1e-4", UNIT, near, (0.5999, 0.0003, 0.8)),
        ("near by 1e-6", (0.5, 0.25, 1.0), (0.5, 0.25 + 2.0**-20, 1.0), (0.5 + 2.0**-19, 0.25, 1.0)),
        ("at the kink of a margin of 1/2", (0, 0, 0), (3, 4, 0), (0, 0, 5.5)),
        ("just inside", (0, 0, 0), (3, 4, 0), (0, 0, 5.4921875)),
        ("just outside", (0, 0, 0), (3, 4, 0), (0, 0, 5.5078125)),
        ("as far from anchor as from positive", (0, 0, 0), (2, 0, 0), (1, 1, 1)),
        ("nearer to the positive", (0, 0, 0), (2, 0, 0), (2, 0.5, 0)),
        ("won by 20", (0, 0, 0), (1, 0, 0), (0, 21, 0)),
        ("lost by 20", (0, 0, 0), (0, 21, 0), (1, 0, 0)),
        ("won by 1000", (0, 0, 0), (1, 0, 0), (0, 1001, 0)),
        ("lost by 1000", (0, 0, 0), (0, 1001, 0), (1, 0, 0)),
        *(
            (f"of size {size:g}, {i}", size * a[i], size * p[i], size * n[i])
            for size in (1e-6, 1e6, 1e15)
            for i in (9, 10, 11)
        ),
    ]
    return rows


@cache
def triplets(dtype: str) -> tuple[Inputs, ...]:
    one = [("one dimension", (0.5,), (-0.25,), (0.75,)), ("one dimension, swapped", (0.0,), (2.0,), (1.75,))]
    seven = [(f"seven dimensions {i}", *_normal(131 + i, 3, 7)) for i in range(3)]
    return tuple(Inputs.of(TRIPLETS, rows, dtype) for rows in (_triplets(), one, seven))


@cache
def ordinary_triplets(dtype: str) -> Inputs:
    """By turns won and lost."""
    rows = [(f"ordinary {i}", a, *((p, n) if i % 2 else (n, p))) for i, (a, p, n) in enumerate(_normal(137, 8, 3, 3))]
    return Inputs.of(TRIPLETS, rows, dtype)


WHOLE_TRIPLET = ((0.0, 0.0), (3.0, 4.0), (0.0, 2.0))


# Numbers --------------------------------------------------------------------------------------------------------------


def _mined() -> Pairs:
    differences = (0.0, 1e-6, 0.1, 0.3, 0.49, 0.51, 0.75, 3.0, 20.0, 88.0, 110.0, 1e4)
    rows: Pairs = [(f"won by {d:g}", 0.25, 0.25 + d) for d in differences]
    rows += [(f"lost by {d:g}", 0.25 + d, 0.25) for d in differences]
    rows += [("at the kink of a margin of 1/2", 1.0, 1.5), ("both 0", 0.0, 0.0), ("tiny", 1e-30, 1e-20)]
    return [*rows, ("large", 3e15, 1e15), ("large, won", 1e15, 3e15), ("large and equal", 1e15, 1e15)]


@cache
def mined(dtype: str) -> tuple[Inputs, ...]:
    return (Inputs.of(MINED, _mined(), dtype),)


@cache
def ordinary_mined(dtype: str) -> Inputs:
    pairs = zip((0.31, 1.7, 0.9, 0.07, 0.6, 2.1, 1.3, 0.5), (0.23, 2.4, 1.35, 0.8, 0.5, 1.3, 1.4, 0.53))
    return Inputs.of(MINED, [(f"ordinary {i}", *pair) for i, pair in enumerate(pairs)], dtype)


@cache
def same(dtype: str) -> tuple[Inputs, ...]:
    distances = (0.0, 1e-6, 0.125, 0.25, 0.3, 0.5, 0.999, 1.0, 1.001, 1.25, 2.0, 1e4)
    rows = [(f"{d:g}, {('different', 'same')[is_same]}", d, is_same) for d in distances for is_same in (True, False)]
    return (Inputs.of(SAME, rows, dtype),)


@cache
def ordinary_same(dtype: str) -> Inputs:
    pairs = zip((0.31, 1.7, 0.9, 0.07, 0.6, 2.1, 0.3, 0.53), (True, True, False, False, True, False, False, True))
    return Inputs.of(SAME, [(f"ordinary {i}", *pair) for i, pair in enumerate(pairs)], dtype)


def _cosines() -> list[tuple[str, Any, int]]:
    turning = math.cos(math.pi - 0.5)
    of_label = (0.0, 0.3, -0.7, 0.99, 1 - 2.0**-11, 1 - 2.0**-23, -0.875, turning + 1e-3, turning - 1e-3, -0.999, 0.5)
    rows: list[tuple[str, Any, int]] = [(f"{c:.8g} at the label", (0.8, c, -0.3, 0.1, -0.95), 1) for c in of_label]
    rows += [(f"{c:g} at the label", (0.25, -0.3, 0.1, 0.4, c), 4) for c in (1.0, -1.0)]
    rows += [("1 and -1 elsewhere", (1.0, -1.0, 0.5, 1.0, 0.0), 2)]
    return rows + [(f"label {label}", (0.9, -0.2, 1.0, -1.0, 0.4), label) for label in (-1, 5, -100, 255, 10_000)]


@cache
def cosines(dtype: str) -> tuple[Inputs, ...]:
    one = [("one class", (0.7,), 0), ("one class, label outside", (0.7,), 1)]
    return tuple(Inputs.of(COSINES, rows, dtype) for rows in (_cosines(), one))


@cache
def ordinary_cosines(dtype: str) -> Inputs:
    x = np.random.default_rng(139).uniform(-0.95, 0.95, (8, 5)).round(3)
    labels = (3, 0, 4, 1, 2, 0, 3, 1)
    return Inputs.of(COSINES, [(f"ordinary {i}", c, labels[i]) for i, c in enumerate(x)], dtype)
