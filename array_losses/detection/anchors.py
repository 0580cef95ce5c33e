"""Anchors: the points and boxes that the cells of feature maps stand for, level by level, row by row."""

from __future__ import annotations

import math
from typing import Any

from .. import _check
from .._array import Array, DType, Namespace, astype, computing_dtype, namespace
from .._numerics import device_of
from ..autodiff import compiled, constant

Grid = tuple[tuple[int, int, float], ...]
"""Height, width and stride of each level."""


def anchor_points(feature_sizes: Any, strides: Any, *, offset: float = 0.5, like: Array) -> tuple[Array, Array]:
    r"""The points that the cells of feature maps stand for: ((column + offset) stride, (row + offset) stride).

    .. math::

        (x, y) = ((j + o)\, s, (i + o)\, s)

    i and j are the row and the column of a cell, s is the stride of its level, o the `offset`.

    Parameters
    ----------
    feature_sizes : sequence of (height, width)
        How many cells each level has.
    strides : sequence of numbers > 0
        How many pixels wide and high a cell of each level is.
    offset : float, default 0.5
        Where in its cell a point lies; 0.5 is the middle, 0 the corner.
    like : array
        The points are made in its library and dtype, beside it. Its values and shape do not matter.

    Returns
    -------
    points : array, shape (A, 2)
        (x, y) in pixels: level by level, row by row. In the dtype of `like`, or the library's default real dtype if
        that is not floating point.
    strides : array, shape (A,)
        The stride of the level of each point.

    Raises
    ------
    TypeError
        If `like` is not an array, or sizes or strides are not of the right kind.
    ValueError
        If there are not as many strides as levels, or one is not positive.

    Notes
    -----
    ultralytics' `make_anchors` gives points in units of their stride, ``points / strides[:, None]``. mmdetection's
    `MlvlPointGenerator` has the same points and order; FCOS as published has ``stride // 2`` in place of
    ``0.5 * stride``.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import anchor_points
    >>> points, strides = anchor_points([(1, 2), (1, 1)], [8, 16], like=np.zeros(0))
    >>> print(points.tolist(), strides)
    [[4.0, 4.0], [12.0, 4.0], [8.0, 8.0]] [ 8.  8. 16.]
    """
    _check.library(like=like)
    grid = _grid(feature_sizes, strides)
    found: Any = compiled(namespace(like), _points, (grid, _check.number("offset", offset)), like)
    return found[0], found[1]


def _points(grid: Grid, offset: float, like: Array) -> tuple[Array, Array]:
    xp, like, dtype, given = _prepared(like)
    device = device_of(xp, like)
    steps = [xp.full((height * width,), stride, dtype=dtype, device=device) for height, width, stride in grid]
    points = [_centers(xp, level, offset, dtype, device) for level in grid]
    return astype(xp, xp.concat(points, axis=0), given), astype(xp, xp.concat(steps, axis=0), given)


def anchor_boxes(
    feature_sizes: Any,
    strides: Any,
    *,
    sizes: Any,
    ratios: tuple[float, ...] = (0.5, 1.0, 2.0),
    offset: float = 0.5,
    like: Array,
) -> Array:
    r"""Boxes of several sizes and shapes around each of the points that the cells of feature maps stand for.

    .. math::

        \left(x - \frac{w}{2}, y - \frac{h}{2}, x + \frac{w}{2}, y + \frac{h}{2}\right),
        \qquad w = \frac{s}{\sqrt{r}}, \qquad h = s \sqrt{r}

    (x, y) is the point of a cell (`anchor_points`), s a size and r a ratio, so that the area is s^2.

    Parameters
    ----------
    feature_sizes : sequence of (height, width)
        How many cells each level has.
    strides : sequence of numbers > 0
        How many pixels wide and high a cell of each level is.
    sizes : sequence of sequences of numbers > 0
        For each level the sizes in pixels.
    ratios : sequence of numbers > 0, default (0.5, 1, 2)
        Height over width, the same at all levels.
    offset : float, default 0.5
        Where in its cell the centre lies; 0.5 is the middle, 0 the corner.
    like : array
        The boxes are made in its library and dtype, beside it. Its values and shape do not matter.

    Returns
    -------
    array, shape (A, 4)
        Boxes (x1, y1, x2, y2) in pixels: level by level, row by row, at each point all sizes of the first ratio, then
        those of the next. In the dtype of `like`, or the library's default real dtype if that is not floating point.

    Raises
    ------
    TypeError
        If `like` is not an array, or sizes, strides or ratios are not of the right kind.
    ValueError
        If there are not as many strides, or sizes, as levels, or one is not positive.

    Notes
    -----
    torchvision's `AnchorGenerator` has ``offset=0``, this order, and rounds half sides to whole pixels: for even
    strides, whose points are even, that is ``round`` of these boxes. mmdetection's `AnchorGenerator` has ``offset=0``
    and this order, unrounded; its ``octave_base_scale=4, scales_per_octave=3`` are the sizes
    ``[(4 * s, 4 * s * 2 ** (1 / 3), 4 * s * 2 ** (2 / 3)) for s in strides]`` of RetinaNet. detectron2's has
    ``offset=0`` and lists all ratios of the first size first.

    References
    ----------
    S. Ren et al., Faster R-CNN, NeurIPS 2015, arXiv:1506.01497, section 3.1.1.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import anchor_boxes
    >>> print(anchor_boxes([(1, 2)], [8], sizes=[(8,)], ratios=(1, 4), like=np.zeros(0)))  # 8 x 8, and 4 x 16
    [[ 0.  0.  8.  8.]
     [ 2. -4.  6. 12.]
     [ 8.  0. 16.  8.]
     [10. -4. 14. 12.]]
    """
    _check.library(like=like)
    grid = _grid(feature_sizes, strides)
    lengths = tuple([_positive("sizes", level) for level in _sequence("sizes", sizes, len(grid))])
    static = (grid, lengths, _positive("ratios", ratios), _check.number("offset", offset))
    return compiled(namespace(like), _boxes, static, like)


def _boxes(
    grid: Grid, sizes: tuple[tuple[float, ...], ...], ratios: tuple[float, ...], offset: float, like: Array
) -> Array:
    xp, like, dtype, given = _prepared(like)
    device = device_of(xp, like)
    levels = []
    for level, lengths in zip(grid, sizes):
        halves = [[0.5 * s / math.sqrt(r), 0.5 * s * math.sqrt(r)] for r in ratios for s in lengths]
        half = xp.asarray(halves, dtype=dtype, device=device)
        middle = _centers(xp, level, offset, dtype, device)[:, None, :]
        levels.append(xp.reshape(xp.concat([middle - half, middle + half], axis=-1), (-1, 4)))
    return astype(xp, xp.concat(levels, axis=0), given)


def _centers(xp: Namespace, level: tuple[int, int, float], offset: float, dtype: DType, device: Any) -> Array:
    """The points of one level, row by row."""
    height, width, stride = level
    x = (xp.arange(width, dtype=dtype, device=device) + offset) * stride
    y = (xp.arange(height, dtype=dtype, device=device) + offset) * stride
    columns = [xp.broadcast_to(x[None, :], (height, width)), xp.broadcast_to(y[:, None], (height, width))]
    return xp.reshape(xp.stack(columns, axis=-1), (height * width, 2))


def _prepared(like: Array) -> tuple[Namespace, Array, DType, DType]:
    """The dtype to compute in, and that to return."""
    like = constant(like)
    xp = namespace(like)
    dtype = computing_dtype(xp, like)
    return xp, like, dtype, like.dtype if xp.isdtype(like.dtype, "real floating") else dtype


def _grid(feature_sizes: Any, strides: Any) -> Grid:
    sizes = _sequence("feature_sizes", feature_sizes)
    grid = []
    for size, stride in zip(sizes, _sequence("strides", strides, len(sizes))):
        height, width = _sequence("feature_sizes", size, 2, "numbers (height, width)")
        grid.append((_cells(height), _cells(width), _check.positive("strides", stride)))
    return tuple(grid)


def _cells(value: Any) -> int:
    return _check.at_least_one("feature_sizes", value)


def _positive(name: str, values: Any) -> tuple[float, ...]:
    return tuple([_check.positive(name, value) for value in _sequence(name, values)])


def _sequence(name: str, value: Any, length: int | None = None, what: str = "entries, one for each level") -> list[Any]:
    """A sequence that is not empty, or of this length."""
    if isinstance(value, str) or not hasattr(value, "__len__") or hasattr(value, "dtype"):
        raise TypeError(f"{name} must be a sequence; got {type(value).__name__}")
    if not len(value):
        raise ValueError(f"{name} must not be empty")
    if length is not None and len(value) != length:
        raise ValueError(f"{name} must be {length} {what}; got {len(value)}")
    return list(value)
