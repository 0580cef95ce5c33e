"""House rules at the door: shapes, dtypes, options and libraries are checked here, values never."""

from __future__ import annotations

import math
from typing import Any

from ._array import Array, Namespace, broadcast_shape, namespace

REDUCTIONS = ("none", "mean", "sum")


def library(**arrays: Array) -> Namespace:
    """The library that the named arguments share."""
    try:
        return namespace(*arrays.values())
    except TypeError:
        pass
    for name, array in arrays.items():
        try:
            namespace(array)
        except TypeError:
            raise TypeError(
                f"{name} must be an array of an Array API library (NumPy, PyTorch, JAX, CuPy ...); got {_kind(array)}"
            ) from None
    found = ", ".join(f"{name} is {_kind(array)}" for name, array in arrays.items())
    raise TypeError(f"{' and '.join(arrays)} must be arrays of one library; {found}")


def _kind(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def real(xp: Namespace, **arrays: Array) -> None:
    """Real numbers: floating point of any width, or integers."""
    for name, array in arrays.items():
        dtype = array.dtype
        if dtype != xp.float32 and not xp.isdtype(dtype, ("real floating", "integral")):
            raise TypeError(f"{name} must have a real dtype; got {dtype}")


def boxes(pred: Array, target: Array) -> Namespace:
    """Two arrays of boxes whose leading axes broadcast."""
    xp = library(pred=pred, target=target)
    for name, array in (("pred", pred), ("target", target)):
        if array.ndim < 1 or array.shape[-1] != 4:
            raise ValueError(f"{name} must have shape (..., 4); got {tuple(array.shape)}")
    real(xp, pred=pred, target=target)
    if pred.shape != target.shape:
        try:
            broadcast_shape(pred.shape, target.shape)
        except ValueError:
            raise ValueError(
                "pred and target must have leading shapes that broadcast; "
                f"got {tuple(pred.shape)} and {tuple(target.shape)}"
            ) from None
    return xp


def matched_boxes(pred: Array, target: Array) -> Namespace:
    """Two arrays of boxes of one shape: a silent (N,) x (N, 1) is the classic loss bug."""
    xp = boxes(pred, target)
    if pred.shape != target.shape:
        raise ValueError(f"pred and target must have equal shapes; got {tuple(pred.shape)} and {tuple(target.shape)}")
    return xp


def reduction(
    xp: Namespace,
    pred: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    reduction: str,
) -> None:
    """The four options that every loss shares, for the rows of `pred`."""
    one_of("reduction", reduction, REDUCTIONS)
    if weights is not None:
        _like_rows(pred, weights=weights)
        real(xp, weights=weights)
    if where is not None:
        _like_rows(pred, where=where)
        if not xp.isdtype(where.dtype, "bool"):
            raise TypeError(f"where must have a boolean dtype; got {where.dtype}")
    if normalizer is not None:
        if reduction != "mean":
            raise ValueError(f"normalizer must be None unless reduction is 'mean'; got reduction={reduction!r}")
        if not isinstance(normalizer, (int, float)):
            library(pred=pred, normalizer=normalizer)
            real(xp, normalizer=normalizer)
            if tuple(normalizer.shape) != ():
                raise ValueError(f"normalizer must be a number or have shape (); got {tuple(normalizer.shape)}")


def _like_rows(pred: Array, **named: Array) -> None:
    ((name, array),) = named.items()
    library(pred=pred, **named)
    rows = tuple(pred.shape[:-1])
    try:
        fits = broadcast_shape(array.shape, rows) == rows
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name} must broadcast to the rows' shape {rows}; got {tuple(array.shape)}")


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}; got {value!r}")


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite Python number in [low, high], as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a Python number; got {_kind(value)}")
    if not (low <= value <= high and math.isfinite(value)):
        bounds = f"at least {low:g}" if high == math.inf else f"between {low:g} and {high:g}"
        raise ValueError(f"{name} must be {'finite' if low == -math.inf else bounds}; got {value!r}")
    return float(value)


def gate(value: Any) -> float | None:
    """The IoU above which CIoU looks at the shape, or None for always."""
    return None if value is None else number("gate", value, 0.0, 1.0)
