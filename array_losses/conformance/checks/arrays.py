"""Arrays in, arrays out: kind, shape, dtype, device; any order in memory; no warnings, no writing; none and many."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..trial import Trial, expect
from .check import FORMATS, ONE, Check, Measured, described


def arrays(trial: Trial) -> Measured:
    """Results are the library's arrays, on the inputs' device, of the promised shape and dtype."""
    for group, found in trial.values:
        described("value", trial, found, trial.shape(group), trial.result)
    for group, gradients in trial.gradients:
        for index, found in zip(trial.family.differentiable, gradients, strict=True):
            name = f"gradient of {group.arguments[index].name}"
            described(name, trial, found, group.arrays[index].shape, trial.dtype)
    return {}


def silent(trial: Trial) -> Measured:
    """No warning is raised on the way, for any input."""
    with warnings.catch_warnings(record=True) as raised, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        for group in trial.groups:
            given = trial.arrays(group)
            trial.backend.sync(trial.function(*given))
            trial.backend.sync(trial.slopes(given))
    loud = [w for w in raised if issubclass(w.category, RuntimeWarning | UserWarning)]
    expect(not loud, f"warned: {loud[0].category.__name__}: {loud[0].message}" if loud else "")
    return {}


def shapes(trial: Trial) -> Measured:
    """A single row gives a 0-d array; leading axes are kept."""
    worst = 0.0
    for leading in ((), (2, 1, 4)) if trial.brief else ((), (1,), (2, 4), (2, 1, 4), (8, 1)):
        rows = trial.ordinary.take(range(math.prod(leading)))
        here = rows.shaped(*leading)
        given = trial.arrays(here)
        found, slopes = trial.function(*given), trial.slopes(given)
        described("value", trial, found, trial.shape(here), trial.result)
        for index, of_argument in zip(trial.family.differentiable, slopes, strict=True):
            name = f"gradient of {here.arguments[index].name}"
            described(name, trial, of_argument, here.arrays[index].shape, trial.dtype)
        worst = max(worst, trial.compare_values(found, rows))
        trial.compare_gradients(slopes, rows)
    return {"value": worst}


def strided(trial: Trial) -> Measured:
    """Numbers apart in memory, every second row: the same results."""
    rows = trial.ordinary
    views = []
    for argument, whole, numbers in zip(rows.arguments, trial.arrays(rows), rows.arrays, strict=True):
        dtype = trial.backend.dtype_of(whole)
        if argument.shared:
            views.append(whole)
        elif numbers.ndim == 2:
            views.append(trial.backend.transposed(trial.array(np.repeat(numbers.T, 2, axis=1), dtype))[::2, ...])
        else:
            views.append(trial.array(np.repeat(numbers, 2, axis=0), dtype)[::2, ...])
    return {
        "value": trial.compare_values(trial.function(*views), rows),
        "gradient": trial.compare_gradients(trial.slopes(views), rows),
    }


def pure(trial: Trial) -> Measured:
    """The arguments keep every bit."""
    for group in trial.groups:
        given = trial.arrays(group)
        before = [trial.numpy(array).tobytes() for array in given]
        trial.backend.sync(trial.function(*given))
        trial.backend.sync(trial.slopes(given))
        expect(before == [trial.numpy(array).tobytes() for array in given], "an argument was written to")
    return {}


def read_only(trial: Trial) -> Measured:
    """Arrays that may not be written to are enough, and a result shares no memory with them."""
    group = trial.groups[0]
    given = trial.arrays(group)
    for array in given:
        array.flags.writeable = False
    results = [trial.function(*given), *trial.slopes(given)]
    for found in results:
        own = not any(np.shares_memory(found, array) for array in given)
        expect(own, "a result is a view of an input")
    return {"value": trial.compare_values(results[0], group)}


def empty(trial: Trial) -> Measured:
    """No rows: no values, a sum and a mean of 0, and a gradient of no rows."""
    for leading in ((0,), (2, 0)):
        rows = trial.ordinary.take([]).shaped(*leading)
        given = trial.arrays(rows)
        described("value", trial, trial.function(*given), trial.shape(rows), trial.result)
        _no_gradient(trial, rows, trial.slopes(given), "the rows")
        if not trial.is_loss:
            continue
        for reduction in ("mean", "sum"):
            found = trial.function(*given, reduction=reduction)
            described(reduction, trial, found, (), trial.result)
            expect(float(trial.numpy(found)) == 0.0, f"the {reduction} of no rows is {trial.numpy(found)}")
            slopes = trial.slopes(given, lambda *rows, how=reduction: trial.function(*rows, reduction=how))
            _no_gradient(trial, rows, slopes, reduction)
    return {}


def _no_gradient(trial: Trial, rows: Any, gradients: tuple[Any, ...], name: str) -> None:
    for index, slopes in zip(trial.family.differentiable, gradients, strict=True):
        argument = rows.arguments[index]
        described(f"gradient of {argument.name} of {name}", trial, slopes, rows.arrays[index].shape, trial.dtype)
        nothing = bool((trial.numpy(slopes) == 0).all())
        expect(nothing, f"no rows, but the gradient of {argument.name} is {trial.numpy(slopes).tolist()}")


def long(trial: Trial) -> Measured:
    """Many rows, more than are computed at once anywhere: the same numbers for each."""
    rows = trial.ordinary
    repeat = 12_501 if not trial.results and rows.spans()[-1].stop <= 16 else 501
    if trial.results and trial.family.layout is None:
        # In the standard, each number of a gathered gradient looks through all others.
        repeat = 31 if trial.backend.library == "array_api_strict" else 101
    given = [
        array if argument.shared else trial.array(np.concatenate([numbers] * repeat), trial.backend.dtype_of(array))
        for argument, array, numbers in zip(rows.arguments, trial.arrays(rows), rows.arrays, strict=True)
    ]
    return {
        "value": trial.compare_values(trial.function(*given), rows),
        "gradient": trial.compare_gradients(trial.slopes(given), rows, repeated=True),
    }


ARRAYS: tuple[Check, ...] = (
    Check("arrays", arrays, brief=FORMATS, core=True),
    Check("silent", silent, dtypes=FORMATS, core=True),
    Check("shapes", shapes, kinds=("measure", "loss"), dtypes=ONE, variants=False),
    Check("strided", strided, kinds=("measure", "loss"), dtypes=ONE, variants=False, brief=(), mode="layouts"),
    Check("purity", pure, dtypes=FORMATS, core=True),
    Check("read-only", read_only, dtypes=ONE, applies=lambda trial: trial.backend.library == "numpy", mode="layouts"),
    Check("empty", empty, kinds=("measure", "loss"), dtypes=("float16", "float32"), variants=False, brief=ONE),
    Check(
        "long",
        long,
        kinds=("measure", "loss"),
        dtypes=ONE,
        variants=False,
        brief=(),
        applies=lambda trial: not trial.backend.slow,
    ),
)
