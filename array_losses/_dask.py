"""The standard's functions for Dask: array-api-compat's view of it, and what that lacks."""

from __future__ import annotations

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


def __getattr__(name: str) -> Any:
    return getattr(_view, name)
