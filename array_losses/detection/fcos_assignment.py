"""FCOS: points near the centre of an object learn it, at the level that is made for its size."""

from __future__ import annotations

import math
from typing import Any

from .. import _check
from .._array import Array
from .._numerics import device_of
from ..autodiff import compiled, constant
from ._places import (
    background,
    constants,
    edge_distances,
    in_levels,
    inside,
    near_middle,
    of_one_object,
    points_and_strides,
    real_boxes,
    scene,
)
from .assignment import Assignment

Ranges = tuple[tuple[float, float], ...]


def fcos_assign(
    points: Array,
    strides: Array,
    boxes: Array,
    mask: Array,
    *,
    level_sizes: tuple[int, ...],
    ranges: Any = ((0, 64), (64, 128), (128, 256), (256, 512), (512, math.inf)),
    radius: float | None = 1.5,
) -> Assignment:
    r"""Assign to each point the smallest object whose middle it lies in and whose size is for its level.

    .. math::

        \min(l, t, r, b) > 0, \qquad \max(|x - c_x|, |y - c_y|) < \rho s, \qquad m \le \max(l, t, r, b) \le M

    A point (x, y) of stride s may learn an object if all three hold: l, t, r and b are its distances from the left,
    top, right and bottom edge of the box, (c_x, c_y) is the centre of the box, rho is `radius`, and [m, M] the
    range of the point's level. So it is inside of the box, near its centre, and the farthest edge is as far away as
    suits the level.

    Parameters
    ----------
    points : array, shape (A, 2), real dtype
        (x, y) of the points in pixels, level by level: `anchor_points`.
    strides : array, shape (A,), real dtype
        Their strides.
    boxes : array, shape (..., G, 4), real dtype
        The boxes (x1, y1, x2, y2) of the objects, in pixels.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    level_sizes : tuple of int
        How many points each level has.
    ranges : sequence of (low, high), default ((0, 64), (64, 128), (128, 256), (256, 512), (512, inf))
        For each level the least and the largest distance to the farthest edge, both included.
    radius : float > 0, optional, default 1.5
        How far from the centre, in strides. None: anywhere in the box.

    Returns
    -------
    Assignment
        `foreground`, `index`, `score` (1 in the foreground), `ignored` (nothing), each of shape (..., A). Without
        gradients.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is out of range.

    Notes
    -----
    Of objects with equal areas the first wins. A point on an edge is not inside, one at exactly `radius` strides is not
    near. An object may remain without a point. A NaN in a box takes it out.

    Other projects: mmdetection's `FCOSHead` is this with ``center_sampling=True``, and with ``radius=None`` by default.
    torchvision's `FCOS` leaves out the ends of the ranges, and compares areas subtracted from 1e8 in float32, which
    makes those that differ by few pixels equal.

    References
    ----------
    Z. Tian et al., FCOS, ICCV 2019, arXiv:1904.01355; the middle: arXiv:2006.09214, section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import anchor_points, fcos_assign
    >>> points, strides = anchor_points([(1, 4), (1, 2)], [8, 16], like=np.zeros(0))
    >>> boxes = np.asarray([[0.0, 0.0, 32.0, 8.0], [10.0, 0.0, 16.0, 8.0]])
    >>> found = fcos_assign(points, strides, boxes, np.asarray([True, True]), level_sizes=(4, 2),
    ...                     ranges=((0, 24), (24, 64)))
    >>> print(found.foreground, found.index)
    [False  True  True False False False] [0 1 0 0 0 0]
    """
    xp = _check.library(points=points, strides=strides, boxes=boxes, mask=mask)
    anchors = points_and_strides(xp, points, strides)
    scene(xp, boxes, mask)
    levels = in_levels(anchors, level_sizes)
    static = (levels, _ranges(ranges, len(levels)), None if radius is None else _check.positive("radius", radius))
    found: Any = compiled(xp, _assign, static, points, strides, boxes, mask)
    return Assignment(*found)


def _assign(
    levels: tuple[int, ...],
    ranges: Ranges,
    radius: float | None,
    points: Array,
    strides: Array,
    boxes: Array,
    mask: Array,
) -> Assignment:
    xp, dtype, (points, strides, boxes) = constants(points, strides, boxes)
    if not boxes.shape[-2] or not points.shape[0]:
        return background(xp, boxes, (*boxes.shape[:-2], points.shape[0]), dtype)
    mask = constant(mask)
    boxes = real_boxes(xp, boxes, mask)
    distances = edge_distances(points, boxes)
    left, top, right, bottom = distances
    farthest = xp.maximum(xp.maximum(left, right), xp.maximum(top, bottom))
    low, high = [
        xp.concat(
            [
                xp.full((size,), bounds[k], dtype=dtype, device=device_of(xp, boxes))
                for size, bounds in zip(levels, ranges)
            ],
            axis=0,
        )
        for k in range(2)
    ]
    own = mask[..., :, None] & inside(distances) & (farthest >= low) & (farthest <= high)
    if radius is not None:
        own = own & near_middle(xp, points, boxes, radius * strides)
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return of_one_object(xp, own, xp.broadcast_to(-area[..., :, None], own.shape), dtype)


def _ranges(ranges: Any, levels: int) -> Ranges:
    """A pair 0 <= low <= high for each level; high may be infinite."""
    if not isinstance(ranges, (tuple, list)):
        raise TypeError(f"ranges must be a tuple of pairs (low, high); got {type(ranges).__name__}")
    if len(ranges) != levels:
        raise ValueError(f"ranges must be {levels} pairs, one for each level; got {len(ranges)}")
    found = []
    for pair in ranges:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"ranges must be pairs (low, high); got {pair!r}")
        low = _check.number("ranges", pair[0], 0.0)
        found.append((low, math.inf if pair[1] == math.inf else _check.number("ranges", pair[1], low)))
    return tuple(found)
