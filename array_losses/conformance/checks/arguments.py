"""Arguments of some families only: the axis of the classes, class indices, weights that broadcast to the rows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ..dual import MP
from ..inputs import Inputs
from ..trial import Trial, expect, total
from ..ulp import Floats
from .check import ONE, Check, Measured, described
from .reductions import OPTIONS, WEIGHTS, Option, one_option

# The axis of the classes ----------------------------------------------------------------------------------------------


def axis(trial: Trial) -> Measured:
    """The classes may lie along any axis; the result has the other axes."""
    rows = trial.ordinary
    here = rows if trial.family.by_class else rows.shaped(2, 4)
    last = len(rows.leading) - 1 if trial.family.by_class else 2
    places = (0,) if trial.family.by_class or trial.brief else (1, 0, -2)
    worst: Measured = {"value": 0.0, "gradient": 0.0}
    for place in places:
        arrays = [
            np.moveaxis(numbers, last, place) if _has_classes(trial, here, index) else numbers
            for index, numbers in enumerate(here.arrays)
        ]
        given = trial.arrays(replace(here, arrays=tuple(arrays)))

        def fun(*arrays: Any, place: int = place) -> Any:
            return trial.function(*arrays, axis=place)

        found = trial.numpy(fun(*given))
        if trial.family.by_class:
            found = np.moveaxis(found, place, last)
        expect(found.shape == here.leading, f"with axis={place} the result has shape {found.shape}")
        worst["value"] = max(worst["value"], trial.compare_values(trial.array(found, trial.result), rows))

        def summed(*arrays: Any, place: int = place) -> Any:
            return total(trial.function(*arrays, axis=place))

        slopes = []
        for index, of_argument in zip(trial.family.differentiable, trial.slopes(given, summed), strict=True):
            turned = trial.numpy(of_argument)
            expect(turned.shape == arrays[index].shape, f"with axis={place} a gradient has shape {turned.shape}")
            back = np.moveaxis(turned, place, last) if _has_classes(trial, here, index) else turned
            slopes.append(trial.array(np.ascontiguousarray(back)))
        worst["gradient"] = max(worst["gradient"], trial.compare_gradients(slopes, rows))
    return worst


def _has_classes(trial: Trial, rows: Inputs, index: int) -> bool:
    argument = rows.arguments[index]
    return not argument.shared and (argument.axes == 1 or trial.family.by_class)


# Class indices --------------------------------------------------------------------------------------------------------


def ignored(trial: Trial) -> Measured:
    """Rows with a label that is no class cost nothing, have gradient 0 and do not count, even if they hold NaN."""
    few = OPTIONS[3:4] if trial.brief else (OPTIONS[0], OPTIONS[3], OPTIONS[4])
    some = _without_labels(trial, {1: -100, 3: 5, 6: 255})
    worst: Measured = {"value": 0.0, "gradient": 0.0}
    for option in few:
        for reduction in ("mean",) if trial.brief or option.normalizer is not None else ("none", "mean"):
            for key, error in one_option(trial, option, reduction, some).items():
                worst[key] = max(worst[key], error)
    none = _without_labels(trial, dict.fromkeys(range(8), -1))
    given = trial.arrays(none)
    for reduction in ("none", "mean", "sum"):
        found = trial.numpy(trial.function(*given, reduction=reduction))
        expect(bool((found == 0).all()), f"all ignored, but with reduction={reduction!r} the loss is {found.tolist()}")
    for slopes in trial.slopes(given, lambda *rows: trial.function(*rows, reduction="mean")):
        got = trial.numpy(slopes)
        expect(bool((got == 0).all()), f"all ignored, but the gradient is {got.tolist()}")
    return worst


def _without_labels(trial: Trial, labels: dict[int, int]) -> Inputs:
    """The ordinary rows, some of them with other labels, and NaN for scores there."""
    rows = trial.ordinary
    arrays = []
    for argument, numbers in zip(rows.arguments, rows.arrays, strict=True):
        changed = numbers.copy()
        if not argument.shared:
            for row, label in labels.items():
                changed[row] = label if argument.role == "labels" else np.nan
        arrays.append(changed)
    return replace(rows, arrays=tuple(arrays))


def label_dtypes(trial: Trial) -> Measured:
    """Class indices of any integer dtype give the same."""
    rows = trial.ordinary
    worst = 0.0
    wide = [] if trial.backend.library == "jax" else ["int64"]
    for dtype in ("int8", "uint8", "int16", *wide):
        given = [
            trial.array(numbers, dtype) if argument.role == "labels" else array
            for argument, array, numbers in zip(rows.arguments, trial.arrays(rows), rows.arrays, strict=True)
        ]
        worst = max(worst, trial.compare_values(trial.function(*given), rows))
    return {"value": worst}


# Weights that broadcast -----------------------------------------------------------------------------------------------


def broadcast_options(trial: Trial) -> Measured:
    """`weights` and `where` may have fewer or shorter axes than the rows."""
    rows = trial.ordinary
    here = rows if trial.family.by_class else rows.shaped(4, 2)
    weights, where = np.asarray([0.5, 3.0]), np.asarray([[True], [False], [True], [True]])
    both = np.broadcast_to(weights, (4, 2)), np.broadcast_to(where, (4, 2))
    several = math.prod(trial.shape(here)) // 8
    option = Option("weights and where that broadcast", np.repeat(both[0], several), both[1].reshape(-1))
    own = (1,) * len(trial.results)
    given = {
        "weights": trial.array(weights.reshape(2, *own)),
        "where": trial.backend.booleans(where.reshape(4, 1, *own)),
    }
    worst = one_option(trial, option, "mean", here, given)
    if trial.results:
        own_shape = trial.shape(here)[len(here.leading) :]
        factors = np.resize(WEIGHTS, own_shape)
        option = Option("weights that all rows share", np.tile(factors.reshape(-1), len(here)))
        further = one_option(trial, option, "mean", here, {"weights": trial.array(factors)})
        worst = {key: max(error, further[key]) for key, error in worst.items()}
    return worst


def broadcast_argument(trial: Trial) -> Measured:
    """So may `pos_weight`; its gradient is the sum over the rows that share it."""
    rows = trial.ordinary
    index = len(rows.arguments) - 1
    column: Floats = rows.arrays[index][:4]
    tiled = replace(rows, arrays=(*rows.arrays[:-1], np.tile(column, 2)))
    given = [*trial.arrays(tiled.shaped(2, 4))[:-1], trial.array(column)]
    measured = {"value": trial.compare_values(trial.function(*given), tiled)}
    found = trial.slopes(given)[index]
    described(f"gradient of {rows.arguments[index].name}", trial, found, (4,), trial.dtype)
    span, exact = tiled.spans()[index], trial.exact_rows(tiled)
    sums = [MP.fsum(exact[row].slopes[span.start] for row in (i, i + 4)) for i in range(4)]
    scale = [sum(exact[row].scales[span.start] for row in (i, i + 4)) for i in range(4)]
    budget = trial.budget("gradient")
    return measured | {"gradient": trial.close("gradient of pos_weight", trial.numpy(found), sums, scale, budget)}


def _of_classes(trial: Trial) -> bool:
    return trial.family.has_axis and (trial.family.arguments[0].axes == 1 or trial.family.by_class)


ARGUMENTS: tuple[Check, ...] = (
    Check("axis", axis, dtypes=ONE, applies=lambda trial: _of_classes(trial) and trial.own_arguments),
    Check(
        "ignored labels",
        ignored,
        kinds=("loss", "batch"),
        dtypes=ONE,
        applies=lambda trial: trial.family.labelled and trial.family.has_axis and trial.own_arguments,
    ),
    Check(
        "label dtypes", label_dtypes, dtypes=ONE, variants=False, brief=(), applies=lambda trial: trial.family.labelled
    ),
    Check("broadcast options", broadcast_options, kinds=("loss", "batch"), dtypes=ONE, variants=False, brief=()),
    Check(
        "broadcast argument",
        broadcast_argument,
        kinds=("loss",),
        dtypes=ONE,
        applies=lambda trial: any(a.keyword and not a.shared and not a.axes for a in trial.family.arguments),
    ),
)
