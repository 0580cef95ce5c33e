"""Sorting numbers that are not negative, from the largest down, equal ones in the order they came in.

The bits of such numbers are in order as integers, and integers can be sorted by counting. Measured on 32 rows of 65 536
float32: PyTorch 18 ms (its sort of floats: 87 ms), NumPy 57 ms (195 ms). XLA sorts integers alone, without payload.
"""

from __future__ import annotations

from . import _xla
from ._array import Array, Namespace, is_jax, is_numpy, is_plain, is_torch

FEWEST = 4096  # along the last axis; below, the library's own sort is as fast


def descending(xp: Namespace, x: Array) -> Array:
    """The indices that sort numbers >= 0 from the largest down along the last axis; `xp` is the library's module."""
    if is_torch(xp):
        if is_plain(xp) and x.is_cpu and x.dtype == xp.float32 and x.shape[-1] >= FEWEST:
            return _torch_by_counting(xp, x)
        return xp.sort(x, dim=-1, descending=True, stable=True)[1]
    if is_numpy(xp) and x.dtype == xp.float32 and x.shape[-1] >= FEWEST:
        return _numpy_by_counting(xp, x)
    if is_jax(xp):
        return _xla.descending(x)
    if is_numpy(xp):
        return xp.argsort(-x, axis=-1, stable=True)
    return xp.argsort(x, axis=-1, descending=True, stable=True)


def _torch_by_counting(xp: Namespace, x: Array) -> Array:
    """PyTorch counts only integers in one dimension, so row by row."""
    falling = ~(x + 0.0).contiguous().view(xp.int32) & 0x7FFFFFFF  # -0 becomes 0
    rows = falling.reshape(-1, x.shape[-1])
    order = xp.empty(rows.shape, dtype=xp.int64)
    for row, found in zip(rows, order):
        xp.sort(row, dim=-1, stable=True, out=(xp.empty_like(row), found))
    return order.reshape(x.shape)


def _numpy_by_counting(xp: Namespace, x: Array) -> Array:
    """NumPy counts integers of 16 bits, so twice: by the lower half, then by the upper one."""
    falling = ~(x + x.dtype.type(0)).view(xp.uint32)
    by_lower = xp.argsort(falling.astype(xp.uint16), axis=-1, stable=True)
    upper = (falling >> xp.uint32(16)).astype(xp.uint16)
    by_both = xp.argsort(xp.take_along_axis(upper, by_lower, axis=-1), axis=-1, stable=True)
    return xp.take_along_axis(by_lower, by_both, axis=-1)
