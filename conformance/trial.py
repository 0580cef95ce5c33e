"""One function with one set of knobs, on one backend in one dtype: what every check starts from."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from .backends import Backend
from .cases import BUDGETS, HALF_GRADIENT, SCALE_OF_VALUES, Case, Variant
from .dual import MP
from .inputs import Inputs, inputs
from .reference import diagonal_of_hull, evaluate
from .ulp import RESULT, Exact, Floats, error


class CheckFailedError(Exception):
    """What a check found: a message for the reader of the report, and what was measured if it is a number."""

    def __init__(self, message: str, measured: dict[str, float] | None = None) -> None:
        super().__init__(message)
        self.measured = measured or {}


class Row(NamedTuple):
    """The exact answer for one pair: value, eight slopes, and the size at which slopes are judged.

    That is the largest of the eight, and at least 1/c, the slope of a measure that changes by one over the diagonal c
    of the hull: slopes below it are what is left when larger terms cancel (identical boxes, common centres).
    """

    value: Any
    slopes: tuple[Any, ...]
    scale: Any


class Rows(NamedTuple):
    """The exact answers for N pairs as arrays: value (N,), gradient (N, 8) and the gradient's scale (N, 1)."""

    value: Exact
    gradient: Exact
    scale: Floats


@cache
def exact_row(name: str, knobs: tuple[tuple[str, Any], ...], pair: tuple[float, ...]) -> Row:
    result = evaluate(name, pair[:4], pair[4:], **dict(knobs))
    slopes = tuple(result.slopes.get(index, MP.mpf(0)) for index in range(8))
    diagonal = diagonal_of_hull(pair[:4], pair[4:])
    return Row(result.value, slopes, max(*map(abs, slopes), 1 / diagonal if diagonal else 0))


class Trial:
    """A function under test, and its answers for all the inputs, computed once."""

    def __init__(
        self, library: Any, backend: Backend, case: Case, variant: Variant, dtype: str, thorough: bool = False
    ) -> None:
        self.library = library
        self.backend = backend
        self.case = case
        self.variant = variant
        self.dtype = dtype
        self.result = RESULT[dtype]
        self.thorough = thorough

    @property
    def inputs(self) -> Inputs:
        return inputs(self.dtype)

    @property
    def is_loss(self) -> bool:
        return self.case.kind == "loss"

    @property
    def representative(self) -> bool:
        return self.case.representative and not self.variant.knobs

    @property
    def brief(self) -> bool:
        """Where every new call compiles, only the representative functions are tried in full."""
        return self.backend.calls_compile and not self.thorough and not self.representative

    # The function -----------------------------------------------------------------------------------------------------

    def function(self, pred: Any, target: Any, **options: Any) -> Any:
        return getattr(self.library, self.case.name)(pred, target, **self.variant.knobs, **options)

    def total(self, pred: Any, target: Any) -> Any:
        """The sum of the rows: its gradient holds the gradient of every row."""
        if self.is_loss:
            return self.function(pred, target, reduction="sum")
        return total(self.function(pred, target))

    def slopes(self, pred: Any, target: Any, fun: Callable[..., Any] | None = None) -> tuple[Any, Any]:
        """Gradients with respect to both arguments, by the library's own `value_and_grad`."""
        _, (of_pred, of_target) = self.library.value_and_grad(fun or self.total, argnums=(0, 1))(pred, target)
        return of_pred, of_target

    # Arrays -----------------------------------------------------------------------------------------------------------

    def array(self, values: Any, dtype: str | None = None) -> Any:
        return self.backend.asarray(values, dtype or self.dtype)

    def arrays(self, pairs: Inputs | None = None) -> tuple[Any, Any]:
        pairs = pairs or self.inputs
        return self.array(pairs.pred), self.array(pairs.target)

    def numpy(self, *parts: Any) -> Floats:
        """Arrays of the library as one of NumPy, joined along the last axis."""
        found = [self.backend.to_numpy(part) for part in parts]
        return found[0] if len(found) == 1 else np.concatenate(found, axis=-1)

    @cached_property
    def values(self) -> Any:
        """What the function returns for all the inputs, eagerly."""
        return self.function(*self.arrays())

    @cached_property
    def gradients(self) -> tuple[Any, Any]:
        return self.slopes(*self.arrays())

    # The exact answers ------------------------------------------------------------------------------------------------

    def exact(self, pairs: Inputs | None = None) -> Rows:
        pairs = pairs or self.inputs
        rows = self.exact_rows(pairs)
        return Rows(
            Exact.of([row.value for row in rows], (len(rows),)),
            Exact.of([slope for row in rows for slope in row.slopes], (len(rows), 8)),
            np.asarray([[float(row.scale)] for row in rows]),
        )

    def exact_rows(self, pairs: Inputs) -> list[Row]:
        knobs = tuple(sorted(self.variant.knobs.items()))
        both = np.concatenate((pairs.pred, pairs.target), axis=-1)
        return [exact_row(self.case.name, knobs, tuple(pair)) for pair in both.tolist()]

    def budget(self, what: str) -> float:
        """The ULP allowed for a "value" or a "gradient"."""
        if what == "gradient" and self.dtype in ("float16", "bfloat16"):
            return HALF_GRADIENT
        return BUDGETS[self.case.name].of(what, self.result)

    # Comparisons ------------------------------------------------------------------------------------------------------

    def compare_values(self, got: Floats, pairs: Inputs | None = None) -> float:
        """The worst error of row values in ULP, held against the budget; `got` may hold all rows several times."""
        pairs = pairs or self.inputs
        exact = self.exact(pairs).value
        scale = np.asarray(SCALE_OF_VALUES.get(self.case.name, 1.0))
        budget = self.budget("value")
        return self._worst("value", got.reshape(-1, len(pairs.names)), exact, scale, self.result, budget, pairs)

    def compare_gradients(self, got: Floats, pairs: Inputs | None = None) -> float:
        """The same for the rows' gradients (N, 8), in ULP of each row's scale."""
        pairs = pairs or self.inputs
        exact = self.exact(pairs)
        budget = self.budget("gradient")
        return self._worst(
            "gradient", got.reshape(-1, len(pairs.names), 8), exact.gradient, exact.scale, self.dtype, budget, pairs
        )

    def _worst(
        self, what: str, got: Floats, exact: Exact, scale: Floats, dtype: str, budget: float, pairs: Inputs
    ) -> float:
        if got.size == 0:
            raise CheckFailedError(f"{what}: nothing was compared")
        errors = error(got, exact, scale, dtype)
        worst = float(errors.max())
        if worst > budget:
            place = np.unravel_index(int(errors.argmax()), errors.shape)
            exactly = np.broadcast_to(exact.high, got.shape)[place]
            coordinate = f" along coordinate {place[2]} of 8" if what == "gradient" else ""
            raise CheckFailedError(
                f"{what} off by {worst:.4g} ULP of {dtype} (budget {budget:g}){coordinate}: "
                f"got {got[place]}, exactly {exactly}; {pairs.describe(int(place[1]))}",
                {what: worst},
            )
        return worst

    def close(self, what: str, got: Any, exact: Any, scale: Any, budget: float, dtype: str | None = None) -> float:
        """The error of single numbers against mpmath numbers, in ULP at their own size or `scale`."""
        got = np.asarray(got, dtype=np.float64)
        errors = error(got, Exact.of(np.ravel(exact).tolist(), got.shape), np.asarray(scale), dtype or self.result)
        if errors.size == 0:
            raise CheckFailedError(f"{what}: nothing was compared")
        worst = float(errors.max())
        if worst > budget:
            place = np.unravel_index(int(errors.argmax()), errors.shape)
            exactly = float(np.reshape(np.asarray(exact, dtype=object), got.shape)[place])
            raise CheckFailedError(
                f"{what} off by {worst:.4g} ULP (budget {budget:g}): got {got[place]}, exactly {exactly}"
            )
        return worst


def total(rows: Any) -> Any:
    """The sum of an array of whatever library, the library's tape included."""
    return rows.sum() if hasattr(rows, "sum") else rows.__array_namespace__().sum(rows)


def expect(condition: bool, message: str) -> None:
    if not condition:
        raise CheckFailedError(message)
