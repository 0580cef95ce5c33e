"""Task-aligned assignment: anchors whose scores and boxes both fit an object learn it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from .. import _check
from .._array import Array, Namespace, astype, computing_dtype, is_numpy, namespace, numpy_views, to_index
from .._layout import each_column
from .._numerics import among, device_of, one_hot, power, reciprocal_or_zero, smallest_normal
from ..autodiff import apart, compiled
from ..measures import ciou
from . import _check_scene
from ._pairs import Pairs, align_pairs
from .assignment import Assignment, chosen_top_k, first_true, matched


def task_aligned_assign(
    scores: Array,
    pred_boxes: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    *,
    points: Array,
    topk: int = 10,
    alpha: float = 0.5,
    beta: float = 6.0,
    second_topk: int | None = None,
    least_side: float | Array = 0.0,
    metric_eps: float = 0.0,
) -> Assignment:
    r"""Assign to each object the `topk` anchors inside of it of the largest metric t = s^alpha u^beta.

    .. math::

        t_{ga} &= s_{ga}^\alpha u_{ga}^\beta, \qquad u_{ga} = \max(\mathrm{CIoU}_{ga}, 0) \\
        \mathrm{score}_a &= t_{ga} \frac{\max_b u_{gb}}{\max_b t_{gb} + \epsilon}

    s_ga is the score that anchor a has of the class of object g, CIoU_ga that of their boxes. An anchor that
    several objects have chosen goes to the one with which it has the largest u. The largest u and t are those of
    the anchors b that the object got in the end: its largest score is its largest u. epsilon is `metric_eps`.

    Parameters
    ----------
    scores : array, shape (..., A, C), real dtype
        Scores of C classes in [0, 1].
    pred_boxes : array, shape (..., A, 4), real dtype
        The anchors' boxes (x1, y1, x2, y2).
    labels : array, shape (..., G), integers
        The classes of the objects.
    boxes : array, shape (..., G, 4), real dtype
        Their boxes, in the unit of the anchors' boxes and points.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    points : array, shape (A, 2), real dtype
        Where the anchors are. One on an edge of an object is not inside.
    topk : int, default 10
        How many anchors an object may choose.
    alpha, beta : float >= 0, default 0.5 and 6
        The exponents.
    second_topk : int, optional
        How many anchors an object keeps of those that it got in the end; all by default. 1 is one to one.
    least_side : float or 0-d array, default 0
        Objects with shorter sides have anchors inside as if they were so long.
    metric_eps : float >= 0, default 0
        Added to the largest t of an object before the scores are divided by it.

    Returns
    -------
    Assignment
        `foreground`, `index`, `score`, `ignored` (nothing), each of shape (..., A). Without gradients.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is out of range.

    Notes
    -----
    Of equal anchors, or objects, the first has the advantage. An anchor whose t is 0, or NaN, is never chosen: one that
    overlaps the object with a CIoU of 0 or less is not. An object may remain without an anchor.

    Other projects: ultralytics' `v8DetectionLoss` has these defaults, and takes for `least_side` the second stride; it
    fills up the `topk` with anchors whose t is 0, whose scores are then 0; has ``metric_eps=1e-9``. mmdetection,
    PaddleDetection and super-gradients: ``topk=13, alpha=1.0`` and IoU in place of CIoU.

    References
    ----------
    C. Feng et al., TOOD, ICCV 2021, arXiv:2108.07755.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import task_aligned_assign
    >>> points = np.asarray([[2.0, 2.0], [6.0, 2.0], [9.0, 9.0]])
    >>> pred = np.asarray([[0.0, 0.0, 8.0, 4.0], [0.0, 0.0, 8.0, 5.0], [5.0, 5.0, 9.0, 9.0]])
    >>> found = task_aligned_assign(np.asarray([[0.5], [0.8], [0.9]]), pred, np.asarray([0]),
    ...                             np.asarray([[0.0, 0.0, 8.0, 4.0]]), np.asarray([True]), points=points)
    >>> print(found.foreground, found.index, found.score.round(3))
    [ True  True False] [0 0 0] [1.    0.325 0.   ]
    """
    xp = _check_scene.predictions(scores, pred_boxes, labels, boxes, mask, points)
    static = (
        *(_check.at_least_one("topk", topk), _check.number("alpha", alpha, 0.0), _check.number("beta", beta, 0.0)),
        None if second_topk is None else _check.at_least_one("second_topk", second_topk),
        _check.number("metric_eps", metric_eps, 0.0),
    )
    arrays = scores, pred_boxes, labels, boxes, mask, points, least_side
    found: Any = compiled(xp, apart, (_assign, static), *arrays)
    return Assignment(*found)


def _assign(
    topk: int,
    alpha: float,
    beta: float,
    second_topk: int | None,
    eps: float,
    scores: Array,
    pred_boxes: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    least_side: float | Array,
) -> Assignment:
    xp = namespace(scores, pred_boxes, boxes)
    dtype = computing_dtype(xp, scores, pred_boxes, boxes)
    boxes = xp.where(mask[..., None], boxes, xp.zeros_like(boxes))
    inside = points_inside(xp, points, boxes, mask, least_side)
    views = numpy_views(xp, scores, pred_boxes, labels, boxes, inside)
    if views is not None:
        base = namespace(*views)
        metric = partial(metric_of, base, alpha, beta)
        alike = computing_dtype(base, views[0], views[1], views[3])
        found = _in_pairs(base, alike, metric, topk, second_topk, eps, *views)
        return found if is_numpy(xp) else Assignment(*[xp.asarray(x) for x in found])
    overlaps = at_least_0(xp, ciou(boxes[..., :, None, :], pred_boxes[..., None, :, :]), inside, dtype)
    own = astype(xp, scores_of_labels(xp, scores, labels), dtype)
    return align(xp, own, overlaps, inside, topk, alpha, beta, second_topk, eps)


def _in_pairs(
    xp: Namespace,
    dtype: Any,
    metric: Callable[..., Array],
    topk: int,
    second_topk: int | None,
    eps: float,
    scores: Array,
    pred_boxes: Array,
    labels: Array,
    boxes: Array,
    inside: Array,
) -> Assignment:
    """The same of NumPy arrays, for the pairs of an object and an anchor inside of it alone."""
    leading, objects, anchors, classes = inside.shape[:-2], inside.shape[-2], inside.shape[-1], scores.shape[-1]
    size = math.prod(leading), objects, anchors
    pairs = Pairs.of(inside.reshape(size))
    overlaps = ciou(boxes.reshape(-1, 4)[pairs.objects], pred_boxes.reshape(-1, 4)[pairs.anchors])
    overlaps = at_least_0(xp, overlaps, overlaps == overlaps, dtype)
    own = among(xp, labels.reshape(-1)[pairs.objects], classes)
    given = scores.reshape(-1, classes)[pairs.anchors, own] if classes else xp.zeros_like(overlaps)
    found = align_pairs(pairs, size, astype(xp, given, dtype), overlaps, metric, topk, second_topk, eps)
    return Assignment(*[x.reshape(*leading, anchors) for x in found])


def points_inside(xp: Namespace, points: Array, boxes: Array, mask: Array, least_side: float | Array) -> Array:
    """Whether each point (A, 2) lies inside of each real box (..., G, 4): booleans (..., G, A)."""
    found = mask[..., :, None]
    for k, places in enumerate(each_column(xp, points)):
        low, high = boxes[..., k], boxes[..., k + 2]
        if not (isinstance(least_side, (int, float)) and least_side <= 0):
            centre = 0.5 * (low + high)
            short = (high - low) < least_side
            low = xp.where(short, centre - 0.5 * least_side, low)
            high = xp.where(short, centre + 0.5 * least_side, high)
        found = found & (places > low[..., :, None]) & (places < high[..., :, None])
    return found


def scores_of_labels(xp: Namespace, scores: Array, labels: Array) -> Array:
    """From scores (..., A, C) those of the classes of G objects, (..., G, A). Labels beyond C count as the nearest."""
    places = among(xp, to_index(xp, labels), scores.shape[-1])
    return matched(xp, xp.matrix_transpose(scores), places)


def at_least_0(xp: Namespace, overlaps: Array, inside: Array, dtype: Any) -> Array:
    """Overlaps of anchors inside, and 0 for others and in place of what is negative or NaN."""
    zero = xp.zeros_like(overlaps)
    return astype(xp, xp.where(inside & (overlaps > 0.0), overlaps, zero), dtype)


def align(
    xp: Namespace,
    scores: Array,
    overlaps: Array,
    inside: Array,
    topk: int,
    alpha: float,
    beta: float,
    second_topk: int | None,
    eps: float,
) -> Assignment:
    """The assignment from the scores, not negative overlaps and candidates of G objects, each (..., G, A)."""
    zero = xp.zeros_like(overlaps)
    leading, objects, anchors = overlaps.shape[:-2], overlaps.shape[-2], overlaps.shape[-1]
    if not objects or not anchors:
        nothing = xp.zeros((*leading, anchors), dtype=xp.bool, device=device_of(xp, overlaps))
        return Assignment(
            nothing, to_index(xp, astype(xp, nothing, xp.int32)), astype(xp, nothing, zero.dtype), nothing
        )
    metric = metric_of(xp, alpha, beta, xp.where(inside, scores, zero), overlaps)
    chosen = chosen_top_k(xp, _candidates(xp, metric, metric > 0.0), topk)
    count = xp.sum(astype(xp, chosen, metric.dtype), axis=-2)
    largest = xp.max(overlaps, axis=-2)[..., None, :]
    index = first_true(xp, xp.where(count[..., None, :] > 1.0, overlaps == largest, chosen))
    own = one_hot(xp, index, overlaps, axis=-2) & (count[..., None, :] > 0.0)
    if second_topk is not None and second_topk != topk:
        own = own & chosen_top_k(xp, _candidates(xp, metric, own), second_topk)
    kept = xp.where(own, metric, zero)
    largest = xp.max(xp.where(own, overlaps, zero), axis=-1)
    scale = largest * reciprocal_or_zero(xp, xp.max(kept, axis=-1) + eps)
    score = xp.max(kept * scale[..., None], axis=-2)
    foreground = xp.any(own, axis=-2)
    index = xp.where(foreground, index, xp.zeros_like(index))
    return Assignment(foreground, index, score, xp.zeros_like(foreground))


def metric_of(xp: Namespace, alpha: float, beta: float, scores: Array, overlaps: Array) -> Array:
    """s^alpha u^beta, and 0 where that is not a normal number above 0."""
    zero = xp.zeros_like(overlaps)
    scores = xp.where(scores > 0.0, scores, zero)
    overlaps = xp.where(scores > 0.0, overlaps, zero)
    metric = (xp.sqrt(scores) if alpha == 0.5 else power(xp, scores, alpha)) * power(xp, overlaps, beta)
    return xp.where((overlaps > 0.0) & (metric >= smallest_normal(xp, metric)), metric, zero)


def _candidates(xp: Namespace, metric: Array, which: Array) -> Array:
    """The metric where it may be chosen, -inf elsewhere."""
    return xp.where(which, metric, xp.full_like(metric, -math.inf))
