"""The checks of one trial. Each looks at one promise, returns the worst errors that it measured and raises
`CheckFailedError` if the promise is broken.

The checks of reductions, of errors and of the transforms stand in files of their own; `suite.py` lists all.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .inputs import Inputs, overlapping
from .trial import Trial, expect

ONE = ("float32",)
BOTH = ("float32", "float64")
FORMATS = ("float16", "float32", "float64")
ALL = ("float16", "bfloat16", "float32", "float64")

Measured = dict[str, float]
"""The worst error by what was measured: "value" or "gradient"."""


class Check(NamedTuple):
    name: str
    run: Callable[[Trial], Measured]
    kinds: tuple[str, ...] = ("measure", "loss")
    dtypes: tuple[str, ...] = ALL
    variants: bool = True
    """Whether every set of knobs is tried; False for what does not depend on the formula: the first one only."""
    brief: tuple[str, ...] | None = None
    """The dtypes of a brief trial (see `Trial.brief`) if they are not the same."""
    core: bool = False
    """Whether brief trials of further sets of knobs include it, in float32 and float64."""
    applies: Callable[[Trial], bool] = lambda trial: True

    def fits(self, trial: Trial) -> bool:
        """Whether the check is for such a trial."""
        dtypes = self.dtypes
        if trial.brief:
            dtypes = self.dtypes if self.brief is None else self.brief
            if trial.variant.knobs:
                dtypes = BOTH if self.core else ()
        wanted = trial.dtype in dtypes and (self.variants or not trial.variant.knobs)
        return wanted and trial.case.kind in self.kinds and self.applies(trial)


# The numbers ----------------------------------------------------------------------------------------------------------


def value(trial: Trial) -> Measured:
    """Every row is within the budget of the exact answer, in float32 at least."""
    return {"value": trial.compare_values(trial.numpy(trial.values))}


def gradient(trial: Trial) -> Measured:
    """So are the slopes along all eight coordinates, through the library's `value_and_grad`."""
    return {"gradient": trial.compare_gradients(trial.numpy(*trial.gradients))}


def one_gradient(trial: Trial) -> Measured:
    """The gradient for one argument alone equals the one found together with the other's."""
    pred, target = trial.arrays()
    both = trial.gradients
    for argument in (0, 1):
        _, alone = trial.library.value_and_grad(trial.total, argnums=argument)(pred, target)
        beside = alone if argument == 0 else both[0], both[1] if argument == 0 else alone
        trial.compare_gradients(trial.numpy(*beside))
    return {}


def jit_value(trial: Trial) -> Measured:
    """Compiled, the values are as near."""
    assert trial.backend.jit is not None
    return {"value": trial.compare_values(trial.numpy(trial.backend.jit(trial.function)(*trial.arrays())))}


def jit_gradient(trial: Trial) -> Measured:
    """Compiled, the gradients are as near."""
    found = trial.backend.jit_slopes(trial.library, trial.total)(*trial.arrays())
    return {"gradient": trial.compare_gradients(trial.numpy(*found))}


def native_gradient(trial: Trial) -> Measured:
    """The array library's own way to a gradient (`backward`, `jax.grad`) finds the same."""
    assert trial.backend.native_slopes is not None
    found = trial.backend.native_slopes(trial.total)(*trial.arrays())
    return {"gradient": trial.compare_gradients(trial.numpy(*found))}


def vmap(trial: Trial) -> Measured:
    """One pair's value and gradient, mapped over the rows."""
    assert trial.backend.vmap is not None
    row = trial.library.value_and_grad(trial.function, argnums=(0, 1))
    values, slopes = trial.backend.vmap(row)(*trial.arrays())
    return {
        "value": trial.compare_values(trial.numpy(values)),
        "gradient": trial.compare_gradients(trial.numpy(*slopes)),
    }


# Promises about every number ------------------------------------------------------------------------------------------


def in_range(trial: Trial) -> Measured:
    """Finite, and inside the documented range, for every input however degenerate."""
    found, variant = trial.numpy(trial.values), trial.variant
    for row, number in enumerate(found.tolist()):
        inside = math.isfinite(number) and variant.low <= number <= variant.high
        expect(inside, f"{number!r} is not in [{variant.low}, {variant.high}]; {trial.inputs.describe(row)}")
    expect(found.size > 0, "no value was looked at")
    return {}


def finite_gradient(trial: Trial) -> Measured:
    """The gradient is finite for every input."""
    found = trial.numpy(*trial.gradients)
    for row, slopes in enumerate(found):
        expect(bool(np.isfinite(slopes).all()), f"gradient {slopes.tolist()}; {trial.inputs.describe(row)}")
    expect(found.size > 0, "no gradient was looked at")
    return {}


def silent(trial: Trial) -> Measured:
    """No warning is raised on the way, for any input."""
    with warnings.catch_warnings(record=True) as raised, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        pred, target = trial.arrays()
        trial.backend.sync(trial.function(pred, target))
        trial.backend.sync(trial.slopes(pred, target))
    loud = [w for w in raised if issubclass(w.category, RuntimeWarning | UserWarning)]
    expect(not loud, f"warned: {loud[0].category.__name__}: {loud[0].message}" if loud else "")
    return {}


def nan_stays(trial: Trial) -> Measured:
    """A NaN in any coordinate makes its row NaN and changes no bit of the others, nor of their gradients."""
    pairs = overlapping(trial.dtype)
    clean = trial.arrays(pairs)
    for poisoned in range(8):
        both = np.concatenate((pairs.pred, pairs.target), axis=-1)
        row = poisoned  # as many rows as coordinates: another row each time
        both[row, poisoned] = np.nan
        dirty = trial.array(both[:, :4]), trial.array(both[:, 4:])
        others = [r for r in range(8) if r != row]
        found, before = trial.numpy(trial.function(*dirty)), trial.numpy(trial.function(*clean))
        expect(math.isnan(found[row]), f"coordinate {poisoned} is NaN but the row's value is {found[row]}")
        expect(np.array_equal(found[others], before[others]), f"NaN in row {row} changed the value of another row")
        slopes, first = trial.numpy(*trial.slopes(*dirty)), trial.numpy(*trial.slopes(*clean))
        expect(np.array_equal(slopes[others], first[others]), f"NaN in row {row} changed the gradient of another row")
    return {}


# Arrays in, arrays out ------------------------------------------------------------------------------------------------


def arrays(trial: Trial) -> Measured:
    """Results are the library's arrays, on the inputs' device, of the promised shape and dtype."""
    _describe("value", trial, trial.values, trial.inputs.pred.shape[:-1], trial.result)
    for name, found in zip(("gradient of pred", "gradient of target"), trial.gradients, strict=True):
        _describe(name, trial, found, trial.inputs.pred.shape, trial.dtype)
    return {}


def _describe(name: str, trial: Trial, found: Any, shape: tuple[int, ...], dtype: str) -> None:
    backend = trial.backend
    expect(backend.is_array(found), f"{name} is a {type(found).__module__}.{type(found).__qualname__}")
    expect(tuple(found.shape) == tuple(shape), f"{name} has shape {tuple(found.shape)} instead of {tuple(shape)}")
    expect(backend.dtype_of(found) == dtype, f"{name} has dtype {backend.dtype_of(found)} instead of {dtype}")
    device = backend.device_of(found)
    expect(device == backend.device, f"{name} is on device {device} instead of {backend.device}")


def mixed_dtypes(trial: Trial) -> Measured:
    """Two dtypes give the wider one, integers the library's default, and every gradient has its argument's dtype."""
    wide = "float64" if trial.dtype == "float64" else "float32"
    default = trial.backend.default_float()
    pairs = [(narrow, wide, wide) for narrow in trial.backend.dtypes if narrow != wide]
    pairs = [pair for pair in pairs if "float64" not in pair or wide == "float64"][: 1 if trial.brief else None]
    boxes = Inputs(("integers",), np.asarray([[1.0, 2.0, 6.0, 5.0]]), np.asarray([[3.0, 1.0, 7.0, 4.0]]))
    exact = [trial.exact_rows(boxes)[0].value]
    for pred, target, expected in [*pairs, ("int32", "int32", default), ("int32", wide, wide), (wide, "int32", wide)]:
        arguments = trial.array(boxes.pred, pred), trial.array(boxes.target, target)
        found = trial.function(*arguments)
        _describe(f"value of {pred} and {target}", trial, found, (1,), expected)
        trial.close(f"value of {pred} and {target}", trial.numpy(found), exact, 1.0, trial.budget("value"), expected)
        if "int32" not in (pred, target):
            for argument, slopes in zip((pred, target), trial.slopes(*arguments), strict=True):
                _describe(f"gradient of {argument} beside {pred} and {target}", trial, slopes, (1, 4), argument)
    return {}


def shapes(trial: Trial) -> Measured:
    """A single pair gives a 0-d array; leading axes are kept; rows may lie in memory in any order."""
    pairs = overlapping(trial.dtype)
    worst = 0.0
    for leading in ((), (2, 1, 4)) if trial.brief else ((), (1,), (2, 4), (2, 1, 4), (8, 1)):
        here = pairs.take(list(range(math.prod(leading))))
        pred, target = (trial.array(x.reshape(*leading, 4)) for x in (here.pred, here.target))
        found, slopes = trial.function(pred, target), trial.slopes(pred, target)
        _describe("value", trial, found, leading, trial.result)
        _describe("gradient", trial, slopes[0], (*leading, 4), trial.dtype)
        worst = max(worst, trial.compare_values(trial.numpy(found), here))
        trial.compare_gradients(trial.numpy(*slopes).reshape(-1, 8), here)
    return {"value": worst}


def strided(trial: Trial) -> Measured:
    """Columns apart in memory, every second row: the same numbers."""
    pairs = overlapping(trial.dtype)
    spread = np.zeros((4, 16))
    views = []
    for boxes in (pairs.pred, pairs.target):
        spread[:, ::2] = boxes.T
        wide = trial.array(spread)
        views.append(trial.backend.transposed(wide)[::2, ...])
    return {
        "value": trial.compare_values(trial.numpy(trial.function(*views)), pairs),
        "gradient": trial.compare_gradients(trial.numpy(*trial.slopes(*views)), pairs),
    }


def pure(trial: Trial) -> Measured:
    """The arguments keep every bit."""
    pred, target = trial.arrays()
    before = trial.numpy(pred).tobytes(), trial.numpy(target).tobytes()
    trial.backend.sync(trial.function(pred, target))
    trial.backend.sync(trial.slopes(pred, target))
    expect(before == (trial.numpy(pred).tobytes(), trial.numpy(target).tobytes()), "an argument was written to")
    return {}


def read_only(trial: Trial) -> Measured:
    """Arrays that may not be written to are enough, and a result shares no memory with them."""
    pred, target = trial.arrays()
    for array in (pred, target):
        array.flags.writeable = False
    results = [trial.function(pred, target), *trial.slopes(pred, target)]
    for found in results:
        own = not np.shares_memory(found, pred) and not np.shares_memory(found, target)
        expect(own, "a result is a view of an input")
    return {"value": trial.compare_values(trial.numpy(results[0]))}


def empty(trial: Trial) -> Measured:
    """No pairs: no rows, a sum and a mean of 0, and a gradient of no rows."""
    for leading in ((0,), (2, 0)):
        pred, target = (trial.array(np.zeros((*leading, 4))) for _ in range(2))
        _describe("value", trial, trial.function(pred, target), leading, trial.result)
        for name, slopes in zip(("pred", "target"), trial.slopes(pred, target), strict=True):
            _describe(f"gradient of {name}", trial, slopes, (*leading, 4), trial.dtype)
        if not trial.is_loss:
            table = trial.function(trial.array(np.zeros((0, 1, 4))), trial.array(np.zeros((1, 3, 4))))
            _describe("empty table", trial, table, (0, 3), trial.result)
            continue
        for reduction in ("mean", "sum"):
            found = trial.function(pred, target, reduction=reduction)
            _describe(reduction, trial, found, (), trial.result)
            expect(float(trial.numpy(found)) == 0.0, f"the {reduction} of no rows is {trial.numpy(found)}")
            slopes = trial.slopes(pred, target, lambda p, t, how=reduction: trial.function(p, t, reduction=how))
            _describe(f"gradient of the {reduction}", trial, slopes[0], (*leading, 4), trial.dtype)
    return {}


def table(trial: Trial) -> Measured:
    """Leading axes broadcast: every prediction with every target, and gradients summed over the table."""
    pairs = trial.inputs.take(list(range(0, len(trial.inputs.names), 17)))
    count = len(pairs.names)
    expect(count > 3, "too few rows for a table")
    grid = [(i, j) for i in range(count) for j in range(count)]
    flat = Inputs(
        tuple(f"{pairs.names[i]} with target of {pairs.names[j]}" for i, j in grid),
        np.repeat(pairs.pred, count, axis=0),
        np.tile(pairs.target, (count, 1)),
    )
    pred, target = trial.array(pairs.pred[:, None, :]), trial.array(pairs.target[None, :, :])
    found = trial.function(pred, target)
    _describe("table", trial, found, (count, count), trial.result)
    worst = trial.compare_values(trial.numpy(found), flat)
    column = trial.function(trial.array(pairs.pred), trial.array(pairs.target[0]))
    _describe("column", trial, column, (count,), trial.result)
    trial.compare_values(trial.numpy(column), flat.take(list(range(0, count * count, count))))

    slopes = trial.slopes(pred, target)
    _describe("gradient of pred", trial, slopes[0], (count, 1, 4), trial.dtype)
    _describe("gradient of target", trial, slopes[1], (1, count, 4), trial.dtype)
    return {"value": worst, "gradient": _compare_sums(trial, slopes, flat, count)}


def _compare_sums(trial: Trial, slopes: tuple[Any, Any], flat: Inputs, count: int) -> float:
    """Row and column sums of the table's gradients, in ULP of the sum of the scales that went into each."""
    rows, budget = trial.exact_rows(flat), trial.budget("gradient")
    worst = 0.0
    for side, found in enumerate(slopes):
        exact, scale = [], []
        for box in range(count):
            places = [box * count + k if side == 0 else k * count + box for k in range(count)]
            exact += [sum(rows[p].slopes[4 * side + c] for p in places) for c in range(4)]
            scale += [float(sum(rows[p].scale for p in places))] * 4
        got = trial.numpy(found).reshape(-1)
        worst = max(worst, trial.close("gradient of the table", got, exact, scale, budget, trial.dtype))
    return worst


def long(trial: Trial) -> Measured:
    """Many rows, more than are computed at once anywhere: the same numbers for each."""
    pairs = overlapping(trial.dtype)
    repeat = 12_501
    pred, target = (trial.array(np.tile(x, (repeat, 1))) for x in (pairs.pred, pairs.target))
    found = trial.numpy(trial.function(pred, target))
    slopes = trial.numpy(*trial.slopes(pred, target))
    measured = {
        "value": trial.compare_values(found, pairs),
        "gradient": trial.compare_gradients(slopes, pairs),
    }
    if not trial.is_loss:
        wide = trial.numpy(trial.function(pred[:304, None, :], target[None, :496, :]))
        tile = trial.numpy(trial.function(pred[:8, None, :], target[None, :8, :]))
        off = float(np.abs(wide - np.tile(tile, (38, 62))).max() / np.finfo(trial.result).eps)
        expect(off <= trial.budget("value"), f"a table of 304 x 496 is {off:g} eps off the tile that it repeats")
    return measured


def _compiles(trial: Trial) -> bool:
    return trial.backend.jit is not None and (trial.backend.jit_is_quick or trial.thorough or trial.representative)


NUMBERS: tuple[Check, ...] = (
    Check("value", value, brief=FORMATS, core=True),
    Check("gradient", gradient, brief=FORMATS, core=True),
    Check("range", in_range, brief=FORMATS, core=True),
    Check("finite gradient", finite_gradient, brief=FORMATS, core=True),
    Check("NaN stays in its row", nan_stays, dtypes=ONE),
    Check("mixed dtypes", mixed_dtypes, dtypes=BOTH, variants=False, brief=ONE),
)
MODES: tuple[Check, ...] = (
    Check("one gradient", one_gradient, dtypes=ONE, variants=False, brief=()),
    Check("jit value", jit_value, dtypes=BOTH, brief=ONE, applies=_compiles),
    Check("jit gradient", jit_gradient, dtypes=BOTH, brief=ONE, applies=_compiles),
    Check(
        "native gradient",
        native_gradient,
        dtypes=("float16", "float32"),
        brief=(),
        applies=lambda trial: trial.backend.native_slopes is not None,
    ),
    Check("vmap", vmap, dtypes=ONE, applies=lambda trial: trial.backend.vmap is not None),
)
ARRAYS: tuple[Check, ...] = (
    Check("arrays", arrays, brief=FORMATS, core=True),
    Check("silent", silent, dtypes=FORMATS, core=True),
    Check("shapes", shapes, dtypes=ONE, variants=False),
    Check("strided", strided, dtypes=ONE, variants=False, brief=()),
    Check("purity", pure, dtypes=FORMATS, core=True),
    Check("read-only", read_only, dtypes=ONE, applies=lambda trial: trial.backend.library == "numpy"),
    Check("empty", empty, dtypes=("float16", "float32"), variants=False, brief=ONE),
    Check("table", table, kinds=("measure",), dtypes=BOTH, brief=ONE),
    Check("long", long, dtypes=ONE, variants=False, brief=()),
)
