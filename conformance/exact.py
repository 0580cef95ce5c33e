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
from .inputs import Inputs
from .ulp import FORMATS, RESULT, Exact, Floats


class Row(NamedTuple):
    """The exact answer for one row: value, slopes along all its numbers, and the scales of both.

    `weight` is what the row counts for in a mean, with slopes along the same numbers.
    """

    value: Any
    slopes: tuple[Any, ...]
    weight: Dual
    size: float
    scales: tuple[float, ...]


class Rows(NamedTuple):
    """The exact answers for N rows of K numbers as arrays: value and its scale (N,), gradient and its scale (N, K)."""

    value: Exact
    size: Floats
    gradient: Exact
    scales: Floats

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows:
        width = len(rows[0].slopes)
        return cls(
            Exact.of([row.value for row in rows], (len(rows),)),
            np.asarray([row.size for row in rows]),
            Exact.of([slope for row in rows for slope in row.slopes], (len(rows), width)),
            np.asarray([row.scales for row in rows]).reshape(len(rows), width),
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
    """The answers for rows of inputs; rows that are not kept make a difference to batches only."""
    knobs = dict(variant.knobs)
    if case.name in reference.FLOORED:
        knobs["tiny"] = math.ldexp(1.0, FORMATS[RESULT[dtype]].least)
    if case.kind == "batch":
        return exact_batch(case, variant, scale, family, inputs, kept).rows
    numbers = tuple(sorted(knobs.items()))
    spans = tuple(inputs.spans())
    return [_row(case.name, numbers, family, scale, spans, inputs.row(i)) for i in range(len(inputs))]


@cache
def _row(
    name: str,
    knobs: tuple[tuple[str, Any], ...],
    family: Family,
    scale: Scale,
    spans: tuple[range, ...],
    row: tuple[Any, ...],
) -> Row:
    options = dict(knobs)
    found = reference.evaluate(name, *row, **options)
    count = reference.count(name, *row, **options)
    slopes = _slopes(found, spans)
    size, sizes = max(abs(float(found.value)), scale.value), _blocks(family, row, scale, spans, slopes)
    if scale.terms:
        size = max(size, float(found.terms))
    for moved in _moved(row, family, scale):
        other = reference.evaluate(name, *moved, **options)
        size = max(size, _change(other.value - found.value))
        changes = [_change(new - old) for new, old in zip(_slopes(other, spans), slopes, strict=True)]
        sizes = [max(pair) for pair in zip(sizes, changes, strict=True)]
    return Row(found.value, slopes, count, size, tuple(sizes))


STEP = MP.mpf("1e-20")


def _moved(row: tuple[Any, ...], family: Family, scale: Scale) -> Iterator[list[Any]]:
    """The row with one of the arguments that move the answer larger by 1e-20 of itself; with each in turn."""
    for index, argument in enumerate(family.arguments):
        if argument.name in scale.moved_by:
            numbers = [MP.mpf(x) for x in np.ravel(row[index]).tolist()]
            origin = max(numbers) if argument.name in ("logits", "scores") and argument.axes else 0
            ways = [x - origin for x in numbers]
            there = [x + way * STEP if MP.isfinite(x) and way not in (0, 1) else x for x, way in zip(numbers, ways)]
            if there != numbers:
                moved: list[Any] = list(row)
                moved[index] = there if argument.axes else there[0]
                yield moved


def _change(difference: Any) -> float:
    """|x dy/dx|; 0 at a jump."""
    change = float(abs(difference) / STEP)
    return change if change < 1e12 else 0.0


def _slopes(found: Dual, spans: Sequence[range]) -> tuple[Any, ...]:
    return tuple(found.slopes.get(place, MP.mpf(0)) for place in range(spans[-1].stop))


def _blocks(
    family: Family, row: tuple[Any, ...], scale: Scale, spans: Sequence[range], slopes: Sequence[Any]
) -> list[float]:
    """By number, the largest slope of the row; for the first argument its own, if units differ. With a least size."""
    least = max(scale.gradient, float(family.least_slope(*row)) if family.least_slope else 0.0)
    sizes = [abs(float(slope)) for slope in slopes]
    largest = max([least, *sizes])
    own = largest if family.one_scale else max([least, *(sizes[place] for place in spans[0])])
    return [own if place in spans[0] else largest for place in range(len(sizes))]


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
        scales = _blocks(family, inputs.row(row), scale, spans, slopes)
        rows[row] = Row(loss.value, slopes, Dual(count), size, tuple(scales))
    return Answer(rows, found.state)
