"""Rows in blocks: each row stands alone, so a long computation can run in pieces that fit the processor's cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from ._array import Array, Namespace, empty, is_torch

# Rows a block. Measured for the boxes' kernel with slopes on 1 000 000 rows and on a 10 000 x 1 000 table;
# flat from half to twice this.
NUMPY_ROWS = 16_384
TORCH_ROWS = 65_536

RowFunction = Callable[[Sequence[Array]], tuple[Array, list[Array | None]]]


def in_blocks(
    xp: Namespace, function: RowFunction, arrays: Sequence[Array], shape: tuple[int, ...]
) -> tuple[Array, list[Array | None]]:
    """`function(arrays)`, block by block where `shape`, the rows' common shape, is larger than a block.

    `function` maps arrays whose leading axes broadcast to the rows' shape to one number a row and slopes of
    shape `(*rows, columns)`.
    """
    rows = TORCH_ROWS if is_torch(xp) else NUMPY_ROWS
    if math.prod(shape) <= rows + rows // 2:
        return function(arrays)
    value: Array = None
    slopes: list[Array | None] = []
    for block in _split(shape, rows):
        part, part_slopes = function([x[_fit(block, x.shape)] for x in arrays])
        if value is None:
            value = empty(xp, shape, part)
            slopes = [None if s is None else empty(xp, (*shape, *s.shape[len(shape) :]), s) for s in part_slopes]
        value[block] = part
        for whole, piece in zip(slopes, part_slopes):
            if whole is not None:
                whole[block] = piece
    return value, slopes


def _split(shape: tuple[int, ...], rows: int) -> Iterator[tuple[slice, ...]]:
    """Slices of the leading axes that cover `shape` in pieces of at most `rows` elements."""
    if not shape:
        yield ()
        return
    inner = math.prod(shape[1:])
    step = max(1, rows // max(1, inner))
    for start in range(0, shape[0], step):
        here = slice(start, min(start + step, shape[0]))
        if inner <= rows:
            yield (here,) + (slice(None),) * (len(shape) - 1)
        else:
            for rest in _split(shape[1:], rows):
                yield (here, *rest)


def _fit(block: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The block's part of an array whose axes of length 1 are broadcast."""
    return tuple(here if length > 1 else slice(None) for here, length in zip(block, shape))
