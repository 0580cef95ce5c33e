"""Derivative rules of functions that move entries: shapes, indexing, sorting.

Rules are as in `_rules_reduce`. `VALUES` holds operations that are no function of the standard: indexing and
its adjoints, softmax, and functions of a list of arrays, taken here as separate arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import EllipsisType, NoneType
from typing import Any

from .._numerics import device_of, softmax
from ._rules_elementwise import Rule
from ._rules_reduce import Axis, Shape, at, axes_of

# ----------------------------------------------------------------------------------------------------- shapes


def _reshape(xp: Any, out: Any, x: Any, *args: Any, **options: Any) -> Any:
    shape = x.shape
    return (lambda g: xp.reshape(g, shape),)


def _permute_dims(xp: Any, out: Any, x: Any, axes: tuple[int, ...]) -> Any:
    back = axes_of(tuple(axes), len(axes))
    return (lambda g: xp.permute_dims(g, tuple(back.index(i) for i in range(len(back)))),)


def _roll(xp: Any, out: Any, x: Any, shift: int | tuple[int, ...], axis: Axis = None) -> Any:
    back = -shift if isinstance(shift, int) else tuple(-n for n in shift)
    return (lambda g: xp.roll(g, back, axis=axis),)


def _tile(xp: Any, out: Any, x: Any, repetitions: tuple[int, ...]) -> Any:
    shape, ndim = x.shape, max(x.ndim, len(repetitions))
    counts = (1,) * (ndim - len(repetitions)) + tuple(repetitions)
    split = tuple(n for pair in zip(counts, (1,) * (ndim - x.ndim) + shape, strict=True) for n in pair)
    return (lambda g: xp.reshape(xp.sum(xp.reshape(g, split), axis=tuple(range(0, 2 * ndim, 2))), shape),)


def _repeat(xp: Any, out: Any, x: Any, repeats: int, axis: int | None = None) -> Any:
    if not isinstance(repeats, int):
        raise NotImplementedError("the tape has no derivative rule for 'repeat' with an array of counts")
    shape, ndim = x.shape, x.ndim
    at = ndim if axis is None else axis % ndim + 1
    split = (*shape[:at], repeats, *shape[at:])
    return (lambda g: xp.sum(xp.reshape(g, split), axis=at),)


def _concat(xp: Any, out: Any, *arrays: Any, axis: int) -> Any:
    def vjp(start: int, stop: int) -> Callable[[Any], Any]:
        return lambda g: g[at(axis, slice(start, stop), g.ndim)]

    stops = [sum(x.shape[axis] for x in arrays[: i + 1]) for i in range(len(arrays))]
    return tuple(vjp(start, stop) for start, stop in zip([0, *stops], stops, strict=False))


def _stack(xp: Any, out: Any, *arrays: Any, axis: int) -> Any:
    def vjp(i: int) -> Callable[[Any], Any]:
        return lambda g: g[at(axis, i, g.ndim)]

    return tuple(vjp(i) for i in range(len(arrays)))


def _concat_list(xp: Any, arrays: Sequence[Any], axis: int | None = 0) -> Any:
    if axis is None:
        arrays, axis = [xp.reshape(x, (-1,)) for x in arrays], 0
    return xp.call("concat", *arrays, axis=axis)


def _unstack(xp: Any, x: Any, axis: int = 0) -> tuple[Any, ...]:
    return tuple(x[at(axis, i, x.ndim)] for i in range(x.shape[axis]))


def _broadcast_arrays(xp: Any, *arrays: Any) -> list[Any]:
    shape = xp.constant("broadcast_arrays", *(xp.zeros_like(x) for x in arrays))[0].shape
    return [xp.broadcast_to(x, shape) for x in arrays]


def _meshgrid(xp: Any, *arrays: Any, indexing: str = "xy") -> list[Any]:
    n = len(arrays)
    axes = [1 - i if indexing == "xy" and n > 1 and i < 2 else i for i in range(n)]
    spread = [xp.reshape(x, (1,) * i + (-1,) + (1,) * (n - i - 1)) for i, x in zip(axes, arrays, strict=True)]
    return _broadcast_arrays(xp, *spread)


# ------------------------------------------------------------------------------------------ indexing, sorting


def _positions(xp: Any, shape: Shape, device: Any) -> Any:
    """The number of each entry in an array of this shape. Indexed alike, it says what came from where."""
    return xp.reshape(xp.arange(math.prod(shape), device=device), shape)


def _getitem(xp: Any, out: Any, x: Any, key: Any) -> Any:
    shape, device = x.shape, device_of(xp, x)
    if all(
        isinstance(part, int | slice | NoneType | EllipsisType) for part in (key if isinstance(key, tuple) else (key,))
    ):
        return (lambda g: xp.call("_put", g, key=key, shape=shape),)
    return (lambda g: _scatter(xp, g, _positions(xp.base, shape, device)[key], shape),)


def _take(xp: Any, out: Any, x: Any, indices: Any, axis: int = 0) -> Any:
    shape, device = x.shape, device_of(xp, x)
    return (
        lambda g: _scatter(xp, g, xp.take(_positions(xp, shape, device), indices, axis=axis), shape),
        None,
    )


def _take_along_axis(xp: Any, out: Any, x: Any, indices: Any, axis: int = -1) -> Any:
    shape = x.shape
    return (lambda g: xp.call("_scatter_along", g, indices=indices, shape=shape, axis=axis % len(shape)), None)


def _gather_along(xp: Any, out: Any, g: Any, indices: Any, shape: Shape, axis: int) -> Any:
    """The adjoint of `_scatter_along`."""
    return (lambda h: xp.take_along_axis(h, indices, axis=axis),)


def _sort(xp: Any, out: Any, x: Any, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    def vjp(g: Any) -> Any:
        order = xp.argsort(x, axis=axis, descending=descending, stable=stable)
        return xp.take_along_axis(g, xp.argsort(order, axis=axis), axis=axis)

    return (vjp,)


def _scatter(xp: Any, g: Any, positions: Any, shape: Shape) -> Any:
    return xp.call("_scatter_add", g, positions=positions, shape=shape)


def _gather(xp: Any, out: Any, g: Any, positions: Any, shape: Shape) -> Any:
    """The adjoint of `_scatter_add`."""
    flat = xp.reshape(positions, (-1,))
    return (lambda h: xp.reshape(xp.take(xp.reshape(h, (-1,)), flat, axis=0), positions.shape),)


def scatter_add(xp: Any, g: Any, positions: Any, shape: Shape) -> Any:
    """Zeros of a shape with each entry of `g` added at its (flat) position.

    The standard has no such function. NumPy and CuPy do: `add.at`. Elsewhere each position looks through all
    entries for its own.
    """
    g, positions, size = xp.reshape(g, (-1,)), xp.reshape(positions, (-1,)), math.prod(shape)
    add_at = getattr(xp.add, "at", None)
    if add_at:
        out = xp.zeros(size, dtype=g.dtype, device=device_of(xp, g))
        add_at(out, positions, g)
    else:
        places = xp.arange(size, dtype=positions.dtype, device=device_of(xp, g))
        mine = xp.expand_dims(places, axis=1) == xp.expand_dims(positions, axis=0)
        out = xp.sum(xp.where(mine, xp.expand_dims(g, axis=0), 0.0), axis=1)
    return xp.reshape(out, shape)


def scatter_along(xp: Any, g: Any, indices: Any, shape: Shape, axis: int) -> Any:
    """Zeros of a shape with each entry of `g` added at its place along an axis."""
    if getattr(xp.add, "at", None):
        places = xp.take_along_axis(_positions(xp, shape, device_of(xp, g)), indices, axis=axis)
        return scatter_add(xp, g, places, shape)
    last = (*(i for i in range(len(shape)) if i != axis), axis)
    g, indices = xp.permute_dims(g, last), xp.permute_dims(indices, last)
    places = xp.arange(shape[axis], dtype=indices.dtype, device=device_of(xp, g))
    mine = xp.expand_dims(xp.where(indices < 0, indices + shape[axis], indices), axis=-2) == places[:, None]
    out = xp.sum(xp.where(mine, xp.expand_dims(g, axis=-2), 0.0), axis=-1)
    return xp.permute_dims(out, tuple(last.index(i) for i in range(len(shape))))


def put(xp: Any, g: Any, key: Any, shape: Shape) -> Any:
    """Zeros of a shape with `g` at a basic key. The array is new: nobody sees it written into."""
    out = xp.zeros(shape, dtype=g.dtype, device=device_of(xp, g))
    key = tuple(part for part in (key if isinstance(key, tuple) else (key,)) if part is not None)
    out[key] = xp.reshape(g, out[key].shape)  # new axes are for reading
    return out


SHAPE: dict[str, Rule] = {
    # shapes
    "reshape": _reshape,
    "expand_dims": _reshape,
    "squeeze": _reshape,
    "broadcast_to": lambda xp, out, x, shape: (lambda g: g,),
    "permute_dims": _permute_dims,
    "moveaxis": lambda xp, out, x, source, destination: (lambda g: xp.moveaxis(g, destination, source),),
    "matrix_transpose": lambda xp, out, x: (lambda g: xp.matrix_transpose(g),),
    "flip": lambda xp, out, x, axis=None: (lambda g: xp.flip(g, axis=axis),),
    "roll": _roll,
    "tile": _tile,
    "repeat": _repeat,
    "tril": lambda xp, out, x, k=0: (lambda g: xp.tril(g, k=k),),
    "triu": lambda xp, out, x, k=0: (lambda g: xp.triu(g, k=k),),
    "concat": _concat,
    "stack": _stack,
    # indexing, sorting
    "_getitem": _getitem,
    "_put": lambda xp, out, g, key, shape: (lambda h: h[key],),
    "_scatter_add": _gather,
    "_scatter_along": _gather_along,
    "take": _take,
    "take_along_axis": _take_along_axis,
    "sort": _sort,
}

VALUES: dict[str, Callable[..., Any]] = {
    "concat": lambda xp, *arrays, axis: xp.concat(arrays, axis=axis),
    "stack": lambda xp, *arrays, axis: xp.stack(arrays, axis=axis),
    "_getitem": lambda xp, x, key: x[key],
    "_put": put,
    "_softmax": softmax,
    "_scatter_add": scatter_add,
    "_scatter_along": scatter_along,
}

SHAPE_COMPOSED: dict[str, Callable[..., Any]] = {
    "broadcast_arrays": _broadcast_arrays,
    "clip": lambda xp, x, min=None, max=None: xp.call("clip", x, min, max),
    "concat": _concat_list,
    "full_like": lambda xp, x, fill_value, **options: xp.constant("full_like", xp.zeros_like(x), fill_value, **options),
    "meshgrid": _meshgrid,
    "stack": lambda xp, arrays, axis=0: xp.call("stack", *arrays, axis=axis),
    "unstack": _unstack,
}
