"""The reference is checked by what shares no line with its chain rule: mpmath's numerical derivative of its values.

Published values are in the `tests/test_golden_*.py`, to which the library is held, and in `tests/test_conformance.py`,
where the reference itself is: MONAI's of regions, those of the authors of the Lovász losses, and others by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from array_losses.conformance import cases, reference
from array_losses.conformance.dual import MP, Dual, constant, coordinates, recorded, replayed, square
from array_losses.conformance.families import Family
from array_losses.conformance.inputs import Inputs
from array_losses.conformance.second import direction

CASES = [case for case in cases.CASES if case.family is not None]
STEP = MP.mpf("1e-20")
Results = Callable[[Any], list[Dual]]
"""Of numbers so far along their direction."""


def test_every_definition_is_of_a_case() -> None:
    """And so it is differentiated below."""
    assert {*reference.ROWS, *reference.SEVERAL, *reference.BATCHES} == {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_slopes_are_the_numerical_derivative(case: cases.Case) -> None:
    """Of the sum of all results of a row, or of a batch, along a direction that moves every number."""
    variant = case.variants[0]
    family = variant.family or case.family
    assert family is not None
    knobs = dict(variant.knobs) | ({"tiny": 1e-30} if case.name in reference.FLOORED else {})
    rows = family.ordinary("float64")
    if case.kind == "batch":
        assert _agrees(_batch(case.name, knobs, family, rows), _moves_of_batch(family, rows))
        return
    moves = replace(rows, arrays=tuple(direction(rows, family)))
    compared = 0
    for place in range(len(rows)):
        row, along = rows.row(place), moves.row(place)
        compared += _agrees(_row(case.name, knobs, row, along), _flat(family, along))
        if compared == 2:
            break
    assert compared == 2, "fewer than two rows without a kink"


def _row(name: str, knobs: dict[str, Any], row: Any, along: Any) -> Results:
    return lambda step: reference.results(name, *_moved(row, along, step), **knobs)[0]


def _batch(name: str, knobs: dict[str, Any], family: Family, rows: Inputs) -> Results:
    moves = replace(rows, arrays=tuple(direction(rows, family)))
    if family.by_class:
        knobs["classes"] = [row % rows.leading[-1] for row in range(len(rows))]
    own = [place for place, argument in enumerate(family.arguments) if not argument.shared]
    state = [x.tolist() for argument, x in zip(family.arguments, rows.arrays, strict=True) if argument.shared]

    def results(step: Any) -> list[Dual]:
        there = [_moved(rows.row(i), moves.row(i), step) for i in range(len(rows))]
        columns = [[row[place] for row in there] for place in own]
        return list(reference.evaluate_batch(name, columns, *state, **knobs).rows)

    return results


def _moves_of_batch(family: Family, rows: Inputs) -> list[list[float]]:
    moves = replace(rows, arrays=tuple(direction(rows, family)))
    return [_flat(family, moves.row(i)) for i in range(len(rows))]


def _flat(family: Family, along: Any) -> Any:
    parts = zip(family.arguments, along, strict=True)
    return [number for argument, part in parts if not argument.discrete for number in _numbers(part)]


def _numbers(entry: Any) -> list[float]:
    return [number for part in entry for number in _numbers(part)] if isinstance(entry, tuple) else [entry]


def _moved(entry: Any, along: Any, step: Any) -> Any:
    if isinstance(entry, tuple):
        return [_moved(part, move, step) for part, move in zip(entry, along, strict=True)]
    return MP.mpf(entry) + step * along if along else entry


def _agrees(results: Results, along: Any) -> bool:
    """False at a kink, where the derivatives of both sides differ or there is none."""
    with recorded() as constants:
        here = results(MP.mpf(0))
    moves = along if isinstance(along[0], list) else [along] * len(here)
    slope = MP.fsum(
        found.slopes[place] * own[place] for found, own in zip(here, moves, strict=True) for place in found.slopes
    )

    def value(step: Any) -> Any:
        with replayed(constants):
            return MP.fsum(found.value for found in results(step))

    try:
        ahead, behind = (MP.diff(value, 0, h=STEP, direction=side) for side in (1, -1))
    except TypeError:  # the root of a number below 0
        return False
    if abs(ahead - behind) > 1e-12 * max(1, abs(slope)):
        return False
    assert abs(ahead - slope) < 1e-12 * max(1, abs(slope)), f"{ahead} instead of {slope}"
    return True


def test_a_wrong_slope_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def half_of_it(pred: Dual, target: Dual) -> Dual:
        found = square(pred - target)
        return Dual(found.value, {place: slope / 2 for place, slope in found.slopes.items()})

    monkeypatch.setitem(reference.ROWS, "squared_error", half_of_it)
    (case,) = [case for case in CASES if case.name == "squared_error"]
    with pytest.raises(AssertionError, match="instead of"):
        test_slopes_are_the_numerical_derivative(case)


def test_constants_are_held_where_they_were_recorded() -> None:
    """x stop(x) at 3, moved to 5: 5 times 3, with slope 3; once all are used up, nothing is left to hold."""

    def product(x: float) -> Dual:
        (number,) = coordinates([x])
        return number * constant(number)

    with recorded() as constants:
        assert product(3.0).value == 9
    with replayed(constants):
        assert (product(5.0).value, product.__name__) == (15, "product")
        with pytest.raises(StopIteration):
            product(5.0)
    assert product(5.0).value == 25
    assert math.isclose(float(product(5.0).slopes[0]), 5.0)
