"""Derivative rules of reductions, cumulative functions and products of matrices.

Rules are as in `_rules_elementwise`; further parameters are the function's options. What a rule needs of an
array's shape only, it reads outside of its inner function: an array that is not named in there is not kept in
memory. `REDUCE_COMPOSED` holds functions that are written in terms of others, and so need no rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .._array import is_dask
from .._numerics import device_of
from ._rules_elementwise import Rule

Axis = int | tuple[int, ...] | None
Shape = tuple[int, ...]


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    return tuple(i % ndim for i in ((axis,) if isinstance(axis, int) else axis))


def _kept(shape: Shape, axis: Axis) -> Shape:
    """The shape of a reduction with `keepdims=True`."""
    axes = axes_of(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _count(shape: Shape, axis: Axis) -> int:
    return math.prod(shape[i] for i in axes_of(axis, len(shape)))


def at(axis: int, index: int | slice, ndim: int) -> tuple[int | slice, ...]:
    """The key that takes `index` along one axis and everything along the others."""
    return tuple(index if i == axis % ndim else slice(None) for i in range(ndim))


# ------------------------------------------------------------------------------------------------- reductions


def _spread(xp: Any, x: Any, axis: Axis) -> Callable[[Any], Any]:
    """From the gradient of a reduction to that of the entries."""
    shape = x.shape
    if is_dask(xp.base):
        zeros = xp.zeros_like(x)  # in the chunks of x, where broadcast_to makes one, as long as all of them
        return lambda g: zeros + xp.reshape(g, _kept(shape, axis))
    if axis is None:
        return lambda g: xp.reshape(g, ())  # the tape takes it for all entries
    return lambda g: xp.broadcast_to(xp.reshape(g, _kept(shape, axis)), shape)


def _sum(xp: Any, out: Any, x: Any, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return (_spread(xp, x, axis),)


def _sum_or_total(xp: Any, x: Any, **options: Any) -> Any:
    return xp.call("sum", x, **options) if options or is_dask(xp.base) else xp.total(x)


def _mean(xp: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    spread, count = _spread(xp, x, axis), _count(x.shape, axis)
    return (lambda g: spread(g / count),)


def _prod(xp: Any, out: Any, x: Any, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The slope of an entry is the product of the others. No division: zeros are right at every level."""
    axes = axes_of(axis, x.ndim)
    order = tuple(i for i in range(x.ndim) if i not in axes) + axes
    back = tuple(order.index(i) for i in range(x.ndim))

    def vjp(g: Any) -> Any:
        rows = xp.permute_dims(x, order)
        others = _others(xp, xp.reshape(rows, (*rows.shape[: x.ndim - len(axes)], _count(x.shape, axis))))
        return xp.reshape(g, _kept(x.shape, axis)) * xp.permute_dims(xp.reshape(others, rows.shape), back)

    return (vjp,)


def _others(xp: Any, x: Any) -> Any:
    """For each entry of the last axis, the product of all others: the neighbour times all other pairs."""
    *rows, n = x.shape
    if n < 2:
        return xp.ones_like(x)
    if n % 2:
        x = xp.concat((x, xp.ones_like(x[..., :1])), axis=-1)
    pairs = xp.reshape(x, (*rows, (n + 1) // 2, 2))
    rest = _others(xp, pairs[..., 0] * pairs[..., 1])
    return xp.reshape(xp.flip(pairs, axis=-1) * xp.expand_dims(rest, axis=-1), x.shape)[..., :n]


def _extremum(beaten: Callable[[Any, Any], Any]) -> Rule:
    """The slope is shared evenly by all entries that are not beaten."""

    def rule(xp: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        def vjp(g: Any) -> Any:
            kept = _kept(x.shape, axis)
            best = xp.logical_not(beaten(x, xp.reshape(out, kept)))
            count = xp.sum(xp.astype(best, g.dtype), axis=axis, keepdims=True)
            return xp.where(best, xp.reshape(g, kept) / count, 0.0)

        return (vjp,)

    return rule


def _deviations(xp: Any, x: Any, axis: Axis, correction: float) -> Any:
    """Half the slope of the variance."""
    return (x - xp.mean(x, axis=axis, keepdims=True)) / (_count(x.shape, axis) - correction)


def _var(xp: Any, out: Any, x: Any, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    return (lambda g: xp.reshape(2.0 * g, _kept(x.shape, axis)) * _deviations(xp, x, axis, correction),)


def _std(xp: Any, out: Any, x: Any, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    return (lambda g: xp.reshape(g / out, _kept(x.shape, axis)) * _deviations(xp, x, axis, correction),)


def _cumulative_sum(
    xp: Any, out: Any, x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    along, ndim = 0 if axis is None else axis, x.ndim

    def vjp(g: Any) -> Any:
        g = g[at(along, slice(1, None), ndim)] if include_initial else g
        return xp.flip(xp.cumulative_sum(xp.flip(g, axis=along), axis=along), axis=along)

    return (vjp,)


def _cumulative_prod(xp: Any, x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """By doubling: each entry is the product of the 1, 2, 4, 8 ... entries that end with it."""
    axis, x = 0 if axis is None else axis, x if dtype is None else xp.astype(x, dtype)
    n, step = x.shape[axis], 1
    while step < n:
        first, rest = x[at(axis, slice(None, step), x.ndim)], x[at(axis, slice(step, None), x.ndim)]
        x = xp.concat((first, rest * x[at(axis, slice(None, n - step), x.ndim)]), axis=axis)
        step *= 2
    if include_initial:
        one = xp.ones(_kept(x.shape, axis), dtype=x.dtype, device=device_of(xp, x))
        x = xp.concat((one, x), axis=axis)
    return x


def _softmax(xp: Any, out: Any, x: Any, axis: int) -> Any:
    def vjp(g: Any) -> Any:
        g = g * out
        return g - out * xp.sum(g, axis=axis, keepdims=True)

    return (vjp,)


def _diff(xp: Any, x: Any, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
    parts = [part for part in (prepend, x, append) if part is not None]
    x = xp.concat(parts, axis=axis) if len(parts) > 1 else x
    for _ in range(n):
        x = x[at(axis, slice(1, None), x.ndim)] - x[at(axis, slice(None, -1), x.ndim)]
    return x


# --------------------------------------------------------------------------------------------------- products


def _matmul(xp: Any, x: Any, y: Any) -> Any:
    """Vectors become matrices of one row or column, so that the rule meets matrices only."""
    x, y = xp.lift(x), xp.lift(y)
    out = xp.call(
        "matmul",
        x if x.ndim > 1 else xp.expand_dims(x, axis=0),
        y if y.ndim > 1 else xp.expand_dims(y, axis=-1),
    )
    out = out if y.ndim > 1 else xp.squeeze(out, axis=-1)
    return out if x.ndim > 1 else xp.squeeze(out, axis=-1 if y.ndim == 1 else -2)


def _tensordot(xp: Any, x: Any, y: Any, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Any:
    """A product of two matrices: the contracted axes come last in the first, first in the second."""
    x, y = xp.lift(x), xp.lift(y)
    if isinstance(axes, int):
        axes = (range(x.ndim - axes, x.ndim), range(axes))
    of_x, of_y = axes_of(tuple(axes[0]), x.ndim), axes_of(tuple(axes[1]), y.ndim)
    free_x = tuple(i for i in range(x.ndim) if i not in of_x)
    free_y = tuple(i for i in range(y.ndim) if i not in of_y)
    rows, columns = tuple(x.shape[i] for i in free_x), tuple(y.shape[i] for i in free_y)
    left = xp.reshape(xp.permute_dims(x, free_x + of_x), (math.prod(rows), _count(x.shape, of_x)))
    right = xp.reshape(xp.permute_dims(y, of_y + free_y), (_count(y.shape, of_y), math.prod(columns)))
    return xp.reshape(xp.matmul(left, right), rows + columns)


def _vecdot(xp: Any, out: Any, x: Any, y: Any, axis: int = -1) -> Any:
    return (
        lambda g: xp.expand_dims(g, axis=axis) * y,
        lambda g: xp.expand_dims(g, axis=axis) * x,
    )


REDUCE: dict[str, Rule] = {
    # reductions
    "sum": _sum,
    "mean": _mean,
    "prod": _prod,
    "max": _extremum(lambda x, out: x < out),
    "min": _extremum(lambda x, out: x > out),
    "var": _var,
    "std": _std,
    "cumulative_sum": _cumulative_sum,
    "_softmax": _softmax,
    # products
    "matmul": lambda xp, out, x, y: (
        lambda g: xp.matmul(g, xp.matrix_transpose(y)),
        lambda g: xp.matmul(xp.matrix_transpose(x), g),
    ),
    "vecdot": _vecdot,
}

REDUCE_COMPOSED: dict[str, Callable[..., Any]] = {
    "cumulative_prod": _cumulative_prod,
    "diff": _diff,
    "matmul": _matmul,
    "sum": _sum_or_total,
    "tensordot": _tensordot,
}
