"""How rows and columns lie in memory, and the cheapest way of each library to move between them.

The columns of rows `(..., k)` are the array `(k, ...)`, contiguous: arithmetic on one column then runs over neighbours
in memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from ._array import Array, Namespace, is_fused, is_jax, is_numpy, is_torch, raw


def to_columns(xp: Namespace, rows: Array) -> Array:
    """The last axis brought to the front, contiguous."""
    if is_numpy(xp):
        return raw(xp).ascontiguousarray(rows.transpose(rows.ndim - 1, *range(rows.ndim - 1)))
    if not is_torch(xp):
        return xp.stack([rows[..., i] for i in range(rows.shape[-1])])
    # From 3 600 elements on, PyTorch transposes in blocks of 60 x 60, which takes 2.5 times as long as copying
    # column by column when there are only a few columns.
    return raw(xp).stack(rows.unbind(-1)) if rows.numel() >= 3600 else rows.movedim(-1, 0).contiguous()


def column_list(xp: Namespace, rows: Array) -> list[Array]:
    """The columns one by one, for a compiler to fuse with what follows."""
    if is_torch(xp) and rows.is_cpu:
        # TorchInductor leaves a loop over interleaved columns scalar, which takes more than twice as long. as_strided
        # makes it lay them out first; it would fuse any plain copy away again.
        columns = xp.stack(rows.unbind(-1))
        return list(xp.as_strided(columns, columns.shape, columns.stride()).unbind(0))
    return [rows[..., i] for i in range(rows.shape[-1])]


def each_column(xp: Namespace, rows: Array) -> list[Array]:
    """The columns one by one, however the library likes them best."""
    if is_fused(xp):
        return column_list(xp, rows)
    columns = to_columns(xp, rows)
    return [columns[i, ...] for i in range(rows.shape[-1])]


def to_rows(xp: Namespace, columns: Sequence[Array]) -> Array:
    """The columns side by side in a new last axis."""
    if is_jax(xp):
        # XLA computes a choice between columns in one loop, but the columns of a stack one by one.
        lane = xp.arange(len(columns))
        rows = xp.broadcast_to(columns[0][..., None], (*columns[0].shape, len(columns)))
        for i, column in enumerate(columns):
            rows = xp.where(lane == i, column[..., None], rows)
        return rows
    if not is_numpy(xp):
        return xp.stack(tuple(columns), axis=-1)
    rows = raw(xp).empty((*columns[0].shape, len(columns)), dtype=columns[0].dtype)
    for i, column in enumerate(columns):
        rows[..., i] = column
    return rows


def stacked(xp: Namespace, x: Array, y: Array) -> Array:
    """Two arrays of one shape in a new first axis."""
    return raw(xp).asarray((x, y)) if is_numpy(xp) else xp.stack((x, y))


def unstacked(xp: Namespace, pair: Array) -> tuple[Array, Array]:
    """The opposite of `stacked`."""
    x, y = pair.unbind(0) if is_torch(xp) else (pair[0, ...], pair[1, ...])
    return x, y


def halves(xp: Namespace, columns: Array) -> tuple[Array, Array]:
    """The first and the second half of the columns."""
    middle = columns.shape[0] // 2
    first, second = columns.split(middle) if is_torch(xp) else (columns[:middle, ...], columns[middle:, ...])
    return first, second
