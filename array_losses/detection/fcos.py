"""FCOS: focal loss of the classes of all points; losses of box and quality of those that stand for an object."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from .. import _check
from .._array import Array, DType, Namespace, astype, computing_dtype, namespace
from .._numerics import reciprocal_or_zero
from ..autodiff import apart, compiled, constant
from ..coding import boxes_to_distances, distances_to_boxes
from ..losses import giou_loss, iou_loss, sigmoid_binary_cross_entropy, sigmoid_focal_loss
from ..measures import iou
from . import _check_scene, _heads
from ._heads import Normalizer
from ._places import in_levels
from .assignment import Assignment, matched
from .fcos_assignment import Ranges, fcos_assign

RANGES = ((0.0, 64.0), (64.0, 128.0), (128.0, 256.0), (256.0, 512.0), (512.0, math.inf))


class FCOSLoss(NamedTuple):
    """What `fcos_loss` returns."""

    total: Array
    """(): the sum of the components."""
    classification: Array
    """(): its gain times the focal loss of all points."""
    box: Array
    """(): its gain times the loss of the boxes of the foreground."""
    quality: Array
    """(): its gain times the cross-entropy of their centerness, or IoU."""
    assignment: Assignment
    """Which object each point stands for, each field (..., A)."""


class _Options(NamedTuple):
    level_sizes: tuple[int, ...]
    ranges: Ranges
    radius: float | None
    box_loss: str
    quality: str
    weigh_boxes: bool
    alpha: float | None
    gamma: float
    gains: tuple[float, ...]


class _Goals(NamedTuple):
    assignment: Assignment
    classes: Array
    boxes: Array
    quality: Array
    normalizer: Array | float


def fcos_loss(
    class_logits: Array,
    distances: Array,
    centerness_logits: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    *,
    points: Array,
    strides: Array,
    level_sizes: tuple[int, ...],
    ranges: Ranges = RANGES,
    radius: float | None = 1.5,
    box_loss: str = "giou",
    quality: str = "centerness",
    weigh_boxes: bool = False,
    alpha: float | None = 0.25,
    gamma: float = 2.0,
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0),
    normalizer: Normalizer = None,
    box_normalizer: Normalizer = None,
) -> FCOSLoss:
    r"""FCOS's criterion: (sum of focal losses + sums of box and quality losses of the positives) / number of positives.

    .. math::

        \mathrm{classification} &= \frac{1}{N} \sum_a \sum_k \mathrm{FL}(p_{ak}, y_{ak}),
            \qquad \mathrm{box} = \frac{1}{N} \sum_{a \in F} (1 - \mathrm{GIoU}_a) \\
        \mathrm{quality} &= \frac{1}{N} \sum_{a \in F} \mathrm{BCE}(q_a, c_a),
            \qquad c = \sqrt{\frac{\min(l, r)}{\max(l, r)} \, \frac{\min(t, b)}{\max(t, b)}}

    A point near the centre of an object, of the level that its size belongs to, stands for it (`fcos_assign`): F
    are these points, N their number. FL is `sigmoid_focal_loss` of the probability p_ak of class k, y_ak is 1 for
    the class of the point's object and else 0; GIoU_a is that of the predicted box with the object's. The
    centerness c_a, from the distances l, t, r and b to the object's edges, says how well the point is placed to
    know, and the probability q_a should say it (BCE is the binary cross-entropy); its product with the score of the
    class ranks detections. Each part is multiplied by its gain, 1 by default.

    Parameters
    ----------
    class_logits : array, shape (..., A, C), real dtype
        Scores of C classes before the sigmoid, for A points. The leading axes are the batch.
    distances : array, shape (..., A, 4), real dtype
        From each point to the left, top, right and bottom edge, in strides: after the head's relu or exponential.
    centerness_logits : array, shape (..., A), real dtype
        Before the sigmoid.
    labels : array, shape (..., G), integers
        The classes of the objects, from 0. One outside of [0, C) is an object of no class.
    boxes : array, shape (..., G, 4), real dtype
        Their boxes (x1, y1, x2, y2), in pixels.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    points : array, shape (A, 2), real dtype
        (x, y) of the points in pixels (`anchor_points`), level by level.
    strides : array, shape (A,), real dtype
        Pixels between neighbours of their level.
    level_sizes : tuple of int
        How many points each level has.
    ranges, radius
        Those of `fcos_assign`.
    box_loss : {"giou", "iou"}, default "giou"
        `giou_loss`, or `iou_loss` with ``form="log"``.
    quality : {"centerness", "iou"}, default "centerness"
        What `centerness_logits` should say: the centerness, or the IoU of the predicted box, taken as a constant.
    weigh_boxes : bool, default False
        Take the mean of the box losses weighted by the quality that they should have.
    alpha, gamma
        Those of `sigmoid_focal_loss`.
    gains : three floats >= 0, default (1, 1, 1)
        Factors of classification, box and quality.
    normalizer : number or array of shape (), optional
        What to divide by instead of the number of positives of the batch, at least 1: the number over all devices, say.
        Of 0, everything is 0.
    box_normalizer : number or array of shape (), optional
        What to divide the box losses by; by default as the others, or with `weigh_boxes` by the sum of qualities.

    Returns
    -------
    FCOSLoss
        `total`, the sum of `classification`, `box` and `quality`, all of shape () and at least float32, and the
        `assignment`.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown or out of range.

    Notes
    -----
    Without objects, the classes of all points are background, box and quality losses are 0, and the divisor is 1. No
    gradient flows through the assignment, and none to objects or points.

    Other projects: torchvision has these defaults; detectron2, too, but divides by a moving average of the positives,
    to be passed as `normalizer`. The authors' code and mmdetection: ``box_loss="iou", weigh_boxes=True, radius=None``,
    the radius being an option. PaddleDetection offers both qualities; its division is 0/0 in an image without objects.

    References
    ----------
    Z. Tian et al., "FCOS: Fully Convolutional One-Stage Object Detection", ICCV 2019, arXiv:1904.01355.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import fcos_loss
    >>> points, strides = np.asarray([[4.0, 4.0], [12.0, 4.0]]), np.asarray([8.0, 8.0])
    >>> box, there = np.asarray([[0.0, 0.0, 8.0, 16.0]]), np.asarray([True])  # 4, 4, 4 and 12 from the first point
    >>> found = fcos_loss(np.zeros((2, 1)), np.ones((2, 4)), np.zeros(2), np.asarray([0]), box, there,
    ...                   points=points, strides=strides, level_sizes=(2,), ranges=((0.0, 64.0),))
    >>> print(found.classification.round(6), found.box.round(6), found.quality.round(6))
    0.173287 0.766667 0.693147

    (1/4 + 3/4) ln 2 / 4; the predicted box (-4, -4, 12, 12) costs 1 - 96/288 + 32/320; ln 2.
    """
    outputs = {"distances": (distances, (4,)), "centerness_logits": (centerness_logits, ())}
    places = {"points": (points, (2,)), "strides": (strides, ())}
    xp = _heads.check(class_logits, labels, boxes, mask, outputs, places)
    _check.one_of("box_loss", box_loss, ("giou", "iou"))
    _check.one_of("quality", quality, ("centerness", "iou"))
    options = _Options(
        in_levels(int(class_logits.shape[-2]), level_sizes),
        _hashable(ranges),
        radius,
        box_loss,
        quality,
        bool(weigh_boxes),
        None if alpha is None else _check.number("alpha", alpha, 0.0, 1.0),
        _check.number("gamma", gamma, 0.0),
        _check_scene.factors("gains", gains, 3),
    )
    _check_scene.one_number(class_logits, normalizer=normalizer, box_normalizer=box_normalizer)
    arrays = (class_logits, distances, centerness_logits, labels, boxes, mask, points, strides)
    found: FCOSLoss = compiled(xp, _loss, (options,), *arrays, normalizer, box_normalizer)
    return found


def _hashable(ranges: Any) -> Any:
    """The ranges as tuples, if they are what `fcos_assign` will take."""
    if not isinstance(ranges, list | tuple):
        return ranges
    return tuple([tuple(pair) if isinstance(pair, list) else pair for pair in ranges])


def _loss(
    options: _Options,
    class_logits: Array,
    distances: Array,
    centerness_logits: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
    normalizer: Normalizer,
    box_normalizer: Normalizer,
) -> FCOSLoss:
    dtype = computing_dtype(namespace(boxes), class_logits, distances, centerness_logits)
    static = (options, int(class_logits.shape[-1]), dtype)
    goals: _Goals = apart(_learn, static, distances, labels, boxes, mask, points, strides, normalizer)
    where = goals.assignment.foreground
    pred = _decoded(distances, constant(points), constant(strides))
    shared: Any = {"normalizer": goals.normalizer, "reduction": "mean"}
    of_boxes: Any = {"where": where, "reduction": "mean", "normalizer": box_normalizer}
    if options.weigh_boxes:
        of_boxes["weights"] = goals.quality
    elif box_normalizer is None:
        of_boxes["normalizer"] = goals.normalizer
    box = (
        giou_loss(pred, goals.boxes, **of_boxes)
        if options.box_loss == "giou"
        else iou_loss(pred, goals.boxes, form="log", **of_boxes)
    )
    classification = sigmoid_focal_loss(class_logits, goals.classes, alpha=options.alpha, gamma=options.gamma, **shared)
    quality = sigmoid_binary_cross_entropy(centerness_logits, goals.quality, where=where, **shared)
    parts = (classification, box, quality)
    classification, box, quality = [gain * part for gain, part in zip(options.gains, parts)]
    return FCOSLoss(classification + box + quality, classification, box, quality, goals.assignment)


def _learn(
    options: _Options,
    classes: int,
    dtype: DType,
    distances: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
    normalizer: Normalizer,
) -> _Goals:
    xp = namespace(boxes)
    labels, boxes = _heads.real_ones(xp, labels, boxes, mask)
    found = fcos_assign(
        points,
        strides,
        boxes,
        mask,
        level_sizes=options.level_sizes,
        ranges=options.ranges,
        radius=options.radius,
    )
    target = matched(xp, boxes, found.index)
    if options.quality == "centerness":
        quality = _centerness(xp, boxes_to_distances(points, target))
    else:
        quality = iou(_decoded(distances, points, strides), target)
    return _Goals(
        found,
        _heads.class_targets(xp, classes, labels, found, dtype),
        target,
        astype(xp, xp.where(found.foreground, quality, xp.zeros_like(quality)), dtype),
        _heads.count(xp, found.foreground, dtype) if normalizer is None else normalizer,
    )


def _decoded(distances: Array, points: Array, strides: Array) -> Array:
    return distances_to_boxes(points, distances * strides[:, None])


def _centerness(xp: Namespace, distances: Array) -> Array:
    """The square root of the smaller over the larger distance along both axes; 0 outside of the box."""
    left, top, right, bottom = [distances[..., i] for i in range(4)]
    product = xp.ones_like(left)
    for a, b in ((left, right), (top, bottom)):
        small, large = xp.minimum(a, b), xp.maximum(a, b)
        inside = small > 0.0
        product = (
            product
            * xp.where(inside, small, xp.zeros_like(small))
            * reciprocal_or_zero(xp, xp.where(inside, large, xp.zeros_like(large)))
        )
    return xp.sqrt(product)
