"""The criterion of YOLOv8 for rotated boxes: ProbIoU, distances in the frame of the box, and its angle."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import _check
from .._array import Array, Namespace, astype, namespace
from .._numerics import at, rows_at
from ..autodiff import apart, compiled
from ..losses import distribution_focal_loss, probiou_loss
from ..measures import distribution_expectation, probiou
from . import _check_scene, _yolov8
from ._learning import Knobs, Shape, Slots, learn
from ._yolov8 import NEAR_THE_END, class_cost, divisor
from .assignment import Assignment

FLATTEST = 9.0
"""(ln w/h)^2 of boxes whose angle counts 1/e."""


class YOLOv8OBBLoss(NamedTuple):
    """The parts of the criterion, times their gains, and their sum."""

    total: Array
    box: Array
    classification: Array
    distribution: Array
    angle: Array
    assignment: Assignment


def yolov8_obb_loss(
    box_logits: Array,
    class_logits: Array,
    angles: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    *,
    anchors: Array,
    strides: Array,
    floor: float = 0.01,
    num_bins: int = 16,
    gains: tuple[float, ...] = (7.5, 0.5, 1.5, 1.0),
    topk: int = 10,
    second_topk: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    least_side: float | None = None,
    metric_eps: float = 0.0,
    class_weights: Array | None = None,
    normalizer: Array | float | None = None,
    batch_scale: Array | float = 1.0,
) -> YOLOv8OBBLoss:
    r"""YOLOv8's criterion of rotated boxes (OBB), as `yolov8_detection_loss` with ProbIoU in the place of CIoU.

    .. math::

        \mathrm{box} &= \frac{7.5}{n} \sum_{a \in F} s_a (1 - \mathrm{ProbIoU}_a),
            \qquad n = \max\left(\sum_a s_a, 1\right) \\
        \mathrm{angle} &= \frac{1}{n} \sum_{a \in F} s_a\, e^{-(\ln w_a/h_a)^2/9} \sin^2(2 (\theta_a - \hat{\theta}_a))

    The anchors a of the foreground F have the scores s_a. ProbIoU_a is that of the predicted box with the object's,
    in strides, with `floor` added to the variances; theta is the angle, with a hat the object's, whose sides are
    w_a and h_a. The four distances of an anchor are those in the frame of its box; an anchor is inside of an object
    if it is inside of its rotated box. 7.5 and 1 are two of the default `gains`.

    Parameters
    ----------
    box_logits : array, shape (..., A, 4 num_bins), real dtype
    class_logits : array, shape (..., A, C), real dtype
        As of `yolov8_detection_loss`.
    angles : array, shape (..., A), real dtype
        In radians; ultralytics' head gives (sigmoid(x) - 1/4) pi.
    labels : array, shape (..., G), integers
    boxes : array, shape (..., G, 5), real dtype
    mask : array, shape (..., G), boolean
        The ground truth, padded; boxes (cx, cy, w, h, angle) in pixels and radians.
    anchors, strides, num_bins
        As of `yolov8_detection_loss`.
    floor : float >= 0, default 0.01
        Added to w^2/12 and h^2/12, in strides: bounds the slopes of small boxes.
    gains : four floats >= 0, default (7.5, 0.5, 1.5, 1)
        Of box, classification, distribution and angle.
    topk, second_topk, alpha, beta, least_side, metric_eps, class_weights, normalizer, batch_scale
        As of `yolov8_detection_loss`.

    Returns
    -------
    YOLOv8OBBLoss
        `total`, `box`, `classification`, `distribution`, `angle`: 0-d, at least float32; the total is the sum of the
        others. And the `assignment`.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is out of range.

    Notes
    -----
    The values are those of ultralytics' `v8OBBLoss` (8.4), but for its eps: ProbIoU of equal boxes is 0.9997 there. It
    takes objects with a side below 2 pixels out: do so in `mask`.

    References
    ----------
    J. Murrugarra-Llerena et al., ProbIoU, arXiv:2106.06072.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import anchor_points, yolov8_obb_loss
    >>> draw = np.random.default_rng(0)
    >>> anchors, strides = anchor_points([(4, 4), (2, 2)], (8, 16), like=np.zeros(0))
    >>> heads = draw.normal(size=(20, 64)), draw.normal(size=(20, 1)), draw.normal(size=20)
    >>> truth = np.asarray([0]), np.asarray([[15.0, 16.0, 25.0, 18.0, 0.4]]), np.asarray([True])
    >>> found = yolov8_obb_loss(*heads, *truth, anchors=anchors, strides=strides)
    >>> print(bool(found.box > 0), bool(found.angle > 0))
    True True
    """
    xp = _yolov8.check(
        *(box_logits, class_logits, labels, boxes, mask, anchors, strides),
        *(class_weights, normalizer, batch_scale, num_bins),
        width=5,
    )
    knobs = _yolov8.knobs(num_bins, gains, 4, topk, second_topk, alpha, beta, least_side, metric_eps)
    floor = _check.number("floor", floor, 0.0)
    _check_scene.beside_objects(class_logits, tuple(box_logits.shape[:-1]), (), angles=angles)
    _check.real(xp, angles=angles)
    found: Any = compiled(
        *(xp, _criterion, (knobs, floor), box_logits, class_logits, angles, labels, boxes, mask, anchors, strides),
        *(class_weights, normalizer, batch_scale),
    )
    return YOLOv8OBBLoss._make([*found[:5], Assignment(*found[5])])


def _criterion(
    knobs: Knobs,
    floor: float,
    box_logits: Array,
    class_logits: Array,
    angles: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
    class_weights: Array | None,
    normalizer: Array | float | None,
    batch_scale: Array | float,
) -> YOLOv8OBBLoss:
    heads = box_logits, class_logits, angles
    assignment, slots = apart(learn, (knobs, ROTATED), *heads, labels, boxes, mask, points, strides)
    box, distribution, angle = _box_costs(box_logits, angles, slots, knobs.bins, floor)
    classes = class_cost(class_logits, labels, assignment, class_weights)
    per = batch_scale / divisor(slots, normalizer)
    parts = [gain * cost * per for gain, cost in zip(knobs.gains, (box, classes, distribution, angle))]
    return YOLOv8OBBLoss._make([parts[0] + parts[1] + parts[2] + parts[3], *parts, assignment])


def _boxes(xp: Namespace, distances: Array, angles: Array, points: Array) -> Array:
    """Boxes (cx, cy, w, h, angle) from distances in their own frames."""
    left, top, right, bottom = [distances[..., k] for k in range(4)]
    u, v = 0.5 * (right - left), 0.5 * (bottom - top)
    cos, sin = xp.cos(angles), xp.sin(angles)
    x, y = (u * cos - v * sin) + points[..., 0], (u * sin + v * cos) + points[..., 1]
    return xp.stack((x, y, left + right, top + bottom, angles), axis=-1)


def _in_frame(xp: Namespace, points: Array, boxes: Array) -> tuple[Array, Array]:
    """The way from the points to the centres, in the frames of the boxes."""
    dx, dy = boxes[..., 0] - points[..., 0], boxes[..., 1] - points[..., 1]
    cos, sin = xp.cos(boxes[..., 4]), xp.sin(boxes[..., 4])
    return dx * cos + dy * sin, dy * cos - dx * sin


def _points_inside(xp: Namespace, points: Array, boxes: Array, mask: Array, least_side: Array | float) -> Array:
    """Whether each point (A, 2) is in each real rotated box (..., G, 5), or on its edge: booleans (..., G, A)."""
    found = mask[..., :, None]
    ways = _in_frame(xp, points, boxes[..., :, None, :])
    for k, way in zip((2, 3), ways):
        side = boxes[..., k]
        side = xp.where(side < least_side, xp.zeros_like(side) + least_side, side)
        found = found & (xp.abs(way) <= 0.5 * side[..., :, None])
    return found


def _decode(distances: Array, angles: Array, points: Array) -> Array:
    xp = namespace(distances, angles)
    return _boxes(xp, distances, astype(xp, angles, distances.dtype), points)


ROTATED = Shape(5, _decode, _points_inside, probiou)


def _box_costs(box_logits: Array, angles: Array, slots: Slots, bins: int, floor: float) -> tuple[Array, Array, Array]:
    """Sums of s (1 - ProbIoU), of s DFL and of s times what angles cost."""
    xp, base = namespace(box_logits, angles), namespace(slots.score)
    logits = rows_at(xp, box_logits, slots.places)
    logits = xp.reshape(logits, (*logits.shape[:-1], 4, bins))
    turned = at(xp, angles, slots.places)
    pred = _boxes(xp, distribution_expectation(logits), turned, slots.points)
    box = probiou_loss(
        _larger(xp, pred, floor), _larger(base, slots.boxes, floor), weights=slots.score, reduction="sum"
    )
    u, v = _in_frame(base, slots.points, slots.boxes)
    half_w, half_h = 0.5 * slots.boxes[..., 2], 0.5 * slots.boxes[..., 3]
    distances = base.stack((half_w - u, half_h - v, half_w + u, half_h + v), axis=-1)
    distances = base.clip(distances, 0.0, bins - 1 - NEAR_THE_END)
    weights = base.broadcast_to(0.25 * slots.score[..., None], distances.shape)
    distribution = distribution_focal_loss(logits, distances, weights=weights, reduction="sum")
    sine = xp.sin(2.0 * (turned - slots.boxes[..., 4]))
    return box, distribution, xp.sum(sine * sine * _sharpness(base, slots))


def _larger(xp: Namespace, boxes: Array, floor: float) -> Array:
    """Boxes whose variances, w^2/12 and h^2/12, are larger by `floor`."""
    if floor == 0.0:
        return boxes
    sides = xp.sqrt(boxes[..., 2:4] * boxes[..., 2:4] + 12.0 * floor)
    return xp.concat((boxes[..., :2], sides, boxes[..., 4:]), axis=-1)


def _sharpness(xp: Namespace, slots: Slots) -> Array:
    """The score of each slot times e^(-(ln w/h)^2/9)."""
    sides = slots.boxes[..., 2:4]
    some = (sides[..., 0] > 0.0) & (sides[..., 1] > 0.0) & slots.there
    one = xp.ones_like(slots.score)
    ratio = xp.log(xp.where(some, sides[..., 0], one)) - xp.log(xp.where(some, sides[..., 1], one))
    return xp.where(some, slots.score * xp.exp(-ratio * ratio / FLATTEST), xp.zeros_like(one))
