"""The standard's functions for Dask: array-api-compat's view of it, and what that lacks."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import array_api_compat.dask.array as _view
import dask.array
import numpy as np


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Any:
    """Dask has none: https://github.com/dask/dask/issues/3663. A block sees the whole axis of `x`, no more."""
    places = tuple(range(x.ndim))
    source = (*places[: axis % x.ndim], x.ndim, *places[axis % x.ndim + 1 :])
    return dask.array.blockwise(
        *(np.take_along_axis, places, x, source, indices, places),
        axis=axis,
        concatenate=True,
        dtype=x.dtype,
        meta=np.empty((0,) * x.ndim, dtype=x.dtype),
    )


def by_rows(
    function: Callable[..., Sequence[Any]],
    arrays: Sequence[Any],
    own: Sequence[int],
    wanted: Sequence[bool],
    dtype: Any,
) -> tuple[Any, list[Any | None]] | None:
    """`function(wanted, *blocks)`, rows and their wanted slopes, of all blocks; None if a row lies in several.

    The last `own[i]` axes of `arrays[i]` are a row's; the axes before are those of all rows, and broadcast. Each block
    is one task. Operation by operation it would be a hundred, each of them to be planned and its result to be kept, or
    sent to another process.
    """
    if any(len(chunks) > 1 for x, count in zip(arrays, own) for chunks in x.chunks[x.ndim - count :]):
        return None
    ndim = max(x.ndim - count for x, count in zip(arrays, own))
    rows, axes = tuple(range(ndim)), itertools.count(ndim)
    lasts = [tuple(itertools.islice(axes, count)) for count in own]
    given = []
    for x, last in zip(arrays, lasts):
        given += [x, (*rows[ndim + len(last) - x.ndim :], *last)]
    block, several = functools.partial(function, tuple(wanted)), np.empty((0,) * ndim, dtype=object)
    found = dask.array.blockwise(block, rows, *given, concatenate=True, meta=several)

    def part(number: int, last: tuple[int, ...], lengths: tuple[int, ...]) -> Any:
        meta, new = np.empty((0,) * (ndim + len(last)), dtype=dtype), dict(zip(last, lengths))
        return dask.array.blockwise(
            operator.getitem, (*rows, *last), found, rows, number, None, new_axes=new, meta=meta
        )

    numbers = itertools.count(1)
    slopes = [
        part(next(numbers), last, x.shape[x.ndim - len(last) :]) if want else None
        for x, last, want in zip(arrays, lasts, wanted)
    ]
    return part(0, (), ()), slopes


def __getattr__(name: str) -> Any:
    return getattr(_view, name)
