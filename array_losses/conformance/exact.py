"""The exact answers of rows, and the size at whose last place the errors of the library's answers are counted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from . import reference
from .cases import Case, Variant
from .cases.case import Scale
from .dual import MP, Dual
from .families import Family
from .inputs import Argument, Inputs
from .ulp import FORMATS, RESULT, Exact, Floats


class Row(NamedTuple):
    """The exact answer for one number of the result: value, slopes along all numbers of its row, the scales of both.

    `weight` is what it counts for in a mean, with slopes along the same numbers.
    """

    value: Any
    slopes: tuple[Any, ...]
    weight: Dual
    size: float
    scales: tuple[float, ...]


class Rows(NamedTuple):
    """The exact answers for N rows of K numbers as arrays: R values and their scales, (R,), one or more a row; the
    gradient of the sum of each row's values, or of so many times each (`shares`), and its scale, (N, K)."""

    value: Exact
    size: Floats
    gradient: Exact
    scales: Floats

    @classmethod
    def of(cls, rows: Sequence[Row], count: int, shares: Sequence[float] = (1.0,)) -> Rows:
        """The answers for so many rows."""
        slopes = np.asarray([row.slopes for row in rows], dtype=object).reshape(count, -1, len(rows[0].slopes))
        scales = np.asarray([row.scales for row in rows]).reshape(slopes.shape)
        factors = np.asarray(shares)[:, None]
        if len(shares) > 1:
            slopes, scales = slopes * factors, scales * np.abs(factors)
        return cls(
            Exact.of([row.value for row in rows], (len(rows),)),
            np.asarray([row.size for row in rows]),
            Exact.of(slopes.sum(axis=1).reshape(-1), (count, slopes.shape[2])),
            scales.sum(axis=1),
        )


def exact_rows(
    case: Case,
    variant: Variant,
    scale: Scale,
    family: Family,
    inputs: Inputs,
    dtype: str,
    kept: tuple[bool, ...] | None = None,
) -> list[Row]:
    """The answers for rows of inputs, each number of the result; rows not kept make a difference to batches only."""
    knobs = dict(variant.knobs)
    if case.name in reference.FLOORED:
        knobs["tiny"] = math.ldexp(1.0, FORMATS[RESULT[dtype]].least)
    if case.kind == "batch":
        return exact_batch(case, variant, scale, family, inputs, kept).rows
    numbers = tuple(sorted(knobs.items()))
    spans = tuple(inputs.spans())
    every = (_row(case.name, numbers, family, scale, spans, inputs.row(i)) for i in range(len(inputs)))
    return [found for row in every for found in row]


@cache
def _row(
    name: str,
    knobs: tuple[tuple[str, Any], ...],
    family: Family,
    scale: Scale,
    spans: tuple[range, ...],
    row: tuple[Any, ...],
) -> list[Row]:
    options = dict(knobs)
    moved = [reference.results(name, *there, **options)[0] for there in _moved(row, family, scale)]
    results, counts = reference.results(name, *row, **options)
    several, rows = len(results) > 1, []
    for index, (found, count) in enumerate(zip(results, counts, strict=True)):
        slopes = _slopes(found, spans)
        size, sizes = max(abs(float(found.value)), scale.value), blocks(family, row, scale, spans, slopes)
        if scale.terms:
            size = max(size, float(found.terms))
        if several:
            # What a result does not know of has no part in the rounding of the sum.
            sizes = [number if place in found.slopes else 0.0 for place, number in enumerate(sizes)]
        for there in moved:
            other = there[index]
            size = max(size, _change(found.value, other.value))
            for place in found.slopes.keys() | other.slopes.keys():
                change = _change(slopes[place], other.slopes.get(place, ZERO))
                sizes[place] = max(sizes[place], change)
        rows.append(Row(found.value, slopes, count, size, tuple(sizes)))
    return rows


STEP, ZERO = MP.mpf("1e-20"), MP.mpf(0)


def _moved(row: tuple[Any, ...], family: Family, scale: Scale) -> Iterator[list[Any]]:
    """The row with one of the arguments that move the answer larger by 1e-20 of itself; with each in turn."""
    for index, argument in enumerate(family.arguments):
        if argument.name in scale.moved_by:
            numbers = [MP.mpf(x) for x in np.ravel(row[index]).tolist()]
            ways = _ways(argument, row[index], numbers, family.layout is None)
            there = [x + way * STEP if MP.isfinite(x) else x for x, way in zip(numbers, ways, strict=True)]
            if there != numbers:
                moved: list[Any] = list(row)
                moved[index] = np.asarray(there, dtype=object).reshape(np.shape(row[index])).tolist()
                yield moved


def _ways(argument: Argument, rows: Any, numbers: list[Any], embeddings: bool) -> list[Any]:
    """All numbers by themselves, unless that is 1; scores by what they are below the largest. The numbers of an
    embedding by its largest and those of pixels by themselves, some back, some forth. Of a rotated box the angle alone,
    by what its sine and cosine are rounded by."""
    if argument.turned:
        return [ZERO] * (len(numbers) - 1) + [max(abs(numbers[-1]), MP.mpf(1))]
    if argument.axes == 2 and embeddings:
        ways = [MP.mpf(max(map(abs, x))) for x in rows for _ in x]
    else:
        origin = np.fmax.reduce(np.asarray(rows), axis=0) if argument.relative else 0.0
        ways = [x - MP.mpf(o) for x, o in zip(numbers, np.broadcast_to(origin, np.shape(rows)).flat, strict=True)]
        ways = [way if way != 1 else ZERO for way in ways]
    if argument.axes < 2:
        return ways
    signs = np.random.default_rng(len(ways)).choice([-1, 1], len(ways)).tolist()
    return [way * sign for way, sign in zip(ways, signs, strict=True)]


def _change(here: Any, there: Any) -> float:
    """|x dy/dx|; 0 at a jump."""
    change = float(abs(there - here) / STEP)
    return change if change < 1e12 or abs(there - here) < 1e-8 * abs(here) else 0.0


def _slopes(found: Dual, spans: Sequence[range]) -> tuple[Any, ...]:
    return tuple(found.slopes.get(place, ZERO) for place in range(spans[-1].stop))


def blocks(
    family: Family, row: tuple[Any, ...], scale: Scale, spans: Sequence[range], slopes: Sequence[Any]
) -> list[float]:
    """By number, the largest slope of the row; for the first argument its own, if units differ. With a least size."""
    least = max(scale.gradient, float(family.least_slope(*row)) if family.least_slope else 0.0)
    units = family.units(*row) if family.units else [1.0] * len(slopes)
    sizes = [abs(float(slope)) * unit for slope, unit in zip(slopes, units, strict=True)]
    largest = max([least, *sizes])
    own = largest if family.one_scale else max([least, *(sizes[place] for place in spans[0])])
    return [(own if place in spans[0] else largest) / unit for place, unit in enumerate(units)]


class Answer(NamedTuple):
    """The answers for the rows of a batch, and the state that is handed on."""

    rows: list[Row]
    state: list[Any]


def exact_batch(
    case: Case, variant: Variant, scale: Scale, family: Family, inputs: Inputs, kept: tuple[bool, ...] | None = None
) -> Answer:
    """The answers for a batch; rows that are not kept cost 0, and the others do not know of them."""
    knobs = dict(variant.knobs)
    places = [row for row in range(len(inputs)) if kept is None or kept[row]]
    if family.by_class:
        knobs["classes"] = [row % inputs.leading[-1] for row in places]
    own = [index for index, argument in enumerate(family.arguments) if not argument.shared]
    columns = [[inputs.row(row)[index] for row in places] for index in own]
    state = [x.tolist() for argument, x in zip(family.arguments, inputs.arrays, strict=True) if argument.shared]
    found = reference.evaluate_batch(case.name, columns, *state, **knobs)

    spans = tuple(inputs.spans())
    nothing = Row(MP.mpf(0), (MP.mpf(0),) * spans[-1].stop, Dual(0), 0.0, (0.0,) * spans[-1].stop)
    rows = [nothing] * len(inputs)
    for row, loss, count in zip(places, found.rows, found.counts, strict=True):
        slopes = _slopes(loss, spans)
        size = max(abs(float(loss.value)), scale.value)
        scales = blocks(family, inputs.row(row), scale, spans, slopes)
        rows[row] = Row(loss.value, slopes, Dual(count), size, tuple(scales))
    return Answer(rows, found.state)
