"""Every loss on every library over the same detections, and how far the libraries lie apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import array_losses

from .entries import ENTRIES, Entry, Section
from .libraries import Backend, open_numpy
from .matching import Matches
from .sample import Floats, Rows

# In ULP as `worst_disagreement` counts them. Compilers fuse a product and a sum into one rounding, libraries have their
# own logarithm and arctangent, so the last bits differ. The bundled sample was measured at 2 in value and 2 in gradient
# between libraries, 5 and 4 against float64; the same boxes moved off the pixel grid at up to 6 and 12, boxes that
# barely touch at up to 40 in the gradient of the logarithm. Boxes 1/256 of a pixel too wide give 1300 and more.
VALUE_BUDGET = 16.0
GRADIENT_BUDGET = 64.0


@dataclass(frozen=True)
class Disagreement:
    """The place where two of the compared results lie furthest apart."""

    ulp: float
    """Infinite where a result is not finite."""
    between: tuple[str, ...]
    """The two backends; those that are not finite, where one is not."""
    place: str
    budget: float

    @property
    def within_budget(self) -> bool:
        return self.ulp <= self.budget


@dataclass(frozen=True)
class LossResult:
    """One loss on every backend."""

    name: str
    section: Section
    mean: dict[str, float]
    value: Disagreement
    gradient: Disagreement

    @property
    def within_budget(self) -> bool:
        return self.value.within_budget and self.gradient.within_budget


REFERENCE = "numpy in float64"


def compare(matches: Matches, backends: Sequence[Backend], entries: Sequence[Entry] = ENTRIES) -> list[LossResult]:
    """Each loss in float32 on each backend; a single backend is compared with NumPy in float64."""
    return [_compare(matches, backends, entry) for entry in entries]


def _compare(matches: Matches, backends: Sequence[Backend], entry: Entry) -> LossResult:
    pred, target, rows, size = entry.inputs(matches)
    loss = partial(entry.function, **entry.knobs)
    # Rounded once, so that a comparison with float64 sees the same numbers.
    single, truth = _real(pred, np.float32), _real(target, np.float32)
    results = {backend.label: _evaluate(loss, single, truth, backend) for backend in backends}
    mean = {label: result.mean for label, result in results.items()}
    if len(results) == 1:
        reference = Backend(REFERENCE, open_numpy(), "cpu")
        results[REFERENCE] = _evaluate(loss, _real(single, np.float64), _real(truth, np.float64), reference)
    values = {label: _table(result.rows) for label, result in results.items()}
    slopes = {label: _table(result.slopes * size) for label, result in results.items()}

    def place(row: int) -> str:
        return entry.section.place(matches, int(rows[row]))

    return LossResult(
        entry.name,
        entry.section,
        mean,
        worst_disagreement(values, VALUE_BUDGET, place),
        worst_disagreement(slopes, GRADIENT_BUDGET, place),
    )


def _real(numbers: Rows, dtype: type[np.floating[Any]]) -> Rows:
    """Numbers in this dtype; labels are left alone."""
    return numbers.astype(dtype) if np.isdtype(numbers.dtype, "real floating") else numbers


def _table(results: Floats) -> Floats:
    """What belongs to a detection or a mask in one row, be it one number or many."""
    return results.reshape(len(results), -1)


class _Result(NamedTuple):
    mean: float
    rows: Floats
    slopes: Floats


def _evaluate(loss: Callable[..., Any], pred: Rows, target: Rows, backend: Backend) -> _Result:
    ours, truth = backend.asarray(pred), backend.asarray(target)
    mean = loss(ours, truth, reduction="mean")
    rows = loss(ours, truth)
    _, slopes = array_losses.value_and_grad(lambda x: loss(x, truth, reduction="sum"))(ours)
    return _Result(float(backend.asnumpy(mean)), backend.asnumpy(rows), backend.asnumpy(slopes))


def worst_disagreement(results: Mapping[str, Floats], budget: float, place: Callable[[int], str]) -> Disagreement:
    """The largest difference between any two of these (rows, columns) tables, in ULP of float32.

    The ULP is that of the largest number in the row, or of 1 where all are smaller: a loss is a difference of
    numbers about 1 and its slopes are sums over all corners, so this is what one rounding costs.
    """
    labels = list(results)
    table = np.stack([np.asarray(result, dtype=np.float64) for result in results.values()])
    finite = np.isfinite(table)
    sane = np.where(np.all(finite, axis=0), table, 0.0)
    size = np.max(np.abs(sane), axis=(0, 2), initial=1.0, keepdims=True)[0]
    ulp = np.where(np.all(finite, axis=0), np.ptp(sane, axis=0) / np.spacing(size.astype(np.float32)), math.inf)
    row, column = np.unravel_index(np.argmax(ulp), ulp.shape)
    order = np.argsort(table[:, row, column], stable=True)  # the lowest first, the first and the last if all are equal
    between = tuple(labels[k] for k in np.flatnonzero(~finite[:, row, column])) or (labels[order[0]], labels[order[-1]])
    return Disagreement(float(ulp[row, column]), between, place(int(row)), budget)
