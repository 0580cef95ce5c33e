"""One function with one set of knobs, on one backend in one dtype: what every check starts from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import array_api_compat
import numpy as np

from .backends import Backend
from .cases import HALF, REDUCED, Case, Scale, Variant
from .cases.case import Results
from .dual import MP
from .exact import Row, Rows, exact_batch, exact_rows
from .families import Family
from .inputs import Inputs
from .ulp import RESULT, Exact, Floats, error

SHARES = (1.0, -0.5, 2.0, 0.25, -1.5, 0.75, 3.0, -0.125)
"""All different, and exact in every format."""


class Largest(NamedTuple):
    """The comparison of a check that took most of its budget."""

    share: float
    words: Callable[[], str]
    """What was compared, and for which inputs."""


class CheckFailedError(Exception):
    """What a check found: a message for the reader of the report, and what was measured if it is a number."""

    def __init__(self, message: str, measured: dict[str, float] | None = None) -> None:
        super().__init__(message)
        self.measured = measured or {}


class Trial:
    """A function under test, and its answers for all the inputs, computed once."""

    def __init__(
        self,
        library: Any,
        backend: Backend,
        case: Case,
        variant: Variant,
        dtype: str,
        thorough: bool = False,
        few_rows: bool = False,
    ) -> None:
        self.library = library
        self.backend = backend
        self.case = case
        self.variant = variant
        self.dtype = dtype
        self.result = self.result_of(dtype)
        self.thorough = thorough
        self.few_rows = few_rows
        self.largest: Largest | None = None
        """Of the check that runs, or ran last."""

    @property
    def family(self) -> Family:
        found = self.variant.family or self.case.family
        assert found is not None
        return found

    @property
    def scale(self) -> Scale:
        return self.case.scale_of(self.variant, self.backend.library)

    @property
    def results(self) -> Results:
        """The own axes of the result of one row."""
        return self.case.results if self.variant.results is None else self.variant.results

    @property
    def shares(self) -> tuple[float, ...]:
        """How often each result of a row counts in `total`: once, unless their number is fixed, like the edges of a
        box, whose slopes would cancel."""
        fixed = [axis for axis in self.results if isinstance(axis, int)]
        return SHARES[: math.prod(fixed)] if fixed and len(fixed) == len(self.results) else SHARES[:1]

    @property
    def groups(self) -> tuple[Inputs, ...]:
        """All the hard rows, each group with rows of one length; the main group only where others compile too often.
        Of a quick run, eight ordinary rows."""
        if self.few_rows:
            return (self.ordinary,)
        every = self.family.edges(self.dtype)
        few = self.backend.calls_compile and self.dtype != "float32" and not self.thorough
        return every[:1] if self.brief or few else every

    @property
    def ordinary(self) -> Inputs:
        return self.family.ordinary(self.dtype)

    def result_of(self, dtype: str) -> str:
        """The dtype of the result for arguments of one dtype."""
        return dtype if self.case.keeps_dtype else RESULT[dtype]

    @property
    def is_loss(self) -> bool:
        return self.case.kind in ("loss", "batch")

    @property
    def first(self) -> bool:
        """Whether this is the case's first set of knobs, on which what does not depend on the formula is tried."""
        return self.variant is self.case.variants[0]

    @property
    def own_arguments(self) -> bool:
        """Whether the function takes other arguments here than with its first set of knobs."""
        first = self.case.variants[0].family or self.case.family
        return self.first or first is None or self.family.arguments != first.arguments

    @property
    def representative(self) -> bool:
        return self.case.representative and self.first

    @property
    def leads(self) -> bool:
        """Whether nothing else stands for the function where one of several alike is enough."""
        return not self.case.alike or self.thorough

    @property
    def brief(self) -> bool:
        """Where every new call compiles, only a few functions are tried in full."""
        return self.backend.calls_compile and not self.thorough and not (self.case.in_full and self.first)

    # The function -----------------------------------------------------------------------------------------------------

    def function(self, *arrays: Any, **options: Any) -> Any:
        """The function's rows or, reduced, its number; of several results of equal shape, a last axis."""
        found = self.full(*arrays, **options)
        if self.case.kind == "batch":
            return found[0]
        return side_by_side(found) if isinstance(found, tuple) else found

    def full(self, *arrays: Any, **options: Any) -> Any:
        """All that the function returns for arrays in the order of the family's arguments."""
        given: list[Any] = []
        for argument, array in zip(self.family.arguments, arrays, strict=True):
            if argument.keyword:
                options[argument.name] = array
            else:
                given.append(array)
        if self.family.layout is not None:
            own = next((x.ndim - a.axes for a, x in zip(self.family.arguments, arrays) if hasattr(x, "ndim")), 0)
            options = self.family.layout.options(own) | options
        return getattr(self.library, self.case.name)(*given, **self.variant.knobs | options)

    def total(self, *arrays: Any) -> Any:
        """The sum of the rows: its gradient holds the gradient of every row."""
        if self.is_loss:
            return self.function(*arrays, reduction="sum")
        found = self.function(*arrays)
        if len(self.shares) == 1:
            return total(found)
        places = np.ndindex(*(axis for axis in self.results if isinstance(axis, int)))
        parts = [share * total(found[(..., *place)]) for share, place in zip(self.shares, places, strict=True)]
        return sum(parts[1:], start=parts[0])

    def slopes(self, arrays: Sequence[Any], fun: Callable[..., Any] | None = None) -> tuple[Any, ...]:
        """Gradients with respect to all arguments that have one, by the library's own `value_and_grad`."""
        if not self.family.differentiable:
            return ()
        _, found = self.library.value_and_grad(fun or self.total, argnums=self.family.differentiable)(*arrays)
        return tuple(found)

    # Arrays -----------------------------------------------------------------------------------------------------------

    def shape(self, inputs: Inputs) -> tuple[int, ...]:
        """The shape of the result."""
        own = (axis if isinstance(axis, int) else inputs.content(axis[0])[axis[1]] for axis in self.results)
        return inputs.leading + tuple(own)

    def by_row(self, numbers: Any, inputs: Inputs) -> Any:
        """An array with one entry a row, shaped so that it broadcasts to the result."""
        return np.reshape(numbers, inputs.leading + (1,) * len(self.results))

    def array(self, values: Any, dtype: str | None = None) -> Any:
        return self.backend.asarray(values, dtype or self.dtype)

    def arrays(self, inputs: Inputs, *dtypes: str) -> list[Any]:
        """An array an argument, class indices as int32."""
        kinds = dtypes or [self.dtype] * len(inputs.arguments)
        return [
            self.array(x, {"labels": "int32", "flags": "bool"}.get(argument.role, kind))
            for argument, x, kind in zip(inputs.arguments, inputs.arrays, kinds, strict=True)
        ]

    def numpy(self, found: Any) -> Floats:
        return self.backend.to_numpy(found)

    @cached_property
    def values(self) -> list[tuple[Inputs, Any]]:
        """What the function returns for each group of inputs, eagerly."""
        return [(group, self.function(*self.arrays(group))) for group in self.groups]

    @cached_property
    def gradients(self) -> list[tuple[Inputs, tuple[Any, ...]]]:
        return [(group, self.slopes(self.arrays(group))) for group in self.groups]

    # The exact answers ------------------------------------------------------------------------------------------------

    def exact(self, inputs: Inputs) -> Rows:
        return Rows.of(self.exact_rows(inputs), len(inputs), self.shares)

    def exact_rows(self, inputs: Inputs, kept: tuple[bool, ...] | None = None) -> list[Row]:
        return exact_rows(self.case, self.variant, self.scale, self.family, inputs, self.dtype, kept)

    def exact_state(self, inputs: Inputs, kept: tuple[bool, ...] | None = None) -> Any:
        """What a batch hands on, as nested lists."""
        return exact_batch(self.case, self.variant, self.scale, self.family, inputs, kept).state

    def budget(self, what: str) -> float:
        """The ULP allowed for a "value" or a "gradient"."""
        rounded = what == "gradient" or self.case.keeps_dtype
        if rounded and self.dtype in ("float16", "bfloat16"):
            return HALF
        return self.case.budget.of(what, self.result)

    # Comparisons ------------------------------------------------------------------------------------------------------

    def compare_values(self, found: Any, inputs: Inputs) -> float:
        """The worst error of row values in ULP, held against the budget; `found` may hold all rows several times."""
        exact = self.exact(inputs)
        got = self.numpy(found).reshape(-1, len(exact.size))
        return self._worst("value", got, exact.value, exact.size, self.result, self.budget("value"), inputs)

    def compare_gradients(self, found: Sequence[Any], inputs: Inputs, repeated: bool = False) -> float:
        """The same for the gradients of all arguments; that of a shared argument is the sum over the rows."""
        worst = 0.0
        exact = self.exact(inputs)
        for index, slopes in zip(self.family.differentiable, found, strict=True):
            if not inputs.arguments[index].shared:
                worst = max(worst, self.compare_slopes(slopes, index, inputs, exact))
            elif not repeated:
                span = inputs.spans()[index]
                rows = self.exact_rows(inputs)
                sums = [MP.fsum(row.slopes[k] for row in rows) for k in span]
                scale = exact.scales[:, span.start : span.stop].sum(axis=0)
                name = f"gradient of {inputs.arguments[index].name}, summed"
                got = self.numpy(slopes).reshape(-1)
                worst = max(worst, self.close(name, got, sums, scale, self.budget("gradient") + REDUCED, self.dtype))
        return worst

    def compare_slopes(self, found: Any, index: int, inputs: Inputs, exact: Rows) -> float:
        """The same for one argument, whose gradient has an entry for each row."""
        span = inputs.spans()[index]
        place = slice(span.start, span.stop)
        got = self.numpy(found).reshape(-1, len(inputs), len(span))
        gradient = Exact(exact.gradient.high[:, place], exact.gradient.low[:, place])
        name, budget = f"gradient of {inputs.arguments[index].name}", self.budget("gradient")
        return self._worst(name, got, gradient, exact.scales[:, place], self.dtype, budget, inputs)

    def _worst(
        self, what: str, got: Floats, exact: Exact, scale: Floats, dtype: str, budget: float, inputs: Inputs
    ) -> float:
        if got.size == 0:
            raise CheckFailedError(f"{what}: nothing was compared")
        errors = error(got, exact, scale, dtype)
        worst = float(errors.max())
        place = np.unravel_index(int(errors.argmax()), errors.shape)
        row = int(place[1] * len(inputs) // got.shape[1])
        along = f" along number {place[2] + 1} of {got.shape[2]}" if got.ndim == 3 and got.shape[2] > 1 else ""
        if got.shape[1] > len(inputs):
            along = f" in result {place[1] % (got.shape[1] // len(inputs)) + 1}"
        self._remember(worst / budget, lambda: f"{what}{along}; {inputs.describe(row)}")
        if worst > budget:
            exactly = np.broadcast_to(exact.high, got.shape)[place]
            raise CheckFailedError(
                f"{what} off by {worst:.4g} ULP of {dtype} (budget {budget:g}){along}: "
                f"got {got[place]}, exactly {exactly}; {inputs.describe(row)}",
                {"value" if what == "value" else "gradient": worst},
            )
        return worst

    def _remember(self, share: float, words: Callable[[], str]) -> None:
        if self.largest is None or share > self.largest.share:
            self.largest = Largest(share, words)

    def close(self, what: str, got: Any, exact: Any, scale: Any, budget: float, dtype: str | None = None) -> float:
        """The error of single numbers against mpmath numbers, in ULP at their own size or `scale`."""
        got = np.asarray(got, dtype=np.float64)
        errors = error(got, Exact.of(np.ravel(exact).tolist(), got.shape), np.asarray(scale), dtype or self.result)
        if errors.size == 0:
            raise CheckFailedError(f"{what}: nothing was compared")
        worst = float(errors.max())
        place = np.unravel_index(int(errors.argmax()), errors.shape)
        self._remember(worst / budget, lambda: f"{what}, number {int(errors.argmax()) + 1} of {errors.size}")
        if worst > budget:
            exactly = float(np.reshape(np.asarray(exact, dtype=object), got.shape)[place])
            raise CheckFailedError(
                f"{what} off by {worst:.4g} ULP (budget {budget:g}): got {got[place]}, exactly {exactly}"
            )
        return worst


def total(rows: Any) -> Any:
    """The sum of an array of whatever library, the library's tape included."""
    return rows.sum() if hasattr(rows, "sum") else rows.__array_namespace__().sum(rows)


def side_by_side(results: tuple[Any, ...]) -> Any:
    """Arrays of one shape along a last axis, booleans as 0 and 1, of whatever library, the library's tape included."""
    first = results[0]
    xp = array_api_compat.array_namespace(first)
    one, zero = xp.ones_like(first), xp.zeros_like(first)
    return xp.stack([x if x.dtype == first.dtype else xp.where(x, one, zero) for x in results], axis=-1)


def expect(condition: bool, message: str) -> None:
    if not condition:
        raise CheckFailedError(message)
