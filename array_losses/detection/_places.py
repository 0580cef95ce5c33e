"""What assigners share: arrays without gradients, where points lie in objects, and the assignment without objects."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, DType, Namespace, astype, computing_dtype, namespace, to_index
from .._numerics import device_of
from ..autodiff import constant
from . import _check_scene
from .assignment import Assignment, first_largest


def constants(*arrays: Array) -> tuple[Namespace, DType, list[Array]]:
    """The arrays without gradients and in one dtype, at least float32."""
    plain = [constant(x) for x in arrays]
    xp = namespace(*plain)
    dtype = computing_dtype(xp, *plain)
    return xp, dtype, [astype(xp, x, dtype) for x in plain]


def scene(xp: Namespace, boxes: Array, mask: Array) -> None:
    """Ground truths alone: boxes (..., G, 4) and mask (..., G)."""
    _check_scene.ground_truth(xp, tuple(boxes.shape[:-2]), boxes, mask)


def in_levels(anchors: int, level_sizes: Any) -> tuple[int, ...]:
    """How many anchors each level has, as a tuple."""
    if not isinstance(level_sizes, (tuple, list)):
        raise TypeError(f"level_sizes must be a tuple of ints; got {type(level_sizes).__name__}")
    for size in level_sizes:
        _check.at_least_one("level_sizes", size)
    if sum(level_sizes) != anchors:
        raise ValueError(f"level_sizes must add up to the {anchors} anchors; got {tuple(level_sizes)}")
    return tuple(level_sizes)


def points_and_strides(xp: Namespace, points: Array, strides: Array) -> int:
    """How many points (A, 2) there are, each with its stride (A,)."""
    _check.real(xp, points=points, strides=strides)
    if points.ndim != 2 or points.shape[-1] != 2:
        raise ValueError(f"points must have shape (A, 2); got {tuple(points.shape)}")
    anchors = int(points.shape[0])
    if tuple(strides.shape) != (anchors,):
        raise ValueError(f"strides must have shape {(anchors,)}; got {tuple(strides.shape)}")
    return anchors


def real_boxes(xp: Namespace, boxes: Array, mask: Array) -> Array:
    """The boxes, with zeros in the places of none."""
    return xp.where(mask[..., None], boxes, xp.zeros_like(boxes))


def middles(boxes: Array) -> tuple[Array, Array]:
    """(x, y) of the centres."""
    return 0.5 * (boxes[..., 0] + boxes[..., 2]), 0.5 * (boxes[..., 1] + boxes[..., 3])


def edge_distances(points: Array, boxes: Array) -> list[Array]:
    """From each of A points to the four edges of each of G boxes, (..., G, A); all positive inside."""
    x, y = points[..., None, :, 0], points[..., None, :, 1]
    x1, y1, x2, y2 = [boxes[..., :, None, i] for i in range(4)]
    return [x - x1, y - y1, x2 - x, y2 - y]


def inside(distances: list[Array]) -> Array:
    """Whether all four distances to the edges are positive."""
    left, top, right, bottom = [distance > 0.0 for distance in distances]
    return left & top & right & bottom


def near_middle(xp: Namespace, points: Array, boxes: Array, reach: Array) -> Array:
    """Whether each of A points is nearer than its reach, along both axes, to the centre of each box: (..., G, A)."""
    x, y = middles(boxes)
    return (xp.abs(points[:, 0] - x[..., :, None]) < reach) & (xp.abs(points[:, 1] - y[..., :, None]) < reach)


def of_one_object(xp: Namespace, own: Array, merit: Array, dtype: DType) -> Assignment:
    """Each anchor to that of the objects which want it, (..., G, A), whose merit is the largest; scores are 1."""
    index = first_largest(xp, xp.where(own, merit, xp.full_like(merit, -float("inf"))), -2)
    foreground = xp.any(own, axis=-2)
    index = to_index(xp, xp.where(foreground, index, xp.zeros_like(index)))
    return Assignment(foreground, index, astype(xp, foreground, dtype), xp.zeros_like(foreground))


def background(xp: Namespace, like: Array, shape: tuple[int, ...], dtype: DType) -> Assignment:
    """The assignment where there is no object, or no anchor."""
    none = xp.zeros(shape, dtype=xp.bool, device=device_of(xp, like))
    return Assignment(none, to_index(xp, astype(xp, none, xp.int32)), astype(xp, none, dtype), none)
