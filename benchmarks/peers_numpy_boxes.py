"""The plain formula of box losses as a contestant in NumPy: whole arrays, and the chain rule worked backwards by hand.

Predictions are (x1, y1, x2, y2) and targets (u1, v1, u2, v2), each a column. The columns are copied to lie
densely in memory first: that is the faster of the two obvious spellings.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .backends import Function

Array = NDArray[np.float32]


def functions() -> dict[str, Function]:
    return {
        "ciou": ciou,
        "giou": giou,
        "ciou and gradient": ciou_and_gradient,
        "giou and gradient": giou_and_gradient,
        "iou table": iou_table,
        "giou table": giou_table,
    }


class Overlap(NamedTuple):
    width: Any
    height: Any
    inter: Any
    union: Any


class Hull(NamedTuple):
    width: Any
    height: Any


class Distance(NamedTuple):
    dx: Any
    dy: Any
    diagonal: Any
    ratio: Any


class Shape(NamedTuple):
    angle: Any
    v: Any
    alpha: Any


def giou(pred: Array, target: Array) -> Any:
    pred, target = _columns(pred), _columns(target)
    overlap = _overlap(pred, target)
    hull_width, hull_height = _hull(pred, target)
    hull = hull_width * hull_height
    return np.sum(1 - overlap.inter / overlap.union + (hull - overlap.union) / hull)


def ciou(pred: Array, target: Array) -> Any:
    pred, target = _columns(pred), _columns(target)
    overlap = _overlap(pred, target)
    distance = _distance(pred, target, _hull(pred, target))
    iou = overlap.inter / overlap.union
    shape = _shape(pred, target, iou)
    return np.sum(1 - iou + distance.ratio + shape.alpha * shape.v)


def giou_and_gradient(pred: Array, target: Array) -> tuple[Any, Array]:
    pred, target = _columns(pred), _columns(target)
    overlap = _overlap(pred, target)
    hull_width, hull_height = _hull(pred, target)
    hull = hull_width * hull_height
    iou = overlap.inter / overlap.union
    value = np.sum(1 - iou + (hull - overlap.union) / hull)

    union_slope = iou / overlap.union - 1 / hull
    hull_slope = overlap.union / hull**2
    gradient = _overlap_slopes(pred, target, overlap, -1 / overlap.union, union_slope)
    gradient += _hull_slopes(pred, target, hull_slope * hull_height, hull_slope * hull_width)
    return value, gradient.T


def ciou_and_gradient(pred: Array, target: Array) -> tuple[Any, Array]:
    pred, target = _columns(pred), _columns(target)
    overlap = _overlap(pred, target)
    hull = _hull(pred, target)
    distance = _distance(pred, target, hull)
    iou = overlap.inter / overlap.union
    shape = _shape(pred, target, iou)
    value = np.sum(1 - iou + distance.ratio + shape.alpha * shape.v)

    gradient = _overlap_slopes(pred, target, overlap, -1 / overlap.union, iou / overlap.union)
    diagonal_slope = -2 * distance.ratio / distance.diagonal
    gradient += _hull_slopes(pred, target, diagonal_slope * hull.width, diagonal_slope * hull.height)
    centre_x, centre_y = distance.dx / distance.diagonal, distance.dy / distance.diagonal
    gradient += np.stack((centre_x, centre_y, centre_x, centre_y))
    x1, y1, x2, y2 = pred
    width, height = x2 - x1, y2 - y1
    angle_slope = 8 / math.pi**2 * shape.alpha * shape.angle / (width**2 + height**2)
    by_width, by_height = -angle_slope * height, angle_slope * width
    gradient += np.stack((-by_width, -by_height, by_width, by_height))
    return value, gradient.T


def iou_table(boxes: Array, others: Array) -> Any:
    overlap = _overlap(_columns(boxes)[:, :, None], _columns(others)[:, None, :])
    return overlap.inter / overlap.union


def giou_table(boxes: Array, others: Array) -> Any:
    pred, target = _columns(boxes)[:, :, None], _columns(others)[:, None, :]
    overlap = _overlap(pred, target)
    hull_width, hull_height = _hull(pred, target)
    hull = hull_width * hull_height
    return overlap.inter / overlap.union - (hull - overlap.union) / hull


def _columns(boxes: Array) -> Array:
    return np.ascontiguousarray(boxes.T)


def _overlap(pred: Array, target: Array) -> Overlap:
    x1, y1, x2, y2 = pred
    u1, v1, u2, v2 = target
    width = np.maximum(np.minimum(x2, u2) - np.maximum(x1, u1), 0)
    height = np.maximum(np.minimum(y2, v2) - np.maximum(y1, v1), 0)
    inter = width * height
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - inter
    return Overlap(width, height, inter, union)


def _hull(pred: Array, target: Array) -> Hull:
    x1, y1, x2, y2 = pred
    u1, v1, u2, v2 = target
    return Hull(np.maximum(x2, u2) - np.minimum(x1, u1), np.maximum(y2, v2) - np.minimum(y1, v1))


def _distance(pred: Array, target: Array, hull: Hull) -> Distance:
    x1, y1, x2, y2 = pred
    u1, v1, u2, v2 = target
    dx, dy = (x1 + x2 - u1 - u2) / 2, (y1 + y2 - v1 - v2) / 2
    diagonal = hull.width**2 + hull.height**2
    return Distance(dx, dy, diagonal, (dx**2 + dy**2) / diagonal)


def _shape(pred: Array, target: Array, iou: Array) -> Shape:
    x1, y1, x2, y2 = pred
    u1, v1, u2, v2 = target
    angle = np.arctan((u2 - u1) / (v2 - v1)) - np.arctan((x2 - x1) / (y2 - y1))
    v = 4 / math.pi**2 * angle**2
    return Shape(angle, v, v / (1 - iou + v))


def _overlap_slopes(pred: Array, target: Array, overlap: Overlap, by_inter: Array, by_union: Array) -> Any:
    """Slopes in the corners, from those in the intersection and in the union, which contains the former."""
    x1, y1, x2, y2 = pred
    u1, v1, u2, v2 = target
    by_inter = by_inter - by_union
    inter_width = np.where(overlap.width > 0, by_inter * overlap.height, 0)
    inter_height = np.where(overlap.height > 0, by_inter * overlap.width, 0)
    width, height = by_union * (y2 - y1), by_union * (x2 - x1)
    return np.stack(
        (
            -np.where(x1 > u1, inter_width, 0) - width,
            -np.where(y1 > v1, inter_height, 0) - height,
            np.where(x2 < u2, inter_width, 0) + width,
            np.where(y2 < v2, inter_height, 0) + height,
        )
    )


def _hull_slopes(pred: Array, target: Array, by_width: Array, by_height: Array) -> Any:
    x1, y1, x2, y2 = pred
    u1, v1, u2, v2 = target
    return np.stack(
        (
            -np.where(x1 < u1, by_width, 0),
            -np.where(y1 < v1, by_height, 0),
            np.where(x2 > u2, by_width, 0),
            np.where(y2 > v2, by_height, 0),
        )
    )
