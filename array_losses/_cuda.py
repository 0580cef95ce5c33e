"""Row functions of CuPy as one CUDA kernel: traced once over single numbers, and written down in C++.

CuPy launches a kernel for each operation and writes its result to memory, about a hundred times for a loss of boxes. A
kernel of ours that looks at each row's columns alone is called here with `Column`s in place of arrays. They note down
what is done with them, each operation once, and CuPy makes one `ElementwiseKernel` of that, which reads each column
and writes each result once. What does more than that (sums, sorting, looking up) raises `MoreThanColumnsError` and
runs as it is written. Products and sums are not contracted, so that the numbers are those of other libraries.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ._array import WRAPPERS

Array = Any
Number = int | float

MOST_COLUMNS = 5
"""Of a row: more are no longer a box."""
# As constants, because their names stand in headers that CUDA's run-time compiler lacks.
INFINITY, MINUS_INFINITY, NOT_A_NUMBER = "T(1e308 * 1e308)", "T(-1e308 * 1e308)", "T(1e308 * 1e308 - 1e308 * 1e308)"
OPTIONS = ("--fmad=false",)
PREAMBLE = """
template <typename N> __device__ N larger(N a, N b) { return (a > b || a != a) ? a : b; }
template <typename N> __device__ N smaller(N a, N b) { return (a < b || a != a) ? a : b; }
template <typename N> __device__ N sign_of(N a) { return a != a ? a : N(a > N(0)) - N(a < N(0)); }
"""


class MoreThanColumnsError(Exception):
    """What is asked for needs more than a row's own columns."""


class Program(NamedTuple):
    """C++ of one row: statements in `T`, which read `p0, p1, ...` and write `r0, r1, ...`."""

    inputs: int
    slots: tuple[int | None, ...]
    """How many numbers the slopes of each array have: 0 for a single number, None where there are none."""
    body: str

    @property
    def outputs(self) -> int:
        return 1 + sum(max(1, slot) for slot in self.slots if slot is not None)


class Column:
    """One number of each row, or a truth value."""

    ndim = 0
    shape = ()

    def __init__(self, xp: _Tracer, code: str, dtype: Any) -> None:
        self.xp, self.code, self.dtype = xp, code, dtype

    def __array_namespace__(self, *, api_version: str | None = None) -> _Tracer:
        return self.xp

    def __bool__(self) -> bool:
        raise MoreThanColumnsError("a branch on a value")

    def __neg__(self) -> Column:
        return self.xp.note(f"-{self.code}")

    def __pow__(self, exponent: Number) -> Column:
        return self.xp.note(f"pow({self.code}, {self.xp.literal(exponent)})")

    def __invert__(self) -> Column:
        return self.xp.note(f"!{self.code}", np.bool_)


def _infix(sign: str, truth: bool = False) -> tuple[Callable[..., Column], Callable[..., Column]]:
    def straight(x: Column, y: Any) -> Column:
        return x.xp.note(f"{x.code} {sign} {x.xp.literal(y)}", np.bool_ if truth else None)

    def swapped(x: Column, y: Any) -> Column:
        return x.xp.note(f"{x.xp.literal(y)} {sign} {x.code}", np.bool_ if truth else None)

    return straight, swapped


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    _straight, _swapped = _infix(_sign)
    setattr(Column, f"__{_name}__", _straight)
    setattr(Column, f"__r{_name}__", _swapped)
for _name, _sign in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}.items():
    setattr(Column, f"__{_name}__", _infix(_sign, truth=True)[0])
for _name, _sign in {"and": "&&", "or": "||"}.items():
    setattr(Column, f"__{_name}__", _infix(_sign, truth=True)[0])


class Row:
    """The columns of one row."""

    ndim = 1

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.shape = (len(self.columns),)
        self.dtype = self.columns[0].dtype

    def __array_namespace__(self, *, api_version: str | None = None) -> _Tracer:
        return self.columns[0].xp

    def __getitem__(self, key: Any) -> Column:
        if isinstance(key, tuple) and len(key) == 2 and key[0] is ... and isinstance(key[1], int):
            return self.columns[key[1]]
        raise MoreThanColumnsError(f"[{key}]")


WRAPPERS.update((Column, Row))


class _Tracer:
    """The namespace of columns."""

    __name__ = "array_losses.cuda"
    finfo = staticmethod(np.finfo)
    float32, float64, bool = np.dtype("float32"), np.dtype("float64"), np.dtype("bool")

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.lines: dict[tuple[str, str], str] = {}  # type and code -> name

    def __getattr__(self, name: str) -> Any:
        raise MoreThanColumnsError(name)

    def note(self, code: str, dtype: Any = None) -> Column:
        """The result of an operation, of numbers unless said otherwise; what was done before is not done again."""
        name = self.lines.setdefault(("bool" if dtype is np.bool_ else "T", code), f"v{len(self.lines)}")
        return Column(self, name, np.dtype(dtype or self.dtype))

    def literal(self, x: Any) -> str:
        if isinstance(x, Column):
            return x.code
        if isinstance(x, Row) or not isinstance(x, (int, float, np.number)):
            raise MoreThanColumnsError(type(x).__name__)
        if math.isfinite(x):
            return f"T({float(x)!r})"
        return NOT_A_NUMBER if math.isnan(x) else MINUS_INFINITY if x < 0 else INFINITY

    def where(self, condition: Column, x: Any, y: Any) -> Column:
        return self.note(f"{condition.code} ? {self.literal(x)} : {self.literal(y)}")

    def maximum(self, x: Any, y: Any) -> Column:
        return self.note(f"larger<T>({self.literal(x)}, {self.literal(y)})")

    def minimum(self, x: Any, y: Any) -> Column:
        return self.note(f"smaller<T>({self.literal(x)}, {self.literal(y)})")

    def clip(self, x: Column, low: Number | None = None, high: Number | None = None) -> Column:
        x = x if low is None else self.maximum(x, low)
        return x if high is None else self.minimum(x, high)

    def sign(self, x: Column) -> Column:
        return self.note(f"sign_of<T>({x.code})")

    def abs(self, x: Column) -> Column:
        return self.note(f"fabs({x.code})")

    def atan2(self, y: Column, x: Column) -> Column:
        return self.note(f"atan2({y.code}, {x.code})")

    def reciprocal(self, x: Column) -> Column:
        return self.note(f"T(1) / {x.code}")

    def zeros_like(self, x: Column, dtype: Any = None) -> Column:
        return self.full_like(x, 0.0)

    def ones_like(self, x: Column, dtype: Any = None) -> Column:
        return self.full_like(x, 1.0)

    def full_like(self, x: Column, value: Number) -> Column:
        if not isinstance(x, Column):
            raise MoreThanColumnsError("full_like of rows")
        return self.note(self.literal(value))

    def astype(self, x: Column, dtype: Any) -> Column:
        return self.note(f"T({x.code})")

    def logical_and(self, x: Column, y: Column) -> Column:
        return self.note(f"{x.code} && {y.code}", np.bool_)

    def logical_or(self, x: Column, y: Column) -> Column:
        return self.note(f"{x.code} || {y.code}", np.bool_)

    def logical_not(self, x: Column) -> Column:
        return ~x

    def stack(self, columns: Sequence[Column], axis: int = 0) -> Row:
        if axis != -1:
            raise MoreThanColumnsError("stack")
        return Row(columns)


def _function(name: str) -> Callable[[_Tracer, Column], Column]:
    return lambda self, x: self.note(f"{name}({x.code})")


for _name in ("exp", "expm1", "floor", "log", "log1p", "sqrt", "sin", "cos", "sinh", "cosh", "tanh"):
    setattr(_Tracer, _name, _function(_name))


@functools.cache
def program(
    kernel: Any, options: tuple[Any, ...], widths: tuple[int, ...], wanted: tuple[bool, ...], dtype: Any
) -> Program | None:
    """The kernel's value and wanted slopes of a row, or None if it needs more than the row's columns.

    `widths` says how many columns each array has, 0 for single numbers.
    """
    if max(widths) > MOST_COLUMNS:
        return None
    xp, rows, given = _Tracer(np.dtype(dtype)), [], 0
    for width in widths:
        columns = [Column(xp, f"p{given + i}", xp.dtype) for i in range(max(1, width))]
        given += len(columns)
        rows.append(Row(columns) if width else columns[0])
    try:
        value, slopes = kernel(xp, rows, wanted, *options)
        results, slots = [value], []
        for slope, width in zip(slopes, widths):
            slots.append(None if slope is None else width)
            if slope is not None:
                results += slope.columns if isinstance(slope, Row) else [slope]
    except (MoreThanColumnsError, AttributeError, TypeError, IndexError):
        # Columns have what these kernels use and no more; the arrays themselves have been checked.
        return None
    if not all(isinstance(x, Column) for x in results):
        return None
    lines = [f"{kind} {name} = {code};" for (kind, code), name in xp.lines.items()]
    lines += [f"r{i} = {x.code};" for i, x in enumerate(results)]
    found = Program(given, tuple(slots), "\n".join(lines))
    return found if found.outputs == len(results) else None


@functools.cache
def _compiled(cupy: Any, found: Program, name: str) -> Any:
    inputs = ", ".join(f"T p{i}" for i in range(found.inputs))
    outputs = ", ".join(f"T r{i}" for i in range(found.outputs))
    return cupy.ElementwiseKernel(inputs, outputs, found.body, name, options=OPTIONS, preamble=PREAMBLE)


def rows(
    cupy: Any,
    kernel: Any,
    options: tuple[Any, ...],
    arrays: Sequence[Array],
    wanted: Sequence[bool],
    leading: tuple[int, ...],
    dtype: Any,
) -> tuple[Array, list[Array | None]] | None:
    """The kernel's value and wanted slopes by one launch, or None if it needs more than the rows' columns.

    `cupy` is that module, or what stands in for it.
    """
    widths = tuple([x.shape[-1] if x.ndim > len(leading) else 0 for x in arrays])
    found = program(kernel, options, widths, tuple(wanted), np.dtype(dtype))
    if found is None:
        return None
    columns: list[Array] = []
    for x, width in zip(arrays, widths):
        columns += [x[..., i] for i in range(width)] if width else [x]
    value = cupy.empty(leading, dtype=dtype)
    results: list[Array] = [value]
    slopes: list[Array | None] = []
    for slot in found.slots:
        if slot is None:
            slopes.append(None)
            continue
        slope = cupy.empty((*leading, slot) if slot else leading, dtype=dtype)
        slopes.append(slope)
        results += [slope[..., i] for i in range(slot)] if slot else [slope]
    _compiled(cupy, found, f"array_losses_{kernel.__name__}")(*columns, *results)
    return value, slopes
