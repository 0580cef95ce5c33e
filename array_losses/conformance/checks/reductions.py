"""Rows become a number: weights, `where`, `normalizer` and `reduction` of every loss, against sums of 50 digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..cases import REDUCED
from ..dual import MP
from ..exact import Row
from ..inputs import Inputs
from ..trial import Trial, expect
from ..ulp import Floats
from .check import Check, Measured

WEIGHTS = np.asarray([1.0, 0.25, 0.0, 3.0, 1.5, 0.75, 2.0, 0.5])
KEPT = np.asarray([True, True, False, True, False, False, True, True])


class Option(NamedTuple):
    """A set of options: weights of the results by turns, kept rows, and the divisor of the mean if it is given."""

    name: str
    weights: Floats | None = None
    where: Any = None
    normalizer: float | None = None
    within: bool = False
    """Whether some results of the kept rows are left out as well, where rows have several."""


OPTIONS = (
    Option("plain"),
    Option("weights", weights=WEIGHTS),
    Option("where", where=KEPT),
    Option("weights, where", weights=WEIGHTS, where=KEPT),
    Option("normalizer", normalizer=3.0),
    Option("weights, where, normalizer", weights=WEIGHTS, where=KEPT, normalizer=0.375),
    Option("zero weights", weights=np.zeros(8)),
    Option("nothing kept", where=np.zeros(8, dtype=bool)),
    Option("nothing kept, weights", weights=WEIGHTS, where=np.zeros(8, dtype=bool)),
    Option("normalizer 0", normalizer=0.0),
)
WITHIN = Option("weights, where within rows", weights=WEIGHTS, where=KEPT, within=True)
FEW = (OPTIONS[3], OPTIONS[8])


def reductions(trial: Trial) -> Measured:
    """Every set of options with every reduction: value and gradient; rows outside `where` hold NaN and never count."""
    worst = {"value": 0.0, "gradient": 0.0}
    alike = trial.backend.calls_compile or (trial.case.alike and trial.results)
    few = trial.brief or (alike and trial.dtype != "float32" and not trial.thorough)
    for option in (*(FEW if few else OPTIONS), *([WITHIN] if trial.results else [])):
        for reduction in ("mean",) if few or option.normalizer is not None else ("none", "mean", "sum"):
            _worst(worst, one_option(trial, option, reduction, trial.ordinary))
    for option in () if few else OPTIONS:
        if option.normalizer is not None:
            _worst(
                worst, one_option(trial, option, "mean", trial.ordinary, {"normalizer": trial.array(option.normalizer)})
            )
    return worst


def further_reductions(trial: Trial) -> Measured:
    """Further sets of knobs may change what a row counts for in a mean."""
    worst = {"value": 0.0, "gradient": 0.0}
    for option in FEW[:1] if trial.brief else (OPTIONS[0], *FEW):
        _worst(worst, one_option(trial, option, "mean", trial.ordinary))
    return worst


def _worst(worst: Measured, found: Measured) -> None:
    for key, error in found.items():
        worst[key] = max(worst[key], error)


def one_option(
    trial: Trial, option: Option, reduction: str, rows: Inputs, instead: dict[str, Any] | None = None
) -> Measured:
    """One set of options with one reduction; `instead` has the arrays of options that are given in another shape."""
    label = f"{reduction} with {option.name}"
    options: dict[str, Any] = {"reduction": reduction}
    shape = trial.shape(rows)
    weights, where = by_result(option, len(rows), math.prod(shape))
    if weights is not None:
        options["weights"] = trial.array(weights.reshape(shape))
    if where is not None:
        options["where"] = trial.backend.booleans(
            where.reshape(shape) if option.within else trial.by_row(option.where, rows)
        )
    if option.normalizer is not None:
        options["normalizer"] = option.normalizer
    options |= instead or {}

    def fun(*arrays: Any) -> Any:
        return trial.function(*arrays, **options)

    given = trial.arrays(rows if where is None else poisoned(rows, ~_kept(trial, option, where)))
    exact = trial.exact_rows(rows, None if option.where is None else tuple(option.where.tolist()))
    value, size, slopes, scales = expected(option, reduction, exact, len(rows))
    found = trial.numpy(fun(*given)).reshape(-1)
    budget = trial.budget("value") + REDUCED
    measured = {"value": trial.close(f"{label}: value", found, value, size, budget, trial.result)}
    if reduction == "none":
        return measured

    worst, budget = 0.0, trial.budget("gradient") + REDUCED
    for index, got in zip(trial.family.differentiable, trial.slopes(given, fun), strict=True):
        argument, span = rows.arguments[index], rows.spans()[index]
        place = slice(span.start, span.stop)
        gradient, scale = slopes[:, place], scales[:, place]
        if argument.shared:
            gradient, scale = gradient.sum(axis=0), scale.sum(axis=0)
        name = f"{label}: gradient of {argument.name}"
        flat = trial.numpy(got).reshape(gradient.shape)
        worst = max(worst, trial.close(name, flat, gradient, scale, budget, trial.dtype))
    return measured | {"gradient": worst}


def _kept(trial: Trial, option: Option, where: Any) -> Any:
    """Which rows to keep; or which results of each, if each has numbers of its own."""
    apart = trial.family.layout is not None and trial.family.layout.apart and bool(trial.results)
    return where.reshape(len(option.where), -1) if apart else option.where


def poisoned(rows: Inputs, places: Any) -> Inputs:
    """Some rows hold NaN, or a class that does not exist; places by row and result leave booleans, which have no
    results, as they are."""
    arrays = []
    for argument, numbers in zip(rows.arguments, rows.arrays, strict=True):
        dirty = numbers.copy()
        if not argument.shared and not (argument.discrete and places.ndim > 1):
            dirty.reshape(*places.shape, -1)[places] = 10_000 if argument.role == "labels" else np.nan
        arrays.append(dirty)
    return Inputs(rows.arguments, rows.names, tuple(arrays), rows.proper, rows.leading)


def by_result(option: Option, rows: int, results: int) -> tuple[Any, Any]:
    """`weights` and `where` with an entry for each of the results, of which every row has as many."""
    weights = None if option.weights is None else np.resize(option.weights, results)
    where = None if option.where is None else np.repeat(option.where, results // rows)
    return weights, where & np.resize(KEPT, results) if option.within else where


def expected(option: Option, reduction: str, rows: Sequence[Row], count: int) -> tuple[Any, Any, Any, Floats]:
    """The result, one number or all, with its scale; and the gradient by row and number, with its scales.

    There are one or several results for each of `count` rows.
    """
    value, size, slopes, scales = _expected(*by_result(option, count, len(rows)), option.normalizer, reduction, rows)
    if slopes is None:
        return value, size, slopes, scales
    together = (count, len(rows) // count, len(rows[0].slopes))
    return value, size, slopes.reshape(together).sum(axis=1), scales.reshape(together).sum(axis=1)


def _expected(
    given_weights: Any, where: Any, normalizer: float | None, reduction: str, rows: Sequence[Row]
) -> tuple[Any, Any, Any, Floats]:
    """The same, the gradient of each result apart."""
    weights = [MP.mpf(1)] * len(rows) if given_weights is None else [MP.mpf(w) for w in given_weights.tolist()]
    if where is not None:
        weights = [w if kept else MP.mpf(0) for w, kept in zip(weights, where, strict=True)]
    losses = [w * row.value for w, row in zip(weights, rows, strict=True)]
    sizes = [float(abs(w)) * row.size for w, row in zip(weights, rows, strict=True)]
    if reduction == "none":
        return losses, np.asarray(sizes), None, np.zeros(0)

    given = reduction == "sum" or normalizer is not None
    divisor = MP.mpf(1) if reduction == "sum" else MP.mpf(normalizer or 0)
    if not given:
        divisor = MP.fsum(w * row.weight.value for w, row in zip(weights, rows, strict=True))
    if divisor == 0:
        return [MP.mpf(0)], 0.0, _zeros(rows), np.zeros((len(rows), len(rows[0].slopes)))
    mean = MP.fsum(losses) / divisor
    slopes, scales = _zeros(rows), np.zeros((len(rows), len(rows[0].slopes)))
    for i, (w, row) in enumerate(zip(weights, rows, strict=True)):
        share, size = w / divisor, float(abs(w / divisor))
        for k, slope in enumerate(row.slopes):
            scales[i, k] = size * row.scales[k]
            if slope != 0:
                slopes[i, k] = share * slope
        if not given:
            # The mean's divisor has slopes as well: along class weights, for instance.
            for k, slope in row.weight.slopes.items():
                slopes[i, k] -= share * mean * slope
                scales[i, k] = max(scales[i, k], size * float(abs(mean * slope)))
    return [mean], sum(sizes) / float(abs(divisor)), slopes, scales


def _zeros(rows: Sequence[Row]) -> Any:
    return np.full((len(rows), len(rows[0].slopes)), MP.mpf(0), dtype=object)


def masked_rows(trial: Trial) -> Measured:
    """Without a reduction, rows outside `where` have value 0, and their gradient is 0, even if they hold NaN."""
    rows = trial.ordinary
    arrays = [numbers.copy() for numbers in rows.arrays]
    for turn, index in enumerate(trial.family.differentiable):
        if not rows.arguments[index].shared:
            arrays[index].reshape(len(rows), -1)[~KEPT, turn % 2 and -1] = (np.nan, np.inf)[turn % 2]
    dirty = Inputs(rows.arguments, rows.names, tuple(arrays), rows.proper, rows.leading)
    where = trial.backend.booleans(trial.by_row(KEPT, rows))
    given = trial.arrays(dirty)
    found = trial.numpy(trial.function(*given, where=where)).reshape(len(rows), -1)
    expect(bool((found[~KEPT] == 0).all()), f"rows outside `where` are {found[~KEPT].tolist()}")
    gradients = trial.slopes(given, lambda *rows: trial.function(*rows, where=where, reduction="mean"))
    for index, slopes in zip(trial.family.differentiable, gradients, strict=True):
        got, argument = trial.numpy(slopes), rows.arguments[index]
        expect(bool(np.isfinite(got).all()), "a row outside `where` reached the gradient of another")
        if not argument.shared:
            outside = got.reshape(len(rows), -1)[~KEPT]
            expect(bool((outside == 0).all()), f"rows outside `where` have gradient {outside.tolist()}")
    return {}


def saturation(trial: Trial) -> Measured:
    """A float16 gradient beyond 65504 ends there, whatever the rows were multiplied by; it is never infinite."""
    (rows,) = steep(trial)
    given = trial.arrays(rows)
    exact, worst = trial.exact_rows(rows), 0.0
    for factor in (3.0, 0.125):
        option = Option(f"weights {factor:g}", weights=np.full(len(rows), factor))
        weights = trial.array(trial.by_row(option.weights, rows), "float32")
        gradients = trial.slopes(given, _weighted_sum(trial, weights))
        _, _, slopes, scales = expected(option, "sum", exact, len(rows))
        for index, found in zip(trial.family.differentiable, gradients, strict=True):
            argument, span = rows.arguments[index], rows.spans()[index]
            place = slice(span.start, span.stop)
            gradient, scale = slopes[:, place], scales[:, place]
            if argument.shared:
                gradient, scale = gradient.sum(axis=0), scale.sum(axis=0)
            name, budget = f"gradient of {argument.name} times {factor}", trial.budget("gradient")
            got = trial.numpy(found).reshape(gradient.shape)
            worst = max(worst, trial.close(name, got, gradient, scale, budget, trial.dtype))
    return {"gradient": worst}


def _weighted_sum(trial: Trial, weights: Any) -> Any:
    return lambda *rows: trial.function(*rows, weights=weights, reduction="sum")


def steep(trial: Trial) -> list[Inputs]:
    """The rows with a slope beyond float16, and as many others; nothing for a function without such rows."""
    rows = trial.groups[0]
    beyond = (np.abs(trial.exact(rows).gradient.high).max(axis=1, initial=0.0) > 65504).tolist()
    count = sum(beyond)
    places = [i for i, is_beyond in enumerate(beyond) if is_beyond]
    places += [i for i, is_beyond in enumerate(beyond) if not is_beyond][:count]
    return [rows.take(places)] if places else []


def _counts_otherwise(trial: Trial) -> bool:
    """Whether rows count for more or less in a mean than with the first set of knobs."""
    first = Trial(trial.library, trial.backend, trial.case, trial.case.variants[0], trial.dtype)
    here, there = ([row.weight.value for row in one.exact_rows(one.ordinary)] for one in (trial, first))
    return here != there


REDUCTIONS: tuple[Check, ...] = (
    Check(
        "reductions",
        reductions,
        kinds=("loss", "batch"),
        dtypes=("float16", "float32", "float64"),
        variants=False,
        brief=("float32",),
    ),
    Check(
        "further reductions",
        further_reductions,
        kinds=("loss", "batch"),
        dtypes=("float32",),
        applies=lambda trial: not trial.first and (trial.own_arguments or _counts_otherwise(trial)),
    ),
    Check(
        "saturation",
        saturation,
        kinds=("loss",),
        dtypes=("float16",),
        variants=False,
        # JAX turns the cast from float16 around by itself, so that only the slopes can end there, not their multiples.
        applies=lambda trial: trial.backend.library != "jax" and bool(steep(trial)),
    ),
    Check("masked rows", masked_rows, kinds=("loss",), dtypes=("float32",)),
)
