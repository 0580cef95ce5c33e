"""Boxes of masks."""

from __future__ import annotations

from .. import _check
from .._array import Array, namespace
from .._numerics import device_of
from ..autodiff import compiled
from ._columns import side_by_side


def masks_to_boxes(masks: Array, *, edges: bool = False) -> Array:
    r"""The smallest box around the pixels of each mask.

    .. math::

        (x_1, y_1) &= \left(\min_{(i, j) \in M} j, \min_{(i, j) \in M} i\right) \\
        (x_2, y_2) &= \left(\max_{(i, j) \in M} j + e, \max_{(i, j) \in M} i + e\right)

    M is the set of the rows i and columns j of the pixels of a mask, e is 1 with `edges` and else 0.

    Parameters
    ----------
    masks : array, shape (..., H, W), boolean
        Masks.
    edges : bool, default False
        Whether boxes end at the outer edges of their last pixels in place of naming these pixels: x2 and y2 are 1 more.

    Returns
    -------
    array, shape (..., 4), the default real dtype
        (x1, y1, x2, y2), the indices of the first and the last column and row; zeros for an empty mask.

    Raises
    ------
    TypeError
        If `masks` is no array, or not of boolean dtype.
    ValueError
        If it has fewer than two axes.

    Notes
    -----
    Indices as in torchvision, where a mask of one pixel has a box without area; with ``edges=True`` its area is 1, and
    the boxes are those of detectron2 and of an IoU that counts pixels. An
    empty mask has a box of zeros there, too.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import masks_to_boxes
    >>> m = np.asarray([[False, False, False], [False, True, True]])
    >>> print(masks_to_boxes(m), masks_to_boxes(m, edges=True))
    [1. 1. 2. 1.] [1. 1. 3. 2.]
    """
    xp = _check.flags(2, masks=masks)
    return compiled(xp, _boxes, (bool(edges),), masks)


def _boxes(edges: bool, masks: Array) -> Array:
    xp = namespace(masks)
    dtype = xp.__array_namespace_info__().default_dtypes()["real floating"]
    if 0 in masks.shape[-2:]:
        return xp.zeros((*masks.shape[:-2], 4), dtype=dtype, device=device_of(xp, masks))
    lows, highs = [], []
    for axis in (-2, -1):
        some = xp.any(masks, axis=axis)
        count = some.shape[-1]
        index = xp.broadcast_to(xp.arange(count, dtype=dtype, device=device_of(xp, masks)), some.shape)
        low = xp.min(xp.where(some, index, xp.full_like(index, float(count))), axis=-1)
        high = xp.max(xp.where(some, index, xp.full_like(index, -1.0)), axis=-1)
        none = high < 0.0
        lows.append(xp.where(none, xp.zeros_like(low), low))
        highs.append(xp.where(none, xp.zeros_like(high), high + 1.0 if edges else high))
    return side_by_side(xp, *lows, *highs)
