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


def class_axis_or_none(axis: Any, **array: Array) -> int | None:
    """The axis of the classes, counted from 0, if there is one."""
    if axis is not None and (isinstance(axis, bool) or not isinstance(axis, int)):
        raise TypeError(f"axis must be an int or None; got {_kind(axis)}")
    return None if axis is None else class_axis(axis, **array)


def batch_axes(value: Any, axis: int | None, **array: Array) -> tuple[int, ...]:
    """The axes that stay apart, counted from 0 and in order; none of them is `axis`, that of the classes."""
    ((_, x),) = array.items()
    axes = value if isinstance(value, tuple) else (value,)
    for one in axes:
        if isinstance(one, bool) or not isinstance(one, int):
            raise TypeError(f"batch_axes must be an int or a tuple of ints; got {_kind(value)}")
    for one in axes:
        if not -x.ndim <= one < x.ndim:
            raise ValueError(f"batch_axes must be between {-x.ndim} and {x.ndim - 1}; got {value}")
    found = sorted([one % int(x.ndim) for one in axes])
    if len(set(found)) != len(found):
        raise ValueError(f"batch_axes must not repeat an axis; got {value}")
    if axis in found:
        raise ValueError(f"batch_axes must not contain axis {axis}, the class axis; got {value}")
    return tuple(found)


def mask(like: Array, shape: tuple[int, ...], mask: Array) -> None:
    """A boolean for each pixel; `like` is the first array of the call."""
    beside(like, mask=mask)
    if tuple(mask.shape) != shape:
        raise ValueError(f"mask must have shape {shape}; got {tuple(mask.shape)}")
    if not namespace(like).isdtype(mask.dtype, "bool"):
        raise TypeError(f"mask must have a boolean dtype; got {mask.dtype}")


def covered(probs: Array, targets: Array, first: str = "probs") -> Namespace:
    """A prediction, and a target of its shape that may be boolean."""
    named = {first: probs}
    xp = library(**named, targets=targets)
    real(xp, **named)
    if not xp.isdtype(targets.dtype, ("real floating", "integral", "bool")):
        raise TypeError(f"targets must have a real or boolean dtype; got {targets.dtype}")
    _equal_shapes(**named, targets=targets)
    return xp


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


def embeddings(**arrays: Array) -> Namespace:
    """Vectors of real numbers, many at a time: the last two axes of the first array, and labels or more vectors."""
    xp = library(**arrays)
    name, first = next(iter(arrays.items()))
    if first.ndim < 2:
        raise ValueError(f"{name} must have shape (..., N, D); got {tuple(first.shape)}")
    real(xp, **{name: first})
    return xp


def vectors(like: Array, count: str, shared: bool = True, **array: Array) -> None:
    """Vectors as long as those of `like`, the first array of the call: one set for all, or one for each of its sets."""
    ((name, x),) = array.items()
    beside(like, **array)
    real(namespace(like), **array)
    leading = tuple(x.shape[:-2])
    fits = x.ndim > 1 and x.shape[-1] == like.shape[-1] and leading in ((), tuple(like.shape[:-2]) if shared else ())
    if not fits:
        raise ValueError(f"{name} must have shape ({count}, {like.shape[-1]}); got {tuple(x.shape)}")


def square(**tables: Array) -> Namespace:
    """A square table of real numbers: the last two axes of the first array."""
    xp = library(**tables)
    name, first = next(iter(tables.items()))
    if first.ndim < 2 or first.shape[-1] != first.shape[-2]:
        raise ValueError(f"{name} must have shape (..., N, N); got {tuple(first.shape)}")
    real(xp, **{name: first})
    return xp


def alike(**arrays: Array) -> Namespace:
    """Real numbers in several arrays of one shape."""
    xp = library(**arrays)
    real(xp, **arrays)
    *names, last = arrays
    *shapes, shape = [str(tuple(x.shape)) for x in arrays.values()]
    if any(other != shape for other in shapes):
        raise ValueError(f"{', '.join(names)} and {last} must have equal shapes; got {', '.join(shapes)} and {shape}")
    return xp


def margin_or_none(value: Any) -> float | None:
    """A margin, or None for a soft one."""
    return None if value is None else number("margin", value, 0.0)


def flagged(**arrays: Array) -> Namespace:
    """Real numbers, and a truth value for each."""
    xp = library(**arrays)
    (first, x), (second, flags) = arrays.items()
    real(xp, **{first: x})
    if not xp.isdtype(flags.dtype, "bool"):
        raise TypeError(f"{second} must have a boolean dtype; got {flags.dtype}")
    _equal_shapes(**arrays)
    return xp
