"""Exact second derivatives along a direction: differences of the slopes of the reference in 50 digits.

What a definition holds constant for the gradient is a constant for the derivative of the gradient too, unless the case
is one of `MOVING_CONSTANTS`, whose gradient is differentiated as it stands (alpha in CIoU).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from . import reference
from .cases import Case, Variant
from .cases.case import Scale
from .cases.laws import MOVING_CONSTANTS
from .dual import MP, recorded, replayed
from .exact import ZERO, blocks
from .families import Family
from .inputs import Inputs
from .inputs.rows import nested
from .ulp import FORMATS, RESULT, Floats

STEP = MP.mpf("1e-15")
"""Of the difference; what it leaves out is of the size of its square, far below the last place of float64."""
KINK = 1e-12
"""Slopes that change by more over a step do not change smoothly there."""
SIGNS = (1.0, -0.5, 0.75, -1.0, 0.5, -0.75, 1.0, 0.25, -1.0, 0.375, -0.25)
"""Of a direction, by turns; exact in every format."""

Slopes = tuple[Any, ...]
"""Of the sum of a row's results, along all numbers of the row."""


class Curvature(NamedTuple):
    """How the slopes of each row change along a direction, and the scale of that: N rows of K numbers."""

    exact: list[Slopes]
    scales: Floats
    """Infinite in rows on a kink, where any number will do."""

    @property
    def smooth(self) -> int:
        """How many rows are not on a kink."""
        return int(np.isfinite(self.scales).all(axis=1).sum())


def direction(inputs: Inputs, family: Family) -> list[Floats]:
    """By argument, how its numbers move at once: each by a part of its unit. Constants and class indices stay."""
    spans, moves = inputs.spans(), []
    for index, (argument, numbers) in enumerate(zip(inputs.arguments, inputs.arrays, strict=True)):
        signs = np.resize(SIGNS[index:], numbers.shape) * (argument.role == "real")
        if family.units is not None and spans[index]:
            span = slice(spans[index].start, spans[index].stop)
            units = [family.units(*inputs.row(row))[span] for row in range(1 if argument.shared else len(inputs))]
            signs = signs * 2.0 ** np.round(np.log2(units)).reshape(numbers.shape)
        moves.append(signs)
    return moves


def curvature(
    case: Case,
    variant: Variant,
    scale: Scale,
    family: Family,
    inputs: Inputs,
    dtype: str,
    shares: Sequence[float],
    forward: bool = False,
) -> Curvature:
    """The second derivatives of each row's sum of results, taken so many times each, times `direction`.

    Of a gradient with constants that move, reverse mode multiplies by its derivative turned over, `forward` mode by the
    derivative itself. Errors are counted at the largest of the row's products, or at its slopes where those are larger.
    """
    knobs = dict(variant.knobs)
    if case.name in reference.FLOORED:
        knobs["tiny"] = math.ldexp(1.0, FORMATS[RESULT[dtype]].least)
    moves = direction(inputs, family)
    definition = _Definition(case, tuple(sorted(knobs.items())), tuple(shares), family, inputs)
    if definition.moving and not forward:
        steps, exact = _turned(definition, moves)
    else:
        steps = definition.steps(moves)
        exact = [step.change for step in steps]
    scales = []
    for row, (step, products) in enumerate(zip(steps, exact, strict=True)):
        spans, numbers = tuple(inputs.spans()), inputs.row(row)
        both = [blocks(family, numbers, scale, spans, slopes) for slopes in (products, step.here)]
        scales.append([max(pair) if step.smooth else math.inf for pair in zip(*both, strict=True)])
    return Curvature(exact, np.asarray(scales))


class Steps(NamedTuple):
    """The slopes at a row, and a step along the direction and against it."""

    here: Slopes
    ahead: Slopes
    behind: Slopes

    @property
    def change(self) -> Slopes:
        return tuple((a - b) / (2 * STEP) for a, b in zip(self.ahead, self.behind, strict=True))

    @property
    def smooth(self) -> bool:
        """Whether the slopes change little over either step, measured at the largest."""
        largest = 1 + max(map(abs, self.here), default=0)
        return all(abs(x - y) < KINK * largest for there in self[1:] for x, y in zip(there, self.here, strict=True))


class _Definition(NamedTuple):
    """The reference of a function with some knobs, on some rows."""

    case: Case
    knobs: tuple[tuple[str, Any], ...]
    shares: tuple[float, ...]
    family: Family
    inputs: Inputs

    @property
    def moving(self) -> bool:
        return self.case.name in MOVING_CONSTANTS

    def steps(self, moves: Sequence[Floats]) -> list[Steps]:
        """The slopes of every row, and those a step along a direction and against it."""
        inputs = self.inputs
        along = Inputs(inputs.arguments, inputs.names, tuple(moves), inputs.proper, inputs.leading)
        rows = [(inputs.row(i), _own(along, i)) for i in range(len(inputs))]
        if self.case.kind == "batch":
            return self._of_batch(rows)
        count, held = inputs.spans()[-1].stop, not self.moving
        return [_of_row(self.case.name, self.knobs, self.shares, count, held, *row) for row in rows]

    def _of_batch(self, rows: Sequence[tuple[Any, Any]]) -> list[Steps]:
        knobs, family, inputs = dict(self.knobs), self.family, self.inputs
        if family.by_class:
            knobs["classes"] = [row % inputs.leading[-1] for row in range(len(inputs))]
        own = [index for index, argument in enumerate(family.arguments) if not argument.shared]
        state = [x.tolist() for argument, x in zip(family.arguments, inputs.arrays, strict=True) if argument.shared]
        count = inputs.spans()[-1].stop

        def slopes(way: int) -> list[Slopes]:
            there = [_moved(row, moves, way) for row, moves in rows]
            columns = [[row[index] for row in there] for index in own]
            found = reference.evaluate_batch(self.case.name, columns, *state, **knobs)
            return [tuple(loss.slopes.get(place, ZERO) for place in range(count)) for loss in found.rows]

        return [Steps(*steps) for steps in zip(*_evaluated(slopes, not self.moving), strict=True)]


def _turned(definition: _Definition, moves: Sequence[Floats]) -> tuple[list[Steps], list[Slopes]]:
    """By row, the sum over the slopes of how each changes along one number, times the direction of the slope."""
    inputs, products = definition.inputs, []
    directions = [np.concatenate(_flat(inputs, moves, row)) for row in range(len(inputs))]
    steps = definition.steps(moves)
    for index, span in enumerate(inputs.spans()):
        for place in range(len(span)):
            if inputs.arguments[index].shared:
                products.append([ZERO] * len(inputs))
                continue
            one = [np.zeros_like(move) for move in moves]
            one[index].reshape(len(inputs), -1)[:, place] = 1.0
            changes = [step.change for step in definition.steps(one)]
            products.append([MP.fdot(c, d.tolist()) for c, d in zip(changes, directions, strict=True)])
    return steps, [tuple(row) for row in zip(*products, strict=True)]


def _flat(inputs: Inputs, moves: Sequence[Floats], row: int) -> list[Floats]:
    return [
        (x if argument.shared else x.reshape(len(inputs), -1)[row]).reshape(-1)
        for argument, x in zip(inputs.arguments, moves, strict=True)
        if not argument.discrete
    ]


def _own(moves: Inputs, row: int) -> tuple[Any, ...]:
    """The direction of a row's numbers, zeros for its class indices."""
    return tuple(
        nested(x if argument.shared else x.reshape(len(moves), *moves.content(index))[row])
        for index, (argument, x) in enumerate(zip(moves.arguments, moves.arrays, strict=True))
    )


def _moved(entry: Any, move: Any, way: int) -> Any:
    """The numbers a step along the direction; those that do not move stay what they are."""
    if isinstance(entry, tuple):
        return [_moved(part, along, way) for part, along in zip(entry, move, strict=True)]
    return MP.mpf(entry) + way * STEP * move if move else entry


def _evaluated(slopes: Callable[[int], Any], held: bool) -> Iterator[Any]:
    """What a definition gives at a row, a step ahead and a step behind; its constants held as they are at the row."""
    with recorded() as constants:
        yield slopes(0)
    for way in (1, -1):
        with replayed(constants) if held else nullcontext():
            yield slopes(way)


@cache
def _of_row(
    name: str,
    knobs: tuple[tuple[str, Any], ...],
    shares: tuple[float, ...],
    count: int,
    held: bool,
    row: tuple[Any, ...],
    moves: tuple[Any, ...],
) -> Steps:
    def slopes(way: int) -> Slopes:
        results, _ = reference.results(name, *_moved(row, moves, way), **dict(knobs))
        parts = [(shares[k % len(shares)], found) for k, found in enumerate(results)]
        return tuple(MP.fsum(share * found.slopes.get(k, ZERO) for share, found in parts) for k in range(count))

    try:
        return Steps(*_evaluated(slopes, held))
    except TypeError:
        # The root of a number below 0: the row lies on the border of what is defined, which counts as a kink.
        here = slopes(0)
        return Steps(here, tuple(x + 1 for x in here), here)
