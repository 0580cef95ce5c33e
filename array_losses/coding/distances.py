"""Boxes as the distances from a point to their four edges, as FCOS and the YOLO family since version 8 predict them."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, namespace
from ..autodiff import compiled
from ._columns import narrowed, prepared, side_by_side


def distances_to_boxes(points: Array, distances: Array) -> Array:
    r"""Boxes around points: (x - left, y - top, x + right, y + bottom).

    .. math::

        (x_1, y_1, x_2, y_2) = (x - l, y - t, x + r, y + b)

    (x, y) is the point, (l, t, r, b) are its distances from the left, top, right and bottom edge.

    Parameters
    ----------
    points : array, shape (..., 2), real dtype
        (x, y) of the points.
    distances : array, shape (..., 4), real dtype
        From each point to the left, top, right and bottom edge; the leading axes of both broadcast.

    Returns
    -------
    array, shape (..., 4), the wider dtype of the two
        Boxes (x1, y1, x2, y2).

    Raises
    ------
    TypeError
        If the arrays are of different libraries or not of real dtype.
    ValueError
        If shapes do not fit.

    Notes
    -----
    Distances are in the unit of the points. Heads that predict in units of their stride pass ``distances * stride``,
    as mmyolo's `DistancePointBBoxCoder` does, or keep everything in strides and multiply the boxes, as ultralytics'
    `dist2bbox` does, whose default result is ``cxcywh`` (`convert_boxes`). For `max_shape` of mmdetection's
    `distance2bbox`: `clip_boxes`. Negative distances are taken as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import distances_to_boxes
    >>> print(distances_to_boxes(np.asarray([74.0, 61.0]), 2 * np.asarray([0.0, -1.0, 3.0, 3.0])))
    [74. 63. 80. 67.]
    """
    _check.ending((2,), points=points)
    xp = _check.library(points=points, distances=distances)
    _check.ending((4,), distances=distances)
    _check.leading((1, 1), points=points, distances=distances)
    return compiled(xp, _boxes, (), points, distances)


def _boxes(points: Array, distances: Array) -> Array:
    xp = namespace(points, distances)
    dtype, (points, distances) = prepared(xp, points, distances)
    x, y = points[..., 0], points[..., 1]
    left, top, right, bottom = [distances[..., i] for i in range(4)]
    return narrowed(xp, side_by_side(xp, x - left, y - top, x + right, y + bottom), dtype)


def boxes_to_distances(points: Array, boxes: Array, *, limit: float | None = None) -> Array:
    r"""Distances from points to the edges of boxes: (x - x1, y - y1, x2 - x, y2 - y).

    .. math::

        (l, t, r, b) = (x - x_1, y - y_1, x_2 - x, y_2 - y)

    (x, y) is the point, (l, t, r, b) are its distances from the left, top, right and bottom edge.

    Parameters
    ----------
    points : array, shape (..., 2), real dtype
        (x, y) of the points.
    boxes : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2); the leading axes of both broadcast.
    limit : float > 0, optional
        Clip distances to [0, limit], as what is to be predicted by bins needs.

    Returns
    -------
    array, shape (..., 4), the wider dtype of the two
        Left, top, right, bottom; negative where a point lies outside, unless there is a limit.

    Raises
    ------
    TypeError
        If the arrays are of different libraries or not of real dtype.
    ValueError
        If shapes do not fit, or the limit is not positive.

    Notes
    -----
    mmdetection's `bbox2distance` ends at ``max_dis - 0.1``, ultralytics' `bbox2dist` at ``reg_max - 0.01``: pass that
    as the limit. Beyond it the slope is 0, exactly on it one half. In units of a stride: divide points and boxes by it.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import boxes_to_distances
    >>> p, b = np.asarray([5.0, 5.0]), np.asarray([1.0, 2.0, 20.0, 4.0])
    >>> print(boxes_to_distances(p, b), boxes_to_distances(p, b, limit=8))
    [ 4.  3. 15. -1.] [4. 3. 8. 0.]
    """
    _check.ending((2,), points=points)
    xp = _check.library(points=points, boxes=boxes)
    _check.ending((4,), boxes=boxes)
    _check.leading((1, 1), points=points, boxes=boxes)
    return compiled(xp, _distances, (None if limit is None else _check.positive("limit", limit),), points, boxes)


def _distances(limit: float | None, points: Array, boxes: Array) -> Array:
    xp = namespace(points, boxes)
    dtype, (points, boxes) = prepared(xp, points, boxes)
    x, y = points[..., 0], points[..., 1]
    found: Any = side_by_side(xp, x - boxes[..., 0], y - boxes[..., 1], boxes[..., 2] - x, boxes[..., 3] - y)
    if limit is not None:
        zero = xp.zeros_like(found)
        found = xp.minimum(xp.maximum(found, zero), zero + limit)
    return narrowed(xp, found, dtype)
