"""Rows in blocks: each row stands alone, so a long computation can run in pieces that fit the processor's cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from ._array import Array, DType, Namespace, is_torch, total_of

# Numbers a block, measured for boxes (1 000 000 rows of four) and logits (5 million). PyTorch's threads share each
# operation and need longer ones; Python threads over NumPy's blocks only waited for each other.
NUMPY_BLOCK = 262_144
TORCH_BLOCK = 262_144
# Twice as many single numbers took four times as long in a process without large arrays before: the C library gave the
# memory of temporaries back, and got it anew, page by page.
NUMPY_ROWS = 131_072

RowFunction = Callable[[Sequence[Array]], tuple[Array, list[Array | None]]]


def in_blocks(
    xp: Namespace,
    function: RowFunction,
    arrays: Sequence[Array],
    shape: tuple[int, ...],
    dtype: DType,
    summed: bool = False,
) -> tuple[Array, list[Array | None]]:
    """`function(arrays)`, block by block where the rows' common `shape` is larger than a block; NumPy and PyTorch only.

    `function` maps arrays whose leading axes broadcast to one number a row and any more arrays with these leading axes,
    or None for them, all of `dtype`. Where they are `summed`, the sum of these numbers is returned in their place.
    """
    if fits_a_block(xp, arrays, shape):
        value, others = function(arrays)
        return (total_of(xp, value) if summed else value), others
    rows = _rows_a_block(xp, arrays, shape)
    value = xp.empty(() if summed else shape, dtype=dtype, device="cpu")
    sums: list[Array] = []
    others = []
    for block in _split(shape, rows):
        numbers, pieces = function([x[_fit(block, x.shape)] for x in arrays])
        if summed:
            sums.append(total_of(xp, numbers))
        else:
            value[block] = numbers
        others = others or [
            None if piece is None else xp.empty((*shape, *piece.shape[len(shape) :]), dtype=dtype, device="cpu")
            for piece in pieces
        ]
        for whole, piece in zip(others, pieces):
            if whole is not None:
                whole[block] = piece
    return (total_of(xp, xp.stack(sums)) if summed else value), others


def fits_a_block(xp: Namespace, arrays: Sequence[Array], shape: tuple[int, ...]) -> bool:
    """Whether `in_blocks` would take these in one piece."""
    rows = _rows_a_block(xp, arrays, shape)
    return math.prod(shape) <= rows + rows // 2


def _rows_a_block(xp: Namespace, arrays: Sequence[Array], shape: tuple[int, ...]) -> int:
    width = 1
    for x in arrays:
        if x.ndim > len(shape):
            width = max(width, math.prod(x.shape[len(shape) :]))
    return max(1, TORCH_BLOCK // width if is_torch(xp) else min(NUMPY_BLOCK // width, NUMPY_ROWS))


def _split(shape: tuple[int, ...], rows: int) -> Iterator[tuple[slice, ...]]:
    """Slices of the leading axes that cover `shape` in pieces of about `rows` elements, or fewer."""
    if not shape:
        yield ()
        return
    inner = math.prod(shape[1:])
    step = max(1, rows // max(1, inner))
    for start in range(0, shape[0], step):
        here = slice(start, min(start + step, shape[0]))
        if inner <= rows:
            yield (here, *(slice(None) for _ in shape[1:]))
        else:
            for rest in _split(shape[1:], rows):
                yield (here, *rest)


def _fit(block: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The block's part of an array whose axes of length 1 are broadcast."""
    return tuple([here if length > 1 else slice(None) for here, length in zip(block, shape)])
