"""Measures of two arguments broadcast: every row of one with every row of the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inputs import Inputs
from ..trial import Trial, expect
from .check import BOTH, ONE, Check, Measured, described


def table(trial: Trial) -> Measured:
    """Leading axes broadcast: every prediction with every target, and gradients summed over the table."""
    rows = trial.groups[0]
    pairs = rows.take(range(0, len(rows), 17))
    count = len(pairs)
    expect(count > 3, "too few rows for a table")
    flat = _every_with_every(pairs)
    one, other = pairs.arrays
    first, second = trial.array(one[:, None, :]), trial.array(other[None, :, :])
    found = trial.function(first, second)
    described("table", trial, found, (count, count), trial.result)
    worst = trial.compare_values(found, flat)
    column = trial.function(trial.array(one), trial.array(other[0]))
    described("column", trial, column, (count,), trial.result)
    trial.compare_values(column, flat.take(range(0, count * count, count)))

    slopes = trial.slopes((first, second))
    width = one.shape[-1]
    described(f"gradient of {rows.arguments[0].name}", trial, slopes[0], (count, 1, width), trial.dtype)
    described(f"gradient of {rows.arguments[1].name}", trial, slopes[1], (1, count, width), trial.dtype)
    return {"value": worst, "gradient": _compare_sums(trial, slopes, flat, count, width)}


def _every_with_every(pairs: Inputs) -> Inputs:
    count, arguments = len(pairs), pairs.arguments
    names = pairs.names
    rows = [
        (f"{names[i]} with {arguments[1].name} of {names[j]}", pairs.arrays[0][i], pairs.arrays[1][j])
        for i in range(count)
        for j in range(count)
    ]
    return Inputs.of(arguments, rows, "float64")


def _compare_sums(trial: Trial, slopes: tuple[Any, ...], flat: Inputs, count: int, width: int) -> float:
    """Row and column sums of the table's gradients, in ULP of the sum of the scales that went into each."""
    rows, budget = trial.exact_rows(flat), trial.budget("gradient")
    worst = 0.0
    for side, found in enumerate(slopes):
        exact, scale = [], []
        for entry in range(count):
            places = [entry * count + k if side == 0 else k * count + entry for k in range(count)]
            for number in range(side * width, (side + 1) * width):
                exact.append(sum(rows[p].slopes[number] for p in places))
                scale.append(sum(rows[p].scales[number] for p in places))
        got = trial.numpy(found).reshape(-1)
        worst = max(worst, trial.close("gradient of the table", got, exact, scale, budget, trial.dtype))
    return worst


def empty_table(trial: Trial) -> Measured:
    """No rows of one argument and some of the other give a table without rows."""
    width = trial.ordinary.arrays[0].shape[-1]
    found = trial.function(trial.array(np.zeros((0, 1, width))), trial.array(np.zeros((1, 3, width))))
    described("empty table", trial, found, (0, 3), trial.result)
    return {}


def long_table(trial: Trial) -> Measured:
    """A table of more than are computed at once anywhere: the same numbers for each."""
    first, second = (np.tile(x, (62, 1)) for x in trial.ordinary.arrays)
    wide = trial.numpy(trial.function(trial.array(first[:304, None, :]), trial.array(second[None, :496, :])))
    tile = trial.numpy(trial.function(trial.array(first[:8, None, :]), trial.array(second[None, :8, :])))
    off = float(np.abs(wide - np.tile(tile, (38, 62))).max() / np.finfo(trial.result).eps)
    expect(off <= trial.budget("value"), f"a table of 304 x 496 is {off:g} eps off the tile that it repeats")
    return {}


def _broadcasts(trial: Trial) -> bool:
    return len(trial.family.arguments) == 2 and not trial.results


TABLES: tuple[Check, ...] = (
    Check("table", table, kinds=("measure",), dtypes=BOTH, brief=ONE, applies=_broadcasts),
    Check(
        "empty table",
        empty_table,
        kinds=("measure",),
        dtypes=("float16", "float32"),
        variants=False,
        brief=ONE,
        applies=_broadcasts,
    ),
    Check(
        "long table",
        long_table,
        kinds=("measure",),
        dtypes=ONE,
        variants=False,
        brief=(),
        applies=lambda trial: _broadcasts(trial) and not trial.backend.slow,
    ),
)
