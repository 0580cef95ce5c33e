"""SimOTA: objects take the predictions that suit them at the least cost, the more of them the better those fit."""

from __future__ import annotations

import math
import sys
from typing import Any

from .. import _check
from .._array import Array, DType, Namespace, astype, is_jax, is_torch, to_index
from .._numerics import at_least, one_hot, smallest_normal
from ..autodiff import compiled, constant
from ..measures import iou
from . import _check_scene
from ._places import background, constants, edge_distances, inside, near_middle, points_and_strides, real_boxes
from .assignment import Assignment, first_largest
from .task_aligned import scores_of_labels

REGIONS = ("center", "box and center")
LEAST_LOG = -100.0
TINY_IOU = 1e-8


def simota_assign(
    scores: Array,
    pred_boxes: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    *,
    points: Array,
    strides: Array,
    candidates: int = 10,
    radius: float = 1.5,
    iou_weight: float = 3.0,
    region: str = "center",
) -> Assignment:
    r"""Assign to each object the anchors of least cost, as many as its best IoUs add up to.

    .. math::

        \mathrm{cost}_{ga} &= -\ln s_{a k_g} - \sum_{k \ne k_g} \ln(1 - s_{ak})
            - \lambda \ln(\mathrm{IoU}_{ga} + 10^{-8}) \\
        n_g &= \max\left(1, \left\lfloor \sum_{a \in \mathrm{top}_g} \mathrm{IoU}_{ga} \right\rfloor\right)

    s_ak is the score that anchor a has of class k, k_g the class of object g, lambda `iou_weight`; top_g are the
    `candidates` anchors of the largest IoU with g. The object takes n_g anchors: those around its centre first,
    then others.

    Parameters
    ----------
    scores : array, shape (..., A, C), real dtype
        Scores of C classes in [0, 1], as they enter the cross entropy: the root of class times objectness in YOLOX.
    pred_boxes : array, shape (..., A, 4), real dtype
        The anchors' boxes (x1, y1, x2, y2).
    labels : array, shape (..., G), integers
        The classes of the objects.
    boxes : array, shape (..., G, 4), real dtype
        Their boxes, in the unit of the anchors' boxes, points and strides.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    points : array, shape (A, 2), real dtype
        Where the anchors are.
    strides : array, shape (A,), real dtype
        Their strides.
    candidates : int, default 10
        How many IoUs are added up.
    radius : float > 0, default 1.5
        Points nearer than so many strides to the centre of an object, along both axes, are around it.
    iou_weight : float >= 0, default 3
        Of the IoU in the cost.
    region : {"center", "box and center"}, default "center"
        Which anchors take part: those around the centre of any object, or those in the box of any too; the latter
        come first for an object if they are around its centre and in its box.

    Returns
    -------
    Assignment
        `foreground`, `index`, `score` (the IoU with the object), `ignored` (nothing), each of shape (..., A). Without
        gradients.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown or out of range.

    Notes
    -----
    Of anchors of equal cost the first is taken. An anchor that several objects have taken goes to that of all objects
    for which it costs the least, of equal ones to the first; an object may remain without an anchor so. Where fewer
    anchors than k take part, all are taken. An anchor with a NaN among its scores or in its box takes no part, nor does
    an object with one in its box. Logarithms end at -100, as PyTorch's cross entropy has it. The largest IoUs are added
    from the largest down, so that k is the same in every library.

    Other projects: YOLOX has these defaults; its older versions, and mmdetection's `SimOTAAssigner`,
    ``radius=2.5, region="box and center"``. mmdetection gives the scores without the root. YOLOX fails where
    fewer than k anchors take part; mmdetection's IoU has 1e-7 added.

    References
    ----------
    Z. Ge et al., YOLOX, arXiv:2107.08430, section 2.2; OTA: arXiv:2103.14259.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import simota_assign
    >>> points, strides = np.asarray([[4.0, 4.0], [12.0, 4.0], [20.0, 4.0]]), np.asarray([8.0, 8.0, 8.0])
    >>> pred = np.asarray([[0.0, 0.0, 16.0, 8.0], [0.0, 0.0, 12.0, 8.0], [0.0, 0.0, 16.0, 8.0]])
    >>> found = simota_assign(np.asarray([[0.5], [0.9], [0.9]]), pred, np.asarray([0]),
    ...                       np.asarray([[0.0, 0.0, 16.0, 8.0]]), np.asarray([True]), points=points, strides=strides)
    >>> print(found.foreground, found.score)  # IoU 1 and .75: one of .69 and .11 + .86; the third is too far away
    [ True False False] [1. 0. 0.]
    """
    xp = _check_scene.predictions(scores, pred_boxes, labels, boxes, mask, points)
    _check.beside(points, strides=strides)
    points_and_strides(xp, points, strides)
    _check.one_of("region", region, REGIONS)
    static = (
        *(_check.at_least_one("candidates", candidates), _check.positive("radius", radius)),
        *(_check.number("iou_weight", iou_weight, 0.0), region),
    )
    found: Any = compiled(xp, _assign, static, scores, pred_boxes, labels, boxes, mask, points, strides)
    return Assignment(*found)


def _assign(
    candidates: int,
    radius: float,
    iou_weight: float,
    region: str,
    scores: Array,
    pred_boxes: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
) -> Assignment:
    xp, dtype, (scores, pred_boxes, boxes, points, strides) = constants(scores, pred_boxes, boxes, points, strides)
    if not boxes.shape[-2] or not points.shape[0]:
        return background(xp, boxes, (*boxes.shape[:-2], points.shape[0]), dtype)
    labels, mask = constant(labels), constant(mask)
    boxes, real = real_boxes(xp, boxes, mask), mask[..., :, None]
    around = real & near_middle(xp, points, boxes, radius * strides)
    preferred = part = around
    if region != "center":
        within = real & inside(edge_distances(points, boxes))
        preferred, part = around & within, around | within
    overlaps = iou(boxes[..., :, None, :], pred_boxes[..., None, :, :])
    sound = xp.all(scores == scores, axis=-1)[..., None, :] & (overlaps == overlaps)
    usable = real & xp.any(part, axis=-2)[..., None, :] & sound
    overlaps = xp.where(usable, overlaps, xp.zeros_like(overlaps))
    cost = _class_cost(xp, scores, labels) - iou_weight * xp.log(overlaps + TINY_IOU)
    # More than any cost without it, and yet not so much that no digits of the cost are left.
    apart = 1.0 - LEAST_LOG * (scores.shape[-1] + 1) - iou_weight * math.log(TINY_IOU)
    merit = xp.where(usable, xp.where(preferred, -cost, -cost - apart), xp.full_like(cost, -math.inf))
    return _matched(xp, merit, overlaps, candidates, dtype)


def _matched(xp: Namespace, merit: Array, overlaps: Array, candidates: int, dtype: DType) -> Assignment:
    """From merits, -inf for what takes no part, and overlaps, 0 there, both (..., G, A)."""
    taken = _taken(xp, merit, _largest_sum(xp, overlaps, candidates), candidates)
    count = xp.sum(astype(xp, taken, dtype), axis=-2)
    first = first_largest(xp, astype(xp, taken, dtype), -2)
    index = xp.where(count > 1.0, first_largest(xp, merit, -2), first)
    foreground = count > 0.0
    own = one_hot(xp, index, overlaps, axis=-2) & foreground[..., None, :]
    score = xp.sum(xp.where(own, overlaps, xp.zeros_like(overlaps)), axis=-2)
    index = to_index(xp, xp.where(foreground, index, xp.zeros_like(index)))
    return Assignment(foreground, index, score, xp.zeros_like(foreground))


def _class_cost(xp: Namespace, scores: Array, labels: Array) -> Array:
    """The cross entropy of A anchors' scores, (..., A, C), for each of G labels: (..., G, A)."""
    scores = xp.clip(scores, 0.0, 1.0)
    right, wrong = _log(xp, scores), _log(xp, 1.0 - scores)
    return scores_of_labels(xp, wrong - right, labels) - xp.sum(wrong, axis=-1)[..., None, :]


def _log(xp: Namespace, x: Array) -> Array:
    least = xp.full_like(x, LEAST_LOG)
    return xp.where(x > 0.0, xp.maximum(xp.log(at_least(xp, x, smallest_normal(xp, x))), least), least)


def _largest_sum(xp: Namespace, overlaps: Array, count: int) -> Array:
    """The sum of the largest entries of each row, from the largest down."""
    count = min(count, overlaps.shape[-1])
    if is_torch(xp):
        largest = overlaps.topk(count, dim=-1).values
    elif is_jax(xp):
        largest = sys.modules["jax"].lax.top_k(overlaps, count)[0]
    else:
        largest = xp.sort(overlaps, axis=-1, descending=True)[..., :count]
    total = largest[..., 0]
    for i in range(1, count):
        total = total + largest[..., i]
    return total


def _taken(xp: Namespace, merit: Array, total: Array, most: int) -> Array:
    """Which entries are among the largest of their row, of equal ones the first: one, or as many as `total` says."""
    left, taken = merit, None
    for i in range(min(most, merit.shape[-1])):
        here = one_hot(xp, xp.argmax(left, axis=-1), left) & (left > -math.inf)
        left = xp.where(here, xp.full_like(left, -math.inf), left)
        # The sum of n overlaps of 1 is n to the last bit, so that nothing is lost where it is compared as it is.
        here = here if taken is None else here & (total >= i + 1.0)[..., None]
        taken = here if taken is None else taken | here
    return taken
