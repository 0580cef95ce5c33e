"""Promises about every number: near the exact answer, in range, finite, and a NaN stays where it is."""

from __future__ import annotations

import math

import numpy as np

from ..families import whole
from ..inputs import Inputs
from ..trial import Trial, expect
from ..ulp import Floats
from .check import BOTH, FORMATS, ONE, Check, Measured, described


def value(trial: Trial) -> Measured:
    """Every row is within the budget of the exact answer, in float32 at least."""
    return {"value": max(trial.compare_values(found, group) for group, found in trial.values)}


def gradient(trial: Trial) -> Measured:
    """So are the slopes along all numbers of a row, through the library's `value_and_grad`."""
    return {"gradient": max(trial.compare_gradients(found, group) for group, found in trial.gradients)}


def in_range(trial: Trial) -> Measured:
    """Finite, and inside the documented range, for every input that the function is meant for, however degenerate."""
    seen = 0
    for group, found in trial.values:
        for row, numbers in enumerate(trial.numpy(found).reshape(len(group), -1).tolist()):
            for number in numbers:
                inside = not group.proper[row] or trial.variant.low <= number <= trial.variant.high
                bounds = f"[{trial.variant.low}, {trial.variant.high}]"
                expect(math.isfinite(number) and inside, f"{number!r} is not in {bounds}; {group.describe(row)}")
                seen += 1
    expect(seen > 0, "no value was looked at")
    return {}


def finite_gradient(trial: Trial) -> Measured:
    """The gradient is finite for every input."""
    seen = 0
    for group, gradients in trial.gradients:
        for index, found in zip(trial.family.differentiable, gradients, strict=True):
            argument = group.arguments[index]
            rows = 1 if argument.shared else len(group)
            for row, slopes in enumerate(trial.numpy(found).reshape(rows, -1)):
                expect(
                    bool(np.isfinite(slopes).all()),
                    f"gradient of {argument.name} is {slopes.tolist()}; {group.describe(row)}",
                )
                seen += 1
    expect(seen > 0, "no gradient was looked at")
    return {}


def nan_stays(trial: Trial) -> Measured:
    """A NaN in any number of a row makes the row NaN and changes no bit of the others, nor of their gradients."""
    rows = trial.ordinary
    clean = trial.arrays(rows)
    before, first = trial.numpy(trial.function(*clean)), _by_row(trial, rows, trial.slopes(clean))
    # Of an ignored row, not even a NaN comes through.
    weights = np.asarray([float(exact.weight.value) for exact in trial.exact_rows(rows)]).reshape(len(rows), -1)
    looked_at = trial.exact(rows).gradient.high.any(axis=1) | (not _may_hide(rows))
    counted = np.flatnonzero(weights.any(axis=1) & looked_at).tolist()
    poisoned = [(i, k) for i in trial.family.differentiable if not rows.arguments[i].shared for k in _places(rows, i)]
    for turn, (index, place) in enumerate(poisoned):
        row = counted[turn % len(counted)]  # another row each time
        argument = rows.arguments[index]
        place = _seen(trial, rows, index, row, place)
        dirty = list(clean)
        numbers = rows.arrays[index].copy()
        numbers.reshape(len(rows), -1)[row, place] = np.nan
        dirty[index] = trial.array(numbers)
        others = [r for r in range(len(rows)) if r != row]
        found = trial.numpy(trial.function(*dirty))
        expect(
            bool(np.isnan(found[row]).any()),
            f"number {place + 1} of {argument.name} is NaN but the row's value is {found[row]}",
        )
        if trial.family.layout is not None and trial.family.layout.apart and trial.results:
            # Each class is a row of its own.
            own = place * found[row].size // numbers[0].size
            expect(math.isnan(found[row, own]), f"class {own} holds NaN but its value is {found[row, own]}")
            found[row, own] = before[row, own]
            others = list(range(len(rows)))
        expect(np.array_equal(found[others], before[others]), f"NaN in row {row} changed the value of another row")
        others = [r for r in range(len(rows)) if r != row]
        slopes = _by_row(trial, rows, trial.slopes(dirty))
        expect(np.array_equal(slopes[others], first[others]), f"NaN in row {row} changed the gradient of another row")
    expect(bool(poisoned), "no row was poisoned")
    return {}


def _places(rows: Inputs, index: int) -> range:
    """The numbers of a row to poison; two of them tell as much as all where all are treated alike."""
    size = math.prod(rows.content(index))
    return range(size if rows.arguments[index].name in ("pred", "target") and size <= 4 else min(size, 2))


def _may_hide(rows: Inputs) -> bool:
    """Whether masks or labels leave out numbers of a row."""
    return any(argument.discrete and argument.axes for argument in rows.arguments)


def _seen(trial: Trial, rows: Inputs, index: int, row: int, place: int) -> int:
    """The place, or another of a number that the row's results look at: masks and miners leave numbers out, and KFIoU
    is blind to where boxes are."""
    span = rows.spans()[index]
    if not trial.results and not _may_hide(rows) and trial.exact(rows).gradient.high[:, span.start + place].any():
        return place
    seen = np.flatnonzero(trial.exact(rows).gradient.high[row, span.start : span.stop]).tolist()
    return place if place in seen or not seen else int(seen[0])


def _by_row(trial: Trial, rows: Inputs, gradients: tuple[object, ...]) -> Floats:
    """The gradients of all arguments that are not shared, side by side."""
    own = [
        trial.numpy(found).reshape(len(rows), -1)
        for index, found in zip(trial.family.differentiable, gradients, strict=True)
        if not rows.arguments[index].shared
    ]
    return np.concatenate(own, axis=-1)


def mixed_dtypes(trial: Trial) -> Measured:
    """Two dtypes give the wider one, integers the library's default, and every gradient has its argument's dtype."""
    wide = "float64" if trial.dtype == "float64" else "float32"
    default = trial.backend.default_float()
    rows = whole(trial.family)
    narrow = [name for name in trial.backend.dtypes if name != wide and (name != "float64" or wide == "float64")]
    mixtures = [(name, wide, wide) for name in narrow[: 1 if trial.brief else None]]
    mixtures += [("int32", "int32", default), ("int32", wide, wide), (wide, "int32", wide)]
    exact = trial.exact_rows(rows)
    for first, rest, expected in mixtures:
        dtypes = [first, *[rest] * (len(rows.arguments) - 1)]
        real = [kind for kind, argument in zip(dtypes, rows.arguments, strict=True) if not argument.discrete]
        if len(real) == 1:
            expected = default if real == ["int32"] else trial.result_of(real[0])
        arrays = trial.arrays(rows, *dtypes)
        found = trial.function(*arrays)
        label = f"value of {' and '.join(real)}"
        described(label, trial, found, trial.shape(rows), expected)
        values, sizes = [row.value for row in exact], np.asarray([row.size for row in exact])
        trial.close(label, trial.numpy(found).reshape(-1), values, sizes, trial.budget("value"), expected)
        if "int32" not in real:
            for index, slopes in zip(trial.family.differentiable, trial.slopes(arrays), strict=True):
                label = f"gradient of {rows.arguments[index].name} of {' and '.join(real)}"
                described(label, trial, slopes, rows.arrays[index].shape, dtypes[index])
    return {}


def _has_gradient(trial: Trial) -> bool:
    return bool(trial.family.differentiable)


NUMBERS: tuple[Check, ...] = (
    Check("value", value, brief=FORMATS, core=True),
    Check("gradient", gradient, brief=FORMATS, core=True, applies=_has_gradient),
    Check("range", in_range, brief=FORMATS, core=True, mode="properties"),
    Check("finite gradient", finite_gradient, brief=FORMATS, core=True, applies=_has_gradient),
    Check(
        "NaN stays in its row",
        nan_stays,
        kinds=("measure", "loss"),
        dtypes=ONE,
        applies=_has_gradient,
        mode="properties",
    ),
    Check("mixed dtypes", mixed_dtypes, kinds=("measure", "loss"), dtypes=BOTH, variants=False, brief=ONE),
)
