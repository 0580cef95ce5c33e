"""House rules at the door: shapes, dtypes, options and libraries are checked here, values never."""

from __future__ import annotations

import math
from typing import Any

from ._array import Array, Namespace, broadcast_shape, isdtype, namespace

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
        if not (dtype == xp.float32 or isdtype(xp, dtype, ("real floating", "integral"))):
            raise TypeError(f"{name} must have a real dtype; got {dtype}")


def boxes(pred: Array, target: Array, width: int = 4) -> Namespace:
    """Two arrays of boxes, each of so many numbers, whose leading axes broadcast."""
    xp = library(pred=pred, target=target)
    if _ordinary(xp, pred, target) and pred.shape[-1:] == (width,):
        return xp
    for name, array in (("pred", pred), ("target", target)):
        if array.ndim < 1 or array.shape[-1] != width:
            raise ValueError(f"{name} must have shape (..., {width}); got {tuple(array.shape)}")
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


def matched_boxes(pred: Array, target: Array, width: int = 4) -> Namespace:
    """Two arrays of boxes of one shape."""
    xp = boxes(pred, target, width)
    if pred.shape != target.shape:
        _equal_shapes(pred=pred, target=target)
    return xp


def matched(**arrays: Array) -> Namespace:
    """Two arrays of real numbers of one shape: a silent (N,) x (N, 1) is the classic loss bug."""
    xp = library(**arrays)
    if not _ordinary(xp, *arrays.values()):
        real(xp, **arrays)
        _equal_shapes(**arrays)
    return xp


def _ordinary(xp: Namespace, a: Array, b: Array) -> bool:
    """Whether two arrays are what nearly all are, of which nothing more has to be asked: float32, and of one shape."""
    return bool(a.dtype == b.dtype == xp.float32 and a.shape == b.shape)


def _equal_shapes(**arrays: Array) -> None:
    a, b = arrays.values()
    if a.shape != b.shape:
        first, second = arrays
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
    if not isdtype(namespace(like), mask.dtype, "bool"):
        raise TypeError(f"mask must have a boolean dtype; got {mask.dtype}")


def covered(probs: Array, targets: Array, first: str = "probs") -> Namespace:
    """A prediction, and a target of its shape that may be boolean."""
    named = {first: probs}
    xp = library(**named, targets=targets)
    real(xp, **named)
    if not isdtype(xp, targets.dtype, ("real floating", "integral", "bool")):
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
    if not isdtype(xp, labels.dtype, "integral"):
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
        if not isdtype(xp, where.dtype, "bool"):
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
    if not (low <= value <= high and -math.inf < value < math.inf):  # torch.compile cannot trace math.isfinite
        bounds = f"at least {low:g}" if high == math.inf else f"between {low:g} and {high:g}"
        raise ValueError(f"{name} must be {'finite' if low == -math.inf else bounds}; got {value!r}")
    return float(value)


def positive(name: str, value: Any) -> float:
    """A finite Python number above 0, as a float."""
    if number(name, value) <= 0.0:
        raise ValueError(f"{name} must be greater than 0; got {value!r}")
    return float(value)


def interval(low: Any, high: Any) -> tuple[float, float]:
    """0 <= low < high <= 1."""
    low, high = number("low", low, 0.0, 1.0), number("high", high, 0.0, 1.0)
    if low >= high:
        raise ValueError(f"high must be greater than low; got {high:g} and {low:g}")
    return low, high


def version(value: Any, known: tuple[int, ...]) -> None:
    if isinstance(value, bool) or value not in known:
        raise ValueError(f"version must be one of {', '.join(map(str, known))}; got {value!r}")


def size(name: str, value: Any) -> tuple[float, float]:
    """Height and width, two numbers above 0."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{name} must be (height, width); got {value!r}")
    return positive(name, value[0]), positive(name, value[1])


def scalar(like: Array, **array: Array) -> None:
    """One real number in an array of the same library."""
    ((name, x),) = array.items()
    beside(like, **array)
    if tuple(x.shape) != ():
        raise ValueError(f"{name} must have shape (); got {tuple(x.shape)}")
    real(namespace(x), **array)


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
    if not isdtype(xp, flags.dtype, "bool"):
        raise TypeError(f"{second} must have a boolean dtype; got {flags.dtype}")
    _equal_shapes(**arrays)
    return xp


# Formats, keypoints, suppression --------------------------------------------------------------------------------------


def ending(own: tuple[int, ...], **array: Array) -> Namespace:
    """An array of real numbers whose last axes are as long as this."""
    ((name, x),) = array.items()
    xp = library(**array)
    if tuple(x.shape[-len(own) :]) != own:
        lengths = ", ".join([str(length) for length in own])
        raise ValueError(f"{name} must have shape (..., {lengths}); got {tuple(x.shape)}")
    real(xp, **array)
    return xp


def leading(own: tuple[int, ...], **arrays: Array) -> tuple[int, ...]:
    """What the leading axes of some arrays broadcast to, each array having this many last axes of its own."""
    shapes = [tuple(x.shape) for x in arrays.values()]
    try:
        return broadcast_shape(*[shape[: len(shape) - count] for shape, count in zip(shapes, own)])
    except ValueError:
        found = " and ".join([str(shape) for shape in shapes])
        raise ValueError(f"{' and '.join(arrays)} must have leading shapes that broadcast; got {found}") from None


def image_size(like: Array, own: int, value: Any) -> Any:
    """Two positive numbers (height, width), or an array (..., 2) beside boxes with this many last axes of their own."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError(f"image_size must be (height, width); got {len(value)} numbers")
        return tuple([positive("image_size", number) for number in value])
    if not hasattr(value, "shape"):
        raise TypeError(f"image_size must be (height, width) or an array of shape (..., 2); got {_kind(value)}")
    beside(like, image_size=value)
    ending((2,), image_size=value)
    leading((own, 1), boxes=like, image_size=value)
    return value


def numbers(name: str, value: Any, count: int) -> tuple[float, ...]:
    """This many positive Python numbers."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a tuple of {count} numbers; got {_kind(value)}")
    if len(value) != count:
        raise ValueError(f"{name} must be {count} numbers; got {len(value)}")
    return tuple([positive(name, one) for one in value])


def flags(own: int, **array: Array) -> Namespace:
    """An array of booleans with at least this many axes."""
    ((name, x),) = array.items()
    xp = library(**array)
    if x.ndim < own:
        axes = ", ".join(["H", "W"][:own])
        raise ValueError(f"{name} must have shape (..., {axes}); got {tuple(x.shape)}")
    if not isdtype(xp, x.dtype, "bool"):
        raise TypeError(f"{name} must have a boolean dtype; got {x.dtype}")
    return xp


def scored_boxes(boxes: Array, scores: Array, labels: Array | None) -> Namespace:
    """Boxes (..., N, 4), a score for each, and a label for each if there are any."""
    xp = library(boxes=boxes, scores=scores)
    if boxes.ndim < 2 or boxes.shape[-1] != 4:
        raise ValueError(f"boxes must have shape (..., N, 4); got {tuple(boxes.shape)}")
    real(xp, boxes=boxes, scores=scores)
    shape = tuple(boxes.shape[:-1])
    if tuple(scores.shape) != shape:
        raise ValueError(f"scores must have shape {shape}; got {tuple(scores.shape)}")
    if labels is not None:
        beside(boxes, labels=labels)
        class_indices(xp, shape, labels)
    return xp


def at_least_one(name: str, value: Any) -> int:
    """A positive Python integer."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int; got {_kind(value)}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1; got {value}")
    return value


def keypoints(pred: Array, target: Array, area: Array, visible: Array | None, sigmas: Any) -> Namespace:
    """Keypoints (..., K, 2), an area for each set, and for each keypoint whether it counts and how far it spreads."""
    xp = library(pred=pred, target=target, area=area)
    for name, x in (("pred", pred), ("target", target)):
        if x.ndim < 2 or x.shape[-1] != 2:
            raise ValueError(f"{name} must have shape (..., K, 2); got {tuple(x.shape)}")
    real(xp, pred=pred, target=target, area=area)
    if pred.shape[-2] != target.shape[-2]:
        raise ValueError(
            f"pred and target must have as many keypoints; got {tuple(pred.shape)} and {tuple(target.shape)}"
        )
    count = int(pred.shape[-2])
    own: tuple[int, ...] = (2, 2, 0)
    arrays = {"pred": pred, "target": target, "area": area}
    if visible is not None:
        beside(pred, visible=visible)
        if not isdtype(xp, visible.dtype, "bool"):
            raise TypeError(f"visible must have a boolean dtype; got {visible.dtype}")
        if visible.ndim < 1 or visible.shape[-1] != count:
            raise ValueError(f"visible must have shape (..., {count}); got {tuple(visible.shape)}")
        own, arrays = (*own, 1), arrays | {"visible": visible}
    leading(own, **arrays)
    if hasattr(sigmas, "shape"):
        shaped(pred, (count,), sigmas=sigmas)
    else:
        numbers("sigmas", sigmas, count)
    return xp
