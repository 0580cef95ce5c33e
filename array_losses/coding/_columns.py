"""What formats and codings share: the dtype they return, and one axis of boxes known by any two of its numbers."""

from __future__ import annotations

from .._array import Array, DType, Namespace, astype, computing_dtype, is_float16, is_tape, raw
from .._layout import to_rows
from ..autodiff import widened

LARGEST_FLOAT16 = 65504.0

Extent = dict[str, Array]
"""Of "low", "high", "center" and "side" along one axis those that are known: both edges, or the side and another."""


def prepared(xp: Namespace, *arrays: Array) -> tuple[DType, list[Array]]:
    """The dtype to return, the widest that was given, and the arrays in that of the computation."""
    floating = [x.dtype for x in arrays if xp.isdtype(x.dtype, "real floating")]
    dtype = computing_dtype(xp, *arrays)
    return xp.result_type(*floating) if floating else dtype, [widened(x, dtype) for x in lifted(xp, *arrays)]


def lifted(xp: Namespace, *arrays: Array) -> list[Array]:
    """The arrays, all of them on the tape if one is: array-api-strict subtracts from its own arrays nothing else."""
    return [xp.lift(x) for x in arrays] if is_tape(xp) else list(arrays)


def narrowed(xp: Namespace, x: Array, dtype: DType) -> Array:
    """The result in the dtype to return; what is too large for float16 becomes its largest number."""
    if is_float16(xp, dtype) and x.dtype != dtype:
        x = xp.clip(x, -LARGEST_FLOAT16, LARGEST_FLOAT16)
    return astype(xp, x, dtype)


def side_by_side(xp: Namespace, *columns: Array) -> Array:
    """Columns as the last axis of one array; their shapes broadcast."""
    shape = columns[0].shape
    alike = [column.shape for column in columns] == [shape] * len(columns)
    return to_rows(xp, columns if alike else xp.broadcast_arrays(*columns))


def part(extent: Extent, name: str) -> Array:
    """One of the four numbers; those that are known stay as they are, to the last bit."""
    if name in extent:
        return extent[name]
    low, high = extent.get("low"), extent.get("high")
    if name == "side":
        return high - low  # type: ignore[operator]
    if name == "center":
        return 0.5 * low + 0.5 * high if high is not None else low + 0.5 * extent["side"]  # type: ignore[operator]
    if name == "low":
        return extent["center"] - 0.5 * extent["side"]
    return extent["center"] + 0.5 * extent["side"] if low is None else low + extent["side"]


def closed(xp: Namespace, boxes: Array) -> list[Extent]:
    """Both axes of boxes xyxy; an inverted box is the empty one where its first edge is."""
    low_x, low_y, high_x, high_y = [boxes[..., i] for i in range(4)]
    return [
        {"low": low_x, "high": xp.maximum(low_x, high_x)},
        {"low": low_y, "high": xp.maximum(low_y, high_y)},
    ]


def absolute(xp: Namespace, x: Array) -> Array:
    """|x| with slope 0 at 0, in every library."""
    return x * raw(xp).sign(x)
