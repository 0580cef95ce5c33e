"""Rows become a number: weights, `where`, `normalizer` and `reduction` of every loss, against sums of 50 digits."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .cases import REDUCED
from .checks import Check, Measured
from .dual import MP
from .inputs import Inputs, overlapping
from .trial import Trial, expect
from .ulp import Floats

WEIGHTS = np.asarray([1.0, 0.25, 0.0, 3.0, 1.5, 0.75, 2.0, 0.5])
KEPT = np.asarray([True, True, False, True, False, False, True, True])


class Option(NamedTuple):
    """A set of options: row weights, kept rows, and the divisor of the mean if it is given."""

    name: str
    weights: Floats | None = None
    where: Any = None
    normalizer: float | None = None


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


def reductions(trial: Trial) -> Measured:
    """Every set of options with every reduction: value and gradient; rows outside `where` hold NaN and never count."""
    worst = {"value": 0.0, "gradient": 0.0}
    few = trial.brief or (trial.backend.calls_compile and trial.dtype != "float32" and not trial.thorough)
    for option in (OPTIONS[3], OPTIONS[8]) if few else OPTIONS:
        for reduction in ("mean",) if few or option.normalizer is not None else ("none", "mean", "sum"):
            for key, found in _one(trial, option, reduction, array_normalizer=False).items():
                worst[key] = max(worst[key], found)
    for option in () if few else OPTIONS:
        if option.normalizer is not None:
            _one(trial, option, "mean", array_normalizer=True)
    return worst


def _one(trial: Trial, option: Option, reduction: str, array_normalizer: bool) -> Measured:
    pairs = overlapping(trial.dtype)
    label = f"{reduction} with {option.name}"
    pred, target = pairs.pred.copy(), pairs.target.copy()
    if option.where is not None:
        pred[~option.where], target[~option.where] = np.nan, np.nan

    options: dict[str, Any] = {"reduction": reduction}
    if option.weights is not None:
        options["weights"] = trial.array(option.weights)
    if option.where is not None:
        options["where"] = trial.backend.booleans(option.where)
    if option.normalizer is not None:
        options["normalizer"] = trial.array(option.normalizer) if array_normalizer else option.normalizer

    def fun(p: Any, t: Any) -> Any:
        return trial.function(p, t, **options)

    arguments = trial.array(pred), trial.array(target)
    factors, exact = expected(trial, option, reduction, pairs)
    found = trial.numpy(fun(*arguments))
    budget = trial.budget("value") + REDUCED
    largest = np.asarray([float(abs(factor)) for factor in factors])
    scale = largest if reduction == "none" else largest.sum()
    measured = {"value": trial.close(f"{label}: value", found, exact, scale, budget, trial.result)}
    if reduction == "none":
        return measured

    slopes = trial.numpy(*trial.slopes(*arguments, fun))
    rows = trial.exact_rows(pairs)
    gradient = [factor * slope for factor, row in zip(factors, rows, strict=True) for slope in row.slopes]
    scales = [[float(abs(factor) * row.scale)] * 8 for factor, row in zip(factors, rows, strict=True)]
    budget = trial.budget("gradient") + REDUCED
    return measured | {"gradient": trial.close(f"{label}: gradient", slopes, gradient, scales, budget, trial.dtype)}


def expected(trial: Trial, option: Option, reduction: str, pairs: Inputs) -> tuple[list[Any], list[Any]]:
    """The factor of each row's loss in the result, and the result: one number, or one a row."""
    weights = [MP.mpf(1)] * len(pairs.names) if option.weights is None else [MP.mpf(w) for w in option.weights.tolist()]
    if option.where is not None:
        weights = [w if kept else MP.mpf(0) for w, kept in zip(weights, option.where, strict=True)]
    if reduction == "mean":
        divisor = MP.fsum(weights) if option.normalizer is None else MP.mpf(option.normalizer)
        weights = [w / divisor if divisor != 0 else MP.mpf(0) for w in weights]
    losses = [w * row.value for w, row in zip(weights, trial.exact_rows(pairs), strict=True)]
    return weights, losses if reduction == "none" else [MP.fsum(losses)]


def masked_rows(trial: Trial) -> Measured:
    """Without a reduction, rows outside `where` have value 0, and their gradient is 0, even if they hold NaN."""
    pairs = overlapping(trial.dtype)
    pred, target = pairs.pred.copy(), pairs.target.copy()
    pred[~KEPT, 1], target[~KEPT, 3] = np.nan, np.inf
    where = trial.backend.booleans(KEPT)
    arguments = trial.array(pred), trial.array(target)
    found = trial.numpy(trial.function(*arguments, where=where))
    expect(bool((found[~KEPT] == 0).all()), f"rows outside `where` are {found[~KEPT].tolist()}")
    slopes = trial.numpy(*trial.slopes(*arguments, lambda p, t: trial.function(p, t, where=where, reduction="mean")))
    expect(bool((slopes[~KEPT] == 0).all()), f"rows outside `where` have gradient {slopes[~KEPT].tolist()}")
    expect(bool(np.isfinite(slopes).all()), "a row outside `where` reached the gradient of another")
    return {}


def saturation(trial: Trial) -> Measured:
    """A float16 gradient beyond 65504 ends there, whatever the rows were multiplied by; it is never infinite."""
    pairs = trial.inputs.take([row for row, name in enumerate(trial.inputs.names) if name.startswith("random")])
    pred, target = trial.arrays(pairs)
    worst = 0.0
    for factor in (3.0, 0.125):
        weights = trial.array(np.full(len(pairs.names), factor), "float32")
        slopes = trial.slopes(pred, target, _weighted_sum(trial, weights))
        exact = trial.exact_rows(pairs)
        gradient = [factor * slope for row in exact for slope in row.slopes]
        scales = [[float(factor * row.scale)] * 8 for row in exact]
        found, budget = trial.numpy(*slopes), trial.budget("gradient")
        worst = max(worst, trial.close(f"gradient times {factor}", found, gradient, scales, budget, trial.dtype))
    return {"gradient": worst}


def _weighted_sum(trial: Trial, weights: Any) -> Any:
    return lambda pred, target: trial.function(pred, target, weights=weights, reduction="sum")


REDUCTIONS: tuple[Check, ...] = (
    Check(
        "reductions",
        reductions,
        kinds=("loss",),
        dtypes=("float16", "float32", "float64"),
        variants=False,
        brief=("float32",),
    ),
    Check(
        "saturation",
        saturation,
        kinds=("loss",),
        dtypes=("float16",),
        variants=False,
        # JAX turns the cast from float16 around by itself, so that only the slopes can end there, not their multiples.
        applies=lambda trial: trial.backend.library != "jax",
    ),
    Check("masked rows", masked_rows, kinds=("loss",), dtypes=("float32",)),
)
