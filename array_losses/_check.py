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
    """Two arrays of boxes of one shape."""
    xp = boxes(pred, target)
    _equal_shapes(pred=pred, target=target)
    return xp


def matched(**arrays: Array) -> Namespace:
    """Two arrays of real numbers of one shape: a silent (N,) x (N, 1) is the classic loss bug."""
    xp = library(**arrays)
    real(xp, **arrays)
    _equal_shapes(**arrays)
    return xp


def _equal_shapes(**arrays: Array) -> None:
    (first, a), (second, b) = arrays.items()
    if a.shape != b.shape:
        raise ValueError(f"{first} and {second} must have equal shapes; got {tuple(a.shape)} and {tuple(b.shape)}")


def class_axis(axis: Any, **array: Array) -> int:
    """The axis of the classes, counted from 0."""
    ((name, x),) = array.items()
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise TypeError(f"axis must be an int; got {_kind(axis)}")
    if x.ndim == 0:
        raise ValueError(f"{name} must have at least one axis; got shape ()")
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis must be between {-x.ndim} and {x.ndim - 1}; got {axis}")
    return axis % int(x.ndim)


def rows_along(x: Array, axis: int) -> tuple[int, ...]:
    """The shape without one axis."""
    return tuple(x.shape[:axis]) + tuple(x.shape[axis + 1 :])


def class_indices(xp: Namespace, rows: tuple[int, ...], labels: Array) -> None:
    """One integer for each row."""
    if tuple(labels.shape) != rows:
        raise ValueError(f"labels must have shape {rows}; got {tuple(labels.shape)}")
    if not xp.isdtype(labels.dtype, "integral"):
        raise TypeError(f"labels of shape {rows} must have an integer dtype; got {labels.dtype}")


def index_or_none(ignore_index: Any) -> None:
    """The class index to ignore, if there is one."""
    if ignore_index is not None and (isinstance(ignore_index, bool) or not isinstance(ignore_index, int)):
        raise TypeError(f"ignore_index must be an int or None; got {_kind(ignore_index)}")


def soft_labels(xp: Namespace, logits: Array, rows: tuple[int, ...], labels: Array, ignore_index: Any) -> bool:
    """Whether the labels are class probabilities; class indices otherwise."""
    index_or_none(ignore_index)
    if labels.shape == logits.shape:
        real(xp, labels=labels)
        if ignore_index is not None:
            raise ValueError(f"ignore_index must be None unless labels are class indices; got {ignore_index}")
        return True
    if tuple(labels.shape) != rows:
        raise ValueError(
            f"labels must have shape {rows} (class indices) or {tuple(logits.shape)} (class probabilities); "
            f"got {tuple(labels.shape)}"
        )
    class_indices(xp, rows, labels)
    return False


def shaped(like: Array, shape: tuple[int, ...], **array: Array) -> None:
    """An array of real numbers of this shape, beside `like`, the first array of the call."""
    ((name, x),) = array.items()
    beside(like, **array)
    real(namespace(like), **array)
    if tuple(x.shape) != shape:
        raise ValueError(f"{name} must have shape {shape}; got {tuple(x.shape)}")


def reduction(
    xp: Namespace,
    like: Array,
    rows: tuple[int, ...],
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    reduction: str,
) -> None:
    """The four options that every loss shares; `like` is the first array of the call, `rows` the rows' shape."""
    one_of("reduction", reduction, REDUCTIONS)
    if weights is not None:
        like_rows(like, rows, weights=weights)
        real(xp, weights=weights)
    if where is not None:
        like_rows(like, rows, where=where)
        if not xp.isdtype(where.dtype, "bool"):
            raise TypeError(f"where must have a boolean dtype; got {where.dtype}")
    if normalizer is not None:
        if reduction != "mean":
            raise ValueError(f"normalizer must be None unless reduction is 'mean'; got reduction={reduction!r}")
        if not isinstance(normalizer, (int, float)):
            beside(like, normalizer=normalizer)
            real(xp, normalizer=normalizer)
            if tuple(normalizer.shape) != ():
                raise ValueError(f"normalizer must be a number or have shape (); got {tuple(normalizer.shape)}")


def beside(like: Array, **named: Array) -> None:
    """An array of the library of `like`, the first array of the call."""
    ((name, array),) = named.items()
    try:
        namespace(like, array)
    except TypeError:
        library(**named)
        raise TypeError(f"{name} must be an array of the library of {_kind(like)}; got {_kind(array)}") from None


def like_rows(like: Array, rows: tuple[int, ...], **named: Array) -> None:
    """An array that broadcasts to the rows."""
    ((name, array),) = named.items()
    beside(like, **named)
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


def positive(name: str, value: Any) -> float:
    """A finite Python number above 0, as a float."""
    if number(name, value) <= 0.0:
        raise ValueError(f"{name} must be greater than 0; got {value!r}")
    return float(value)


def gate(value: Any) -> float | None:
    """The IoU above which CIoU looks at the shape, or None for always."""
    return None if value is None else number("gate", value, 0.0, 1.0)
