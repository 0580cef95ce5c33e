"""ATSS: each object sets its own threshold, from the overlaps of the anchors that are nearest to it."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, Namespace, astype
from .._numerics import at_least, rounded
from ..autodiff import compiled, constant
from ..measures import iou
from ._places import background, constants, edge_distances, in_levels, inside, middles, of_one_object, real_boxes, scene
from .assignment import Assignment, chosen_top_k


def atss_assign(
    anchors: Array, boxes: Array, mask: Array, *, level_sizes: tuple[int, ...], topk: int = 9
) -> Assignment:
    r"""Assign to each object those of its nearest anchors whose IoU is above their mean by a standard deviation.

    .. math::

        u_a \ge m + \sqrt{\frac{1}{n - 1} \sum_{b=1}^n (u_b - m)^2}, \qquad m = \frac{1}{n} \sum_{b=1}^n u_b

    The n candidates of an object are the `topk` anchors of each level whose centres are nearest to its own; u are
    their IoUs with it. It gets the candidates a for which this holds and whose centre is inside of it.

    Parameters
    ----------
    anchors : array, shape (A, 4), real dtype
        Anchors (x1, y1, x2, y2), level by level: `anchor_boxes`.
    boxes : array, shape (..., G, 4), real dtype
        The boxes of the objects.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    level_sizes : tuple of int
        How many anchors each level has.
    topk : int, default 9
        How many candidates an object has at each level, at most.

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
    An anchor that several objects have chosen goes to the one with which its IoU is the largest, of equal ones to the
    first. Of equally near anchors the first are candidates. The variance is that of a sample, over n - 1: as one of two
    candidates is never a standard deviation above their mean, an object with two candidates gets no anchor. A single
    candidate is its own threshold; PyTorch's deviation of one number is NaN, so that in other projects it gets none. A
    NaN in an anchor takes it out, one in a box takes that object out.

    Other projects: mmdetection wants the centre 0.01 pixels inside; PaddleDetection and super-gradients IoU > mean +
    std.

    References
    ----------
    S. Zhang et al., "Bridging the Gap Between Anchor-based and Anchor-free Detection via Adaptive Training Sample
    Selection", CVPR 2020, arXiv:1912.02424, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import atss_assign
    >>> corners = [[0, 0, 8, 8], [8, 0, 16, 8], [4, 0, 8, 8], [16, 0, 24, 8]]
    >>> anchors = np.asarray(corners, dtype=np.float64)
    >>> boxes = np.asarray([[0.0, 0.0, 8.0, 8.0]])
    >>> found = atss_assign(anchors, boxes, np.asarray([True]), level_sizes=(4,))  # IoU 1, 0, .5, 0; .375 + .479
    >>> print(found.foreground)
    [ True False False False]
    """
    xp = _check.library(anchors=anchors, boxes=boxes, mask=mask)
    _check.real(xp, anchors=anchors)
    if anchors.ndim != 2 or anchors.shape[-1] != 4:
        raise ValueError(f"anchors must have shape (A, 4); got {tuple(anchors.shape)}")
    scene(xp, boxes, mask)
    static = (in_levels(int(anchors.shape[0]), level_sizes), _check.at_least_one("topk", topk))
    found: Any = compiled(xp, _assign, static, anchors, boxes, mask)
    return Assignment(*found)


def _assign(levels: tuple[int, ...], topk: int, anchors: Array, boxes: Array, mask: Array) -> Assignment:
    xp, dtype, (anchors, boxes) = constants(anchors, boxes)
    if not boxes.shape[-2] or not anchors.shape[0]:
        return background(xp, boxes, (*boxes.shape[:-2], anchors.shape[0]), dtype)
    mask = constant(mask)
    boxes = real_boxes(xp, boxes, mask)
    points = xp.stack(middles(anchors), axis=-1)
    candidates = mask[..., :, None] & _nearest(xp, points, boxes, levels, topk)
    overlaps = iou(boxes[..., :, None, :], anchors[..., None, :, :])
    own = candidates & _outstanding(xp, overlaps, candidates) & inside(edge_distances(points, boxes))
    return of_one_object(xp, own, overlaps, dtype)


def _nearest(xp: Namespace, points: Array, boxes: Array, levels: tuple[int, ...], topk: int) -> Array:
    """Whether each anchor is among those of its level nearest to each box: (..., G, A)."""
    x, y = middles(boxes)
    across, down = points[:, 0] - x[..., :, None], points[:, 1] - y[..., :, None]
    far = rounded(xp, across * across) + rounded(xp, down * down)
    start, parts = 0, []
    for size in levels:
        parts.append(chosen_top_k(xp, -far[..., start : start + size], topk))
        start += size
    return xp.concat(parts, axis=-1)


def _outstanding(xp: Namespace, overlaps: Array, candidates: Array) -> Array:
    """Whether IoU >= mean + std of the candidates.

    As what is missing to the largest of them: for equal ones that is 0 and not the rounding error of their mean.
    """
    zero = xp.zeros_like(overlaps)
    missing = xp.max(xp.where(candidates, overlaps, zero), axis=-1, keepdims=True) - overlaps
    missing = xp.where(candidates, missing, zero)
    count = xp.sum(astype(xp, candidates, overlaps.dtype), axis=-1, keepdims=True)
    mean = xp.sum(missing, axis=-1, keepdims=True) / at_least(xp, count, 1.0)
    away = xp.where(candidates, missing - mean, zero)
    variance = xp.sum(away * away, axis=-1, keepdims=True) / at_least(xp, count - 1.0, 1.0)
    return missing <= mean - xp.sqrt(variance)
