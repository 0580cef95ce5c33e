"""Who may come into an assigner or a criterion: predictions of A anchors, and padded ground truths of G objects."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, Namespace


def ground_truth(
    xp: Namespace,
    leading: tuple[int, ...],
    boxes: Array,
    mask: Array,
    labels: Array | None = None,
    width: int = 4,
) -> int:
    """How many places there are for objects: boxes (..., G, 4), or of another width; mask and labels (..., G)."""
    _check.real(xp, boxes=boxes)
    if boxes.ndim != len(leading) + 2 or tuple(boxes.shape[:-2]) != leading or boxes.shape[-1] != width:
        raise ValueError(f"boxes must have shape {_words(leading, 'G', str(width))}; got {tuple(boxes.shape)}")
    rows = (*leading, int(boxes.shape[-2]))
    if tuple(mask.shape) != rows:
        raise ValueError(f"mask must have shape {rows}; got {tuple(mask.shape)}")
    if not xp.isdtype(mask.dtype, "bool"):
        raise TypeError(f"mask must have a boolean dtype; got {mask.dtype}")
    if labels is not None:
        _check.class_indices(xp, rows, labels)
    return rows[-1]


def predictions(scores: Array, pred_boxes: Array, labels: Array, boxes: Array, mask: Array, points: Array) -> Namespace:
    """Scores (..., A, C), boxes (..., A, 4), points (A, 2), and the ground truth."""
    xp = _check.library(scores=scores, pred_boxes=pred_boxes, labels=labels, boxes=boxes, mask=mask, points=points)
    _check.real(xp, scores=scores, pred_boxes=pred_boxes, points=points)
    if scores.ndim < 2:
        raise ValueError(f"scores must have shape (..., A, C); got {tuple(scores.shape)}")
    leading, anchors = tuple(scores.shape[:-2]), int(scores.shape[-2])
    if tuple(pred_boxes.shape) != (*leading, anchors, 4):
        raise ValueError(f"pred_boxes must have shape {(*leading, anchors, 4)}; got {tuple(pred_boxes.shape)}")
    if tuple(points.shape) != (anchors, 2):
        raise ValueError(f"points must have shape {(anchors, 2)}; got {tuple(points.shape)}")
    ground_truth(xp, leading, boxes, mask, labels)
    return xp


def _words(leading: tuple[int, ...], *own: str) -> str:
    return f"({', '.join([*map(str, leading), *own])})"


def head(xp: Namespace, box_logits: Array, class_logits: Array, num_bins: int, points: Array, strides: Array) -> int:
    """Logits (..., A, 4 bins) and (..., A, C), points (A, 2), strides (A,); the number of bins."""
    bins = _check.at_least_one("num_bins", num_bins)
    if bins < 2:
        raise ValueError(f"num_bins must be at least 2; got {bins}")
    _check.real(xp, box_logits=box_logits, class_logits=class_logits, anchors=points, strides=strides)
    if box_logits.ndim < 2 or box_logits.shape[-1] != 4 * bins:
        raise ValueError(f"box_logits must have shape (..., A, {4 * bins}); got {tuple(box_logits.shape)}")
    rows = tuple(box_logits.shape[:-1])
    if class_logits.ndim != box_logits.ndim or tuple(class_logits.shape[:-1]) != rows:
        raise ValueError(f"class_logits must have shape {_words(rows, 'C')}; got {tuple(class_logits.shape)}")
    if tuple(points.shape) != (rows[-1], 2):
        raise ValueError(f"anchors must have shape {(rows[-1], 2)}; got {tuple(points.shape)}")
    if tuple(strides.shape) != (rows[-1],):
        raise ValueError(f"strides must have shape {(rows[-1],)}; got {tuple(strides.shape)}")
    return bins


def one_number(like: Array, **numbers: Array | float | None) -> None:
    """Python numbers or 0-d arrays."""
    for name, number in numbers.items():
        if number is None or (isinstance(number, (int, float)) and not isinstance(number, bool)):
            continue
        _check.scalar(like, **{name: number})


def factors(name: str, value: Any, count: int) -> tuple[float, ...]:
    """This many Python numbers >= 0."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a tuple of {count} numbers; got {type(value).__name__}")
    if len(value) != count:
        raise ValueError(f"{name} must be {count} numbers; got {len(value)}")
    return tuple([_check.number(name, one, 0.0) for one in value])


def beside_objects(like: Array, rows: tuple[int, ...], own: tuple[str | int, ...], **array: Array) -> None:
    """An array (*rows, ...own), where a word stands for any length."""
    ((name, x),) = array.items()
    _check.beside(like, **array)
    shape = tuple(x.shape)
    fits = len(shape) == len(rows) + len(own) and shape[: len(rows)] == rows
    for asked, found in zip(own, shape[len(rows) :]):
        fits = fits and (isinstance(asked, str) or asked == found)
    if not fits:
        raise ValueError(f"{name} must have shape {_words(rows, *map(str, own))}; got {shape}")
