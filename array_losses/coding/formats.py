"""Formats of boxes: their areas, conversions and clipping.

The names here are those of torchvision. Other projects use the same words for other things:

==========  ==============================  ===========  =================  ===============  ===================
here        numbers                         ultralytics  torchvision        keras            detectron2
==========  ==============================  ===========  =================  ===============  ===================
xyxy        x1, y1, x2, y2                  xyxy         xyxy               xyxy             XYXY_ABS
xywh        x1, y1, w, h (as in COCO)       ltwh         xywh               xywh             XYWH_ABS
cxcywh      cx, cy, w, h                    **xywh**     cxcywh             center_xywh
yxyx        y1, x1, y2, x2                                                  yxyx
rel_xyxy    xyxy, fractions of the image    xyxyn                           rel_xyxy         XYXY_REL
rel_xywh    xywh, likewise                                                  rel_xywh         XYWH_REL
rel_cxcywh  cxcywh, likewise                **xywhn**                       rel_center_xywh
rel_yxyx    yxyx, likewise                                                  rel_yxyx
cxcywhr     cx, cy, w, h, angle in radians  xywhr        cxcywhr (degrees)                   XYWHA_ABS (degrees)
xyxyxyxy    (4, 2): four corners in order   xyxyxyxy     xyxyxyxy (8)
==========  ==============================  ===========  =================  ===============  ===================

YOLOX calls x1, y1, w, h "xywh" as well; DETR's boxes are ``rel_cxcywh``, scenic's ``yxyx`` or ``cxcywh``. The angles of
torchvision and detectron2 run the other way (`rotated_formats.py`); torchvision's ``xywhr`` is none of these: it
starts at a corner.
"""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, Namespace, astype, is_jax, namespace
from .._numerics import relu
from ..autodiff import compiled
from ._columns import Extent, absolute, lifted, narrowed, part, prepared, side_by_side
from .rotated_formats import half_extents, rectangle, turned_corners

# The columns of a format: of which axis, and which of the four numbers along it.
COLUMNS = {
    "xyxy": ((0, "low"), (1, "low"), (0, "high"), (1, "high")),
    "xywh": ((0, "low"), (1, "low"), (0, "side"), (1, "side")),
    "cxcywh": ((0, "center"), (1, "center"), (0, "side"), (1, "side")),
    "yxyx": ((1, "low"), (0, "low"), (1, "high"), (0, "high")),
}
RELATIVE = "rel_"
ALIGNED = (*COLUMNS, *[RELATIVE + name for name in COLUMNS])
FORMATS = (*ALIGNED, "cxcywhr", "xyxyxyxy")


def _own(format: str) -> tuple[int, ...]:
    """The lengths of a box's own axes."""
    return {"cxcywhr": (5,), "xyxyxyxy": (4, 2)}.get(format, (4,))


def _extents(format: str, boxes: Array) -> list[Extent]:
    """Both axes of boxes of an aligned format, x first."""
    extents: list[Extent] = [{}, {}]
    for i, (axis, name) in enumerate(COLUMNS[format.removeprefix(RELATIVE)]):
        extents[axis][name] = boxes[..., i]
    return extents


def _columns(format: str, extents: list[Extent]) -> list[Array]:
    return [part(extents[axis], name) for axis, name in COLUMNS[format.removeprefix(RELATIVE)]]


def box_area(boxes: Array, *, format: str = "xyxy") -> Array:
    r"""Areas of boxes, w h.

    .. math::

        A = \max(w, 0) \max(h, 0), \qquad \text{or} \qquad A = \frac{1}{2} |(p_3 - p_1) \times (p_4 - p_2)|

    w and h are the sides; the second form is that of "xyxyxyxy", with the corners p_1 to p_4.

    Parameters
    ----------
    boxes : array, shape (..., 4); (..., 5) for "cxcywhr", (..., 4, 2) for "xyxyxyxy"; real dtype
        Boxes.
    format : str, default "xyxy"
        One of the formats of `convert_boxes`.

    Returns
    -------
    array, shape (...), at least float32
        Not negative. Of a relative format: as a fraction of the image.

    Raises
    ------
    TypeError
        If `boxes` is no array, or not of real dtype.
    ValueError
        If its last axes do not fit the format, or there is no such format.

    Notes
    -----
    A side that is 0 or inverted is 0, with gradient 0, where torchvision's `box_area` multiplies two negative sides to
    a positive area. float16 is computed and returned in float32: 300 x 300 would be infinite. Four corners may be those
    of any quadrilateral that does not cross itself.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import box_area
    >>> print(box_area(np.asarray([[0.0, 0.0, 4.0, 2.0], [5.0, 5.0, 4.0, 6.0]])))
    [8. 0.]
    >>> print(box_area(np.asarray([0.0, 0.0, 4.0, 2.0, 0.3]), format="cxcywhr"))
    8.0
    """
    _check.one_of("format", format, FORMATS)
    xp = _check.ending(_own(format), boxes=boxes)
    return compiled(xp, _area, (format,), boxes)


def _area(format: str, boxes: Array) -> Array:
    xp = namespace(boxes)
    _, (boxes,) = prepared(xp, boxes)
    if format == "xyxyxyxy":
        # Half the cross product of the diagonals.
        ax, ay = boxes[..., 2, 0] - boxes[..., 0, 0], boxes[..., 2, 1] - boxes[..., 0, 1]
        bx, by = boxes[..., 3, 0] - boxes[..., 1, 0], boxes[..., 3, 1] - boxes[..., 1, 1]
        return 0.5 * absolute(xp, ax * by - ay * bx)
    if format == "cxcywhr":
        return relu(xp, boxes[..., 2]) * relu(xp, boxes[..., 3])
    x, y = _extents(format, boxes)
    return relu(xp, part(x, "side")) * relu(xp, part(y, "side"))


def convert_boxes(boxes: Array, from_format: str, to_format: str, *, image_size: Any = None) -> Array:
    r"""Boxes of one format in another.

    .. math::

        c_x &= \frac{x_1 + x_2}{2}, \qquad w = x_2 - x_1, \qquad c_y = \frac{y_1 + y_2}{2}, \qquad h = y_2 - y_1 \\
        w' &= w |\cos \theta| + h |\sin \theta|, \qquad h' = w |\sin \theta| + h |\cos \theta|

    x_1, y_1, x_2 and y_2 are the left, top, right and bottom edge, (c_x, c_y) is the centre, w and h are the sides
    of a box; w' and h' are those of the hull of a box turned by theta.

    ==========================================  =====================================================================
    format                                      numbers of a box
    ==========================================  =====================================================================
    "xyxy"                                      left, top, right, bottom edge
    "xywh"                                      left and top edge, width, height: COCO and torchvision
    "cxcywh"                                    centre, width, height: what ultralytics calls xywh
    "yxyx"                                      top, left, bottom, right edge: keras, TensorFlow
    "rel_xyxy", "rel_xywh", "rel_cxcywh",       the same as fractions of the image's width and height
    "rel_yxyx"
    "cxcywhr"                                   centre, width, height, angle in radians from the x to the y axis
    "xyxyxyxy"                                  four corners (x, y) in order, in two axes
    ==========================================  =====================================================================

    Parameters
    ----------
    boxes : array, shape (..., 4); (..., 5) for "cxcywhr", (..., 4, 2) for "xyxyxyxy"; real dtype
        Boxes.
    from_format, to_format : str
        Two of the table.
    image_size : (height, width), or array of shape (..., 2), optional
        Two positive numbers, or two for each image, beside the leading axes of `boxes`, with which they broadcast.
        Needed between a relative format and one that is not.

    Returns
    -------
    array, shape (..., 4), (..., 5) or (..., 4, 2); the dtype of `boxes`
        The default real dtype if `boxes` are integers.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes do not fit the format, there is no such format, or `image_size` is missing.

    Notes
    -----
    A rotated box becomes its hull, the smallest upright box around; an upright box has angle 0. Four corners that are a
    rectangle become exactly this rotated box (`corners_to_boxes`). Numbers that both formats have in common stay as
    they are, to the last bit. Inverted boxes stay inverted. An image of size 0 makes fractions 0.

    Computed at least in float32 and returned in the dtype that was given, because a format is no loss; float16 ends at
    65504. Differentiable everywhere; of corners that lie equally far out each has half of the hull's slope.

    The same words mean other formats elsewhere: the table in ``help(array_losses.coding.formats)`` translates.
    ultralytics' `xyxy2xywhn` can clip as well: `clip_boxes` first.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import convert_boxes
    >>> box = np.asarray([10.0, 15.0, 30.0, 35.0])
    >>> print(convert_boxes(box, "xyxy", "xywh"), convert_boxes(box, "xyxy", "cxcywh"))
    [10. 15. 20. 20.] [20. 25. 20. 20.]
    >>> print(convert_boxes(box, "xyxy", "rel_cxcywh", image_size=(50, 100)))
    [0.2 0.5 0.2 0.4]
    """
    _check.one_of("from_format", from_format, FORMATS)
    _check.one_of("to_format", to_format, FORMATS)
    own = _own(from_format)
    xp = _check.ending(own, boxes=boxes)
    crosses = from_format.startswith(RELATIVE) != to_format.startswith(RELATIVE)
    if image_size is not None:
        image_size = _check.image_size(boxes, len(own), image_size)
    elif crosses:
        raise ValueError(f"image_size must be given to convert {from_format!r} to {to_format!r}; got None")
    return compiled(xp, _converted, (from_format, to_format), boxes, image_size if crosses else None)


def _converted(from_format: str, to_format: str, boxes: Array, size: Any) -> Array:
    xp, sides = _sides(boxes, size)
    dtype, (boxes,) = prepared(xp, boxes)
    if from_format == to_format:
        return narrowed(xp, boxes, dtype)
    rotated = from_format not in ALIGNED
    if rotated and to_format not in ALIGNED:
        turned = turned_corners(xp, boxes) if to_format == "xyxyxyxy" else rectangle(xp, boxes)
        return narrowed(xp, turned, dtype)
    extents = _hull(xp, from_format, boxes) if rotated else _extents(from_format, boxes)
    if sides is not None:
        scale = _times if from_format.startswith(RELATIVE) else _fraction
        for extent, side in zip(extents, sides):
            for name in extent:
                extent[name] = scale(xp, extent[name], side)
    if to_format in ALIGNED:
        result = side_by_side(xp, *_columns(to_format, extents))
    elif to_format == "cxcywhr":
        columns = _columns("cxcywh", extents)
        result = side_by_side(xp, *columns, xp.zeros_like(columns[0]))
    else:
        low_x, low_y, high_x, high_y = _columns("xyxy", extents)
        corners = ((low_x, low_y), (high_x, low_y), (high_x, high_y), (low_x, high_y))
        result = xp.stack([side_by_side(xp, *corner) for corner in corners], axis=-2)
    return narrowed(xp, result, dtype)


def _hull(xp: Namespace, format: str, boxes: Array) -> list[Extent]:
    if format == "cxcywhr":
        halves = half_extents(xp, boxes)
        return [{"center": boxes[..., k], "side": 2.0 * half} for k, half in enumerate(halves)]
    extents = []
    for k in range(2):
        a, b, c, d = [boxes[..., i, k] for i in range(4)]
        low, high = [of(of(a, b), of(c, d)) for of in (xp.minimum, xp.maximum)]
        extents.append({"low": low, "high": high})
    return extents


def _sides(boxes: Array, size: Any) -> tuple[Namespace, list[Any] | None]:
    """The namespace of boxes and image size; width and height, if there is one."""
    if size is None or isinstance(size, (tuple, list)):
        return namespace(boxes), None if size is None else [size[1], size[0]]
    xp = namespace(boxes, size)
    (size,) = lifted(xp, size)
    return xp, [size[..., 1], size[..., 0]]


def _times(xp: Namespace, x: Array, side: Any) -> Array:
    return x * _like(xp, x, side)


def _fraction(xp: Namespace, x: Array, side: Any) -> Array:
    """x / side, or 0 where the side is."""
    side = _like(xp, x, side)
    if isinstance(side, float):
        return x / side
    some = side > 0.0
    quotient = x / xp.where(some, side, xp.ones_like(side))
    return xp.where(some, quotient, xp.zeros_like(quotient))


def _like(xp: Namespace, x: Array, side: Any) -> Any:
    """A side of the image in the dtype of `x`; a number stays one, also where JAX traces it."""
    return side if isinstance(side, float) or (is_jax(xp) and side.weak_type) else astype(xp, side, x.dtype)


def clip_boxes(boxes: Array, image_size: Any, *, format: str = "xyxy") -> Array:
    r"""Boxes cut off at the edges of their image.

    .. math::

        x_i' = \min(\max(x_i, 0), W), \qquad y_i' = \min(\max(y_i, 0), H)

    x_i and y_i are the edges of a box, W and H the width and the height of the image.

    Parameters
    ----------
    boxes : array, shape (..., 4), real dtype
        Boxes.
    image_size : (height, width), or array of shape (..., 2)
        Two positive numbers, or two for each image, beside the leading axes of `boxes`, with which they broadcast.
        None will do for relative formats, whose image ends at 1.
    format : str, default "xyxy"
        One of the formats of `convert_boxes` that are not rotated.

    Returns
    -------
    array, shape (..., 4), the dtype of `boxes`
        Edges between 0 and the image's side. A box outside of the image is empty and lies on its edge.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes do not fit, or there is no such format.

    Notes
    -----
    A box within the image stays as it is, to the last bit, whatever its format. Beyond the edge the slope is 0; an edge
    exactly on it has half. torchvision's `clip_boxes_to_image` and ultralytics' `clip_boxes` do the same to ``xyxy``.
    The dtype is as in `convert_boxes`.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import clip_boxes
    >>> print(clip_boxes(np.asarray([[-5.0, 10.0, 20.0, 90.0], [200.0, 0.0, 300.0, 10.0]]), (60, 100)))
    [[  0.  10.  20.  60.]
     [100.   0. 100.  10.]]
    >>> print(clip_boxes(np.asarray([-5.0, 10.0, 25.0, 80.0]), (60, 100), format="xywh"))
    [ 0. 10. 20. 50.]
    """
    _check.one_of("format", format, ALIGNED)
    xp = _check.ending((4,), boxes=boxes)
    relative = format.startswith(RELATIVE)
    if image_size is not None or not relative:
        image_size = _check.image_size(boxes, 1, image_size)
    return compiled(xp, _clipped, (format,), boxes, (1.0, 1.0) if relative else image_size)


def _clipped(format: str, boxes: Array, size: Any) -> Array:
    xp, sides = _sides(boxes, size)
    dtype, (boxes,) = prepared(xp, boxes)
    extents = []
    for extent, side in zip(_extents(format, boxes), sides or ()):
        low, high = part(extent, "low"), part(extent, "high")
        bound = xp.zeros_like(low) + _like(xp, low, side)
        zero = xp.zeros_like(bound)
        cut: Extent = {
            "low": xp.minimum(xp.maximum(low, zero), bound),
            "high": xp.minimum(xp.maximum(high, zero), bound),
        }
        inside = (cut["low"] == low) & (cut["high"] == high)
        extents.append(
            cut
            | {name: xp.where(inside, extent[name], part(cut, name)) for name in ("side", "center") if name in extent}
        )
    return narrowed(xp, side_by_side(xp, *_columns(format, extents)), dtype)
