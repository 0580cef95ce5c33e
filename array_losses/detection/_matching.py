"""The cheapest matching of rows and columns, by SciPy, on the host."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .._array import Array

LARGEST = 1e200


def solver() -> Callable[..., Any]:
    """SciPy's `linear_sum_assignment`."""
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError as error:
        raise ImportError("hungarian_assign needs SciPy: pip install 'array-losses[maps]'") from error
    return linear_sum_assignment  # type: ignore[no-any-return]


def cheapest(cost: Array, mask: Array) -> Array:
    """From costs (..., Q, G) and which columns are real (..., G) the column of each row (..., Q), or -1. NumPy arrays.

    A cost that is not finite counts as more than all finite ones of its table together could make good, so that it is
    chosen only where nothing else is left.
    """
    np: Any = sys.modules["numpy"]
    solve = solver()
    found = np.full(cost.shape[:-1], -1, dtype=np.int64)
    for where in np.ndindex(cost.shape[:-2]):
        columns = np.flatnonzero(mask[where])
        table = np.asarray(cost[where][:, columns], dtype=np.float64)
        if not table.size:
            continue
        finite = np.isfinite(table)
        if not finite.all():
            known = np.clip(table[finite], -LARGEST, LARGEST) if finite.any() else np.zeros(1)
            table = np.where(finite, table, known.max() + (np.ptp(known) + 1.0) * (min(table.shape) + 1))
        rows, places = solve(np.clip(table, -LARGEST, 4 * LARGEST * (min(table.shape) + 2)))
        found[where][rows] = columns[places]
    return found
