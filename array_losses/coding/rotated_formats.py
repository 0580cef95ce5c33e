"""Rotated boxes (cx, cy, w, h, angle): their corners, the way back, and the ranges of their angles.

The angle is in radians, from the x axis to the side w, in the direction from the x axis to the y axis. In an image,
whose y axis points down, that is clockwise as one sees it. Projects differ:

====================  =============  ========================================
project               unit           direction in an image
====================  =============  ========================================
here                  radians        clockwise
ultralytics xywhr     radians        clockwise
mmrotate              radians        clockwise, ranges oc, le90, le135
OpenCV                degrees        clockwise
PaddleDetection       radians        clockwise, ranges oc, le135
torchvision cxcywhr   degrees        counter-clockwise: minus the angle here
detectron2 XYWHA_ABS  degrees        counter-clockwise: minus the angle here
====================  =============  ========================================
"""

from __future__ import annotations

import math

from .. import _check
from .._array import Array, Namespace, namespace
from ..autodiff import compiled
from ._columns import absolute, narrowed, prepared, side_by_side

CONVENTIONS = ("le90", "le135", "oc")


def box_corners(boxes: Array) -> Array:
    r"""The four corners of rotated boxes.

    .. math::

        p_k &= \begin{pmatrix} c_x \\ c_y \end{pmatrix}
            + \frac{a_k w}{2} \begin{pmatrix} \cos \theta \\ \sin \theta \end{pmatrix}
            + \frac{b_k h}{2} \begin{pmatrix} -\sin \theta \\ \cos \theta \end{pmatrix} \\
        (a_k, b_k) &= (-1, -1), (1, -1), (1, 1), (-1, 1)

    (c_x, c_y) is the centre, w and h are the sides, theta is the angle.

    Parameters
    ----------
    boxes : array, shape (..., 5), real dtype
        (cx, cy, w, h, angle) in radians.

    Returns
    -------
    array, shape (..., 4, 2), the dtype of `boxes`
        (x, y) of the corners where the box, turned back to angle 0, has (x1, y1), (x2, y1), (x2, y2), (x1, y2). They
        run from the x axis to the y axis: clockwise in an image.

    Raises
    ------
    TypeError
        If `boxes` is no array, or not of real dtype.
    ValueError
        If the last axis is not 5 long.

    Notes
    -----
    Negative sides are not repaired: the corners of (-w, h) are those of (w, h) in another order. Computed at least in
    float32; integers become the default real dtype.

    torchvision's ``xyxyxyxy`` is these eight numbers in one axis; ultralytics' `xywhr2xyxyxyxy` starts with
    (x2, y2) and runs the other way.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import box_corners
    >>> print(box_corners(np.asarray([1.0, 1.0, 2.0, 4.0, np.pi / 2])).round(6) + 0.0)  # lies on its side
    [[ 3.  0.]
     [ 3.  2.]
     [-1.  2.]
     [-1.  0.]]
    """
    xp = _check.ending((5,), boxes=boxes)
    return compiled(xp, _corners, (), boxes)


def _corners(boxes: Array) -> Array:
    xp = namespace(boxes)
    dtype, (boxes,) = prepared(xp, boxes)
    return narrowed(xp, turned_corners(xp, boxes), dtype)


def turned_corners(xp: Namespace, boxes: Array) -> Array:
    cx, cy, w, h, angle = [boxes[..., i] for i in range(5)]
    cos, sin = 0.5 * xp.cos(angle), 0.5 * xp.sin(angle)
    wx, wy, hx, hy = w * cos, w * sin, -h * sin, h * cos
    signs = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))
    corners = [side_by_side(xp, cx + (a * wx + b * hx), cy + (a * wy + b * hy)) for a, b in signs]
    return xp.stack(corners, axis=-2)


def half_extents(xp: Namespace, boxes: Array) -> tuple[Array, Array]:
    """Half the sides of the hull of rotated boxes; at angle 0 exactly half of w and h."""
    w, h, angle = boxes[..., 2], boxes[..., 3], boxes[..., 4]
    cos, sin = 0.5 * absolute(xp, xp.cos(angle)), 0.5 * absolute(xp, xp.sin(angle))
    return w * cos + h * sin, w * sin + h * cos


def corners_to_boxes(corners: Array) -> Array:
    r"""Rotated boxes (cx, cy, w, h, angle) of four corners.

    .. math::

        c &= \frac{p_1 + p_2 + p_3 + p_4}{4}, \qquad \theta = \mathrm{atan2}(u_y \mp v_x, u_x \pm v_y) \\
        w &= \sqrt{u_x^2 + u_y^2}, \qquad u = \frac{(p_2 - p_1) + (p_3 - p_4)}{2} \\
        h &= \sqrt{v_x^2 + v_y^2}, \qquad v = \frac{(p_4 - p_1) + (p_3 - p_2)}{2}

    p_1 to p_4 are the corners, c is the centre, w and h are the sides, theta is the angle. The upper signs hold for
    corners that run from the x axis to the y axis, the lower ones for the other way round. Of a rectangle u is the
    side w, v the side h, and theta the direction of u.

    Parameters
    ----------
    corners : array, shape (..., 4, 2), real dtype
        Corners (x, y) in order, either way round, beginning anywhere.

    Returns
    -------
    array, shape (..., 5), the dtype of `corners`
        w is the length of the side from the first to the second corner, the angle its direction, in [-pi, pi].

    Raises
    ------
    TypeError
        If `corners` is no array, or not of real dtype.
    ValueError
        If the last axes are not (4, 2).

    Notes
    -----
    Exact for rectangles, also without width or height; four equal corners have angle 0. Of any other quadrilateral it
    gives the mean of the corners and the lengths of the lines between middles of opposite sides, where OpenCV's
    `minAreaRect`, and with it ultralytics' `xyxyxyxy2xywhr`, gives the smallest rectangle around. ultralytics then has
    the angles of `normalize_angles` with ``convention="le135"``. The slopes of a side of length 0 are 0.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import corners_to_boxes
    >>> print(corners_to_boxes(np.asarray([[1.0, 0.0], [2.0, 1.0], [1.0, 2.0], [0.0, 1.0]])).round(4))
    [1.     1.     1.4142 1.4142 0.7854]
    """
    xp = _check.ending((4, 2), corners=corners)
    return compiled(xp, _boxes, (), corners)


def _boxes(corners: Array) -> Array:
    xp = namespace(corners)
    dtype, (corners,) = prepared(xp, corners)
    return narrowed(xp, rectangle(xp, corners), dtype)


def rectangle(xp: Namespace, corners: Array) -> Array:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = [[corners[..., i, k] for k in range(2)] for i in range(4)]
    # The side w and the side h, each the mean of two.
    wx, wy = 0.5 * ((bx - ax) + (cx - dx)), 0.5 * ((by - ay) + (cy - dy))
    hx, hy = 0.5 * ((dx - ax) + (cx - bx)), 0.5 * ((dy - ay) + (cy - by))
    # The side h, turned by a right angle onto w, knows the direction as well, and still where w is nothing.
    back = wx * hy - wy * hx < 0.0
    along_x, along_y = wx + xp.where(back, -hy, hy), wy + xp.where(back, hx, -hx)
    point = (along_x == 0.0) & (along_y == 0.0)
    angle = xp.atan2(xp.where(point, xp.zeros_like(along_y), along_y), xp.where(point, xp.ones_like(along_x), along_x))
    center_x, center_y = 0.25 * ((ax + cx) + (bx + dx)), 0.25 * ((ay + cy) + (by + dy))
    return side_by_side(xp, center_x, center_y, _length(xp, wx, wy), _length(xp, hx, hy), angle)


def _length(xp: Namespace, x: Array, y: Array) -> Array:
    """The length of a vector, with slope 0 at 0."""
    nothing = (x == 0.0) & (y == 0.0)
    length = xp.hypot(xp.where(nothing, xp.ones_like(x), x), y)
    return xp.where(nothing, xp.zeros_like(length), length)


def normalize_angles(boxes: Array, *, convention: str = "le90", degrees: bool = False) -> Array:
    r"""The same rectangles with their angles in the range of a convention.

    .. math::

        (w', h', \theta') = \begin{cases}
            (w, h, \theta + k \pi/2) & k \text{ even} \\
            (h, w, \theta + k \pi/2) & k \text{ odd}
        \end{cases}

    w and h are the sides, theta is the angle. The convention decides on the whole number k:

    ==========  ============================  ==================
    convention  angle, degrees                sides
    ==========  ============================  ==================
    le90        -90 <= angle < 90             w >= h
    le135       -45 <= angle < 135            w >= h
    oc          0 < angle <= 90               any
    ==========  ============================  ==================

    Parameters
    ----------
    boxes : array, shape (..., 5), real dtype
        (cx, cy, w, h, angle).
    convention : {"le90", "le135", "oc"}, default "le90"
        mmrotate's names; "oc" is what OpenCV returns since 4.5.1.
    degrees : bool, default False
        Whether angles are in degrees, given and returned, in place of radians.

    Returns
    -------
    array, shape (..., 5), the dtype of `boxes`
        Angles in the range, and the sides exchanged where the angle has been turned by an odd number of right angles.

    Raises
    ------
    TypeError
        If `boxes` is no array, or not of real dtype.
    ValueError
        If the last axis is not 5 long, or the convention is unknown.

    Notes
    -----
    The bounds are the numbers of the dtype nearest to those of the table. What is in the range already stays as it is,
    to the last bit; a square keeps its sides and is turned by two right angles at a time under le90 and le135. The
    angle's slope is 1. The direction of angles is not touched: negate those of detectron2 and torchvision.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import normalize_angles
    >>> box = np.asarray([0.0, 0.0, 2.0, 6.0, 30.0])
    >>> for convention in ("le90", "le135", "oc"):
    ...     print(normalize_angles(box, convention=convention, degrees=True))
    [  0.   0.   6.   2. -60.]
    [  0.   0.   6.   2. 120.]
    [ 0.  0.  2.  6. 30.]
    """
    xp = _check.ending((5,), boxes=boxes)
    _check.one_of("convention", convention, CONVENTIONS)
    return compiled(xp, _normalized, (convention, bool(degrees)), boxes)


def _normalized(convention: str, degrees: bool, boxes: Array) -> Array:
    xp = namespace(boxes)
    dtype, (boxes,) = prepared(xp, boxes)
    cx, cy, w, h, angle = [boxes[..., i] for i in range(5)]
    right = 90.0 if degrees else math.pi / 2
    half_turn = 2.0 * right * xp.ones_like(angle)
    if convention == "oc":
        angle = xp.remainder(angle, half_turn)
        beyond, below = angle > right, angle <= 0.0
        swap = beyond | below
        angle = xp.where(beyond, angle - right, xp.where(below, angle + right, angle))
    else:
        start = -right if convention == "le90" else -0.5 * right
        swap = h > w
        angle = xp.where(swap, angle + right, angle)
        stays = (angle >= start) & (angle < start + 2.0 * right)
        turned = xp.remainder(angle, half_turn)
        turned = xp.where(turned >= start + 2.0 * right, turned - half_turn, turned)
        # Rounding may have missed the range by a bit.
        turned = xp.where(turned < start, turned + (start - turned), turned)
        angle = xp.where(stays, angle, turned)
    return narrowed(xp, side_by_side(xp, cx, cy, xp.where(swap, h, w), xp.where(swap, w, h), angle), dtype)
