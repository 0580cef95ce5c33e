"""Laws that need no exact answer, on rows that hypothesis mixes: range, order, company, symmetry, units.

Always the same rows. Which function is symmetric, has no unit or no origin, says `cases/laws.py`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..cases import laws
from ..inputs import Inputs
from ..trial import Trial, expect
from ..ulp import Floats, rounded
from .check import ONE, Check, Measured

EXAMPLES = 4
ROWS = 8
PARTS = 16
"""Rows are mixed in sixteenths."""
NUMBERS = (3, -2, 5, -6, 1, -4)
"""How far rows are moved, by which power of two they are made larger, and what else a law takes."""
APART = 64.0
"""ULP of 1, or of the value if that is larger, by which results that a law makes equal may differ."""
GRID = 1024.0
"""Parts of 1 to which numbers are rounded so that moving them by an integer is exact."""

Law = Callable[[Trial, Inputs, int], None]


def properties(trial: Trial) -> Measured:
    """Every law that holds for the function, on mixtures of its rows."""
    import hypothesis
    import hypothesis.strategies as st

    # Of all rows, those that say something of ranges; for the other laws, rows of ordinary size.
    pools = [_pool(trial.groups[0]), _pool(trial.ordinary)]
    which = st.integers(0, 255)
    rows = st.lists(st.tuples(which, which, st.integers(0, PARTS)), min_size=ROWS, max_size=ROWS)

    @hypothesis.settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=EXAMPLES,
        phases=(
            hypothesis.Phase.generate,
        ),  # a failure names one row, and there is no need to search for a smaller one
        print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(rows, st.sampled_from(NUMBERS))
    def hold(picks: list[tuple[int, int, int]], number: int) -> None:
        every, ordinary = (mixed(pool, picks, trial.dtype) for pool in pools)
        for law in ALWAYS if trial.case.kind != "batch" else ALWAYS[:2]:
            law(trial, every, number)
        for names, law in DECLARED:
            if trial.case.name in names:
                law(trial, ordinary, number)

    hold()
    return {}


def _pool(rows: Inputs) -> Inputs:
    """The proper rows without NaN or infinity."""
    sound = rows.proper.copy()
    for argument, x in zip(rows.arguments, rows.arrays, strict=True):
        if not argument.shared:
            sound &= np.isfinite(x).reshape(len(rows), -1).all(axis=1)
    return rows if len(rows.leading) > 1 else rows.take(np.flatnonzero(sound).tolist())


def mixed(pool: Inputs, picks: Sequence[tuple[int, int, int]], dtype: str) -> Inputs:
    """Rows whose first argument lies between those of two rows of the pool; all else is the first row's."""
    if len(pool.leading) > 1:
        return pool  # rows that belong together
    first, second = ([pick[side] % len(pool) for pick in picks] for side in (0, 1))
    rows = pool.take(first)
    x, y = rows.arrays[0], pool.arrays[0][second]
    share = np.asarray([pick[2] / PARTS for pick in picks]).reshape(-1, *[1] * (x.ndim - 1))
    numbers = x if rows.arguments[0].role != "real" else rounded(x * (1 - share) + y * share, dtype)
    others = zip(rows.names, second, picks, strict=True)
    names = tuple(f"{name} with {pick[2]}/{PARTS} of {pool.names[other]}" for name, other, pick in others)
    return replace(rows, arrays=(numbers, *rows.arrays[1:]), names=names)


# Laws of all ----------------------------------------------------------------------------------------------------------


def in_range(trial: Trial, rows: Inputs, number: int) -> None:
    """Values are finite and in the documented range, slopes are finite."""
    given = trial.arrays(rows)
    values = trial.numpy(trial.function(*given)).reshape(len(rows), -1)
    inside = np.isfinite(values) & (trial.variant.low <= values) & (values <= trial.variant.high)
    _all(rows, inside, values, f"not in [{trial.variant.low}, {trial.variant.high}]")
    for slopes in trial.slopes(given):
        found = trial.numpy(slopes)
        expect(bool(np.isfinite(found).all()), f"a gradient of mixed rows is {found.tolist()}")


def repeatable(trial: Trial, rows: Inputs, number: int) -> None:
    """A second call gives the same bits."""
    given = trial.arrays(rows)
    runs = [[trial.numpy(x) for x in (trial.function(*given), *trial.slopes(given))] for _ in range(2)]
    for once, again in zip(*runs, strict=True):
        expect(once.tobytes() == again.tobytes(), "a second call with the same arrays gave other bits")


def in_any_order(trial: Trial, rows: Inputs, number: int) -> None:
    """Rows in another order give the same numbers in that order."""
    order = np.roll(np.arange(len(rows))[::-1], number)
    here, there = _values(trial, rows), _values(trial, rows.take(order.tolist()))
    _equal(trial, rows.take(order.tolist()), here[order], there, "in another order")


def alone(trial: Trial, rows: Inputs, number: int) -> None:
    """A row by itself gives the number that it gives among others."""
    place = number % len(rows)
    one = rows.take([place])
    _equal(trial, one, _values(trial, rows)[[place]], _values(trial, one), "alone")


# Laws that are declared -----------------------------------------------------------------------------------------------


def symmetric(trial: Trial, rows: Inputs, number: int) -> None:
    """Both arguments exchanged."""
    a, b, *rest = rows.arrays
    _equal(trial, rows, _values(trial, rows), _values(trial, replace(rows, arrays=(b, a, *rest))), "exchanged")


def without_unit(trial: Trial, rows: Inputs, number: int) -> None:
    """Everything in another unit of length, a power of two."""
    arrays = _lengths(rows, lambda x: np.ldexp(x, number), sides=True)
    _equal(trial, rows, _values(trial, rows), _values(trial, replace(rows, arrays=arrays)), f"times 2^{number}")


def without_origin(trial: Trial, rows: Inputs, number: int) -> None:
    """Everything moved by an integer, which is exact."""
    grid = replace(rows, arrays=_lengths(rows, lambda x: np.round(x * GRID) / GRID, sides=True))
    moved = replace(grid, arrays=_lengths(grid, lambda x: x + number, sides=False))
    _equal(trial, grid, _values(trial, grid), _values(trial, moved), f"moved by {number}")


def without_level(trial: Trial, rows: Inputs, number: int) -> None:
    """The scores of all classes moved by an integer."""
    x = np.round(rows.arrays[0] * GRID) / GRID
    here, there = (replace(rows, arrays=(x + by, *rows.arrays[1:])) for by in (0, number))
    _equal(trial, here, _values(trial, here), _values(trial, there), f"moved by {number}")


ALWAYS: tuple[Law, ...] = (in_range, repeatable, in_any_order, alone)
DECLARED: tuple[tuple[tuple[str, ...], Law], ...] = (
    (laws.SYMMETRIC, symmetric),
    (laws.WITHOUT_UNIT, without_unit),
    (laws.WITHOUT_ORIGIN, without_origin),
    (laws.WITHOUT_LEVEL, without_level),
)


def _lengths(rows: Inputs, change: Callable[[Floats], Floats], sides: bool) -> tuple[Floats, ...]:
    """The arguments with their lengths changed: of rotated boxes not the angle, and the `sides` only if asked for."""
    arrays = []
    for argument, x in zip(rows.arguments, rows.arrays, strict=True):
        changed = x if argument.discrete else change(x)
        if argument.turned:
            changed = np.concatenate((changed[..., : 4 if sides else 2], x[..., 4 if sides else 2 :]), axis=-1)
        arrays.append(changed)
    return tuple(arrays)


def _values(trial: Trial, rows: Inputs) -> Floats:
    return trial.numpy(trial.function(*trial.arrays(rows))).reshape(len(rows), -1)


def _equal(trial: Trial, rows: Inputs, here: Floats, there: Floats, what: str) -> None:
    """Within a few units in the last place of 1, or of the value."""
    unit = float(np.finfo(trial.result).eps) * np.maximum(1.0, np.abs(here))
    _all(rows, np.abs(here - there) <= APART * unit, there, f"{what}; before {here.tolist()}")


def _all(rows: Inputs, fine: Any, values: Floats, what: str) -> None:
    for row, passed in enumerate(fine.all(axis=1).tolist()):
        expect(passed, f"{values[row].tolist()} {what}; {rows.describe(row)}")


def _is_tried(trial: Trial) -> bool:
    """NumPy shows whether a formula keeps a law, a few formulas whether a library does."""
    return importlib.util.find_spec("hypothesis") is not None and (trial.backend.library == "numpy" or trial.leads)


PROPERTIES: tuple[Check, ...] = (
    Check(
        "properties",
        properties,
        dtypes=ONE,
        variants=False,
        brief=(),
        applies=_is_tried,
        mode="properties",
    ),
)
