"""The criterion of YOLOv8 for poses: detection, keypoints by their OKS, and whether they can be seen."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import _check
from .._array import Array, astype, namespace
from .._numerics import rows_at
from ..autodiff import apart, compiled
from ..losses import oks_loss, sigmoid_binary_cross_entropy
from . import _check_scene, _yolov8
from ._learning import LEVEL, Knobs, Slots, learn
from ._yolov8 import box_costs, class_cost, divisor, foreground_divisor
from .assignment import Assignment, matched


class YOLOv8PoseLoss(NamedTuple):
    """The parts of the criterion, times their gains, and their sum."""

    total: Array
    box: Array
    classification: Array
    distribution: Array
    keypoints: Array
    visibility: Array
    assignment: Assignment


def yolov8_pose_loss(
    box_logits: Array,
    class_logits: Array,
    keypoint_outputs: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    keypoints: Array,
    visible: Array,
    *,
    anchors: Array,
    strides: Array,
    sigmas: tuple[float, ...],
    num_bins: int = 16,
    gains: tuple[float, ...] = (7.5, 0.5, 1.5, 12.0, 1.0),
    topk: int = 10,
    second_topk: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    least_side: float | None = None,
    metric_eps: float = 0.0,
    class_weights: Array | None = None,
    normalizer: Array | float | None = None,
    foreground_count: Array | float | None = None,
    batch_scale: Array | float = 1.0,
) -> YOLOv8PoseLoss:
    r"""YOLOv8's criterion of poses: `yolov8_detection_loss`, and for each anchor of the foreground its keypoints.

    .. math::

        \mathrm{keypoints} &= \frac{12}{N} \sum_{a \in F} (1 - \mathrm{OKS}_a) \\
        \mathrm{visibility} &= \frac{1}{N K} \sum_{a \in F} \sum_{k=1}^K \mathrm{BCE}(v_{ak}, \hat{v}_{ak})

    F is the foreground, of N anchors; OKS_a is `oks` of the K predicted keypoints with the object's, by the area of
    its box. v_ak is the probability that the third output gives to keypoint k, with a hat 1 where it is labelled
    and else 0; BCE is the binary cross-entropy. A keypoint lies at (2 x + c - 1/2) strides, x being its output and
    c the anchor in strides. 12 and 1 are two of the default `gains`.

    Parameters
    ----------
    box_logits : array, shape (..., A, 4 num_bins), real dtype
    class_logits : array, shape (..., A, C), real dtype
        As of `yolov8_detection_loss`.
    keypoint_outputs : array, shape (..., A, K, 2) or (..., A, K, 3), real dtype
        What the head gives for each keypoint: x, y, and the logit of being visible.
    labels : array, shape (..., G), integers
    boxes : array, shape (..., G, 4), real dtype
    mask : array, shape (..., G), boolean
        The ground truth, padded, as of `yolov8_detection_loss`.
    keypoints : array, shape (..., G, K, 2), real dtype
        Those of the objects, in pixels.
    visible : array, shape (..., G, K), boolean
        Which of them are labelled. The others are never looked at.
    anchors, strides, num_bins
        As of `yolov8_detection_loss`.
    sigmas : K floats > 0
        As of `oks_loss`; `COCO_SIGMAS` for persons.
    gains : five floats >= 0, default (7.5, 0.5, 1.5, 12, 1)
        Of box, classification, distribution, keypoints and visibility.
    topk, second_topk, alpha, beta, least_side, metric_eps, class_weights, normalizer, batch_scale
        As of `yolov8_detection_loss`.
    foreground_count : float or 0-d array, optional
        Takes the place of the number of anchors in the foreground, at least 1.

    Returns
    -------
    YOLOv8PoseLoss
        `total`, `box`, `classification`, `distribution`, `keypoints`, `visibility`: 0-d, at least float32; the total
        is the sum of the others. And the `assignment`.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is out of range.

    Notes
    -----
    An object without a labelled keypoint has nothing to learn of keypoints, and counts in N. Without a third output
    `visibility` is 0. The values are those of ultralytics' `v8PoseLoss` (8.4) where each object has `topk` anchors
    whose metric is above 0: there others fill up the foreground, and N with it.

    References
    ----------
    D. Maji et al., YOLO-Pose, arXiv:2204.06806.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import anchor_points, yolov8_pose_loss
    >>> draw = np.random.default_rng(0)
    >>> anchors, strides = anchor_points([(4, 4), (2, 2)], (8, 16), like=np.zeros(0))
    >>> heads = draw.normal(size=(20, 64)), draw.normal(size=(20, 1)), draw.normal(size=(20, 2, 3))
    >>> truth = np.asarray([0]), np.asarray([[2.0, 3.0, 27.0, 30.0]]), np.asarray([True])
    >>> points, visible = np.asarray([[[8.0, 8.0], [20.0, 9.0]]]), np.asarray([[True, False]])
    >>> found = yolov8_pose_loss(*heads, *truth, points, visible, anchors=anchors, strides=strides, sigmas=(0.5, 0.5))
    >>> print(bool(found.keypoints > 0), bool(found.total > found.box + found.classification))
    True True
    """
    xp = _yolov8.check(
        *(box_logits, class_logits, labels, boxes, mask, anchors, strides),
        *(class_weights, normalizer, batch_scale, num_bins),
    )
    _check_scene.one_number(class_logits, foreground_count=foreground_count)
    knobs = _yolov8.knobs(num_bins, gains, 5, topk, second_topk, alpha, beta, least_side, metric_eps)
    sigmas = _check.numbers("sigmas", sigmas, len(sigmas) if isinstance(sigmas, (tuple, list)) else 1)
    rows, objects = tuple(box_logits.shape[:-1]), tuple(mask.shape)
    if keypoint_outputs.ndim != len(rows) + 2 or keypoint_outputs.shape[-1] not in (2, 3):
        raise ValueError(
            f"keypoint_outputs must have shape (..., A, K, 2) or (..., A, K, 3); got {tuple(keypoint_outputs.shape)}"
        )
    _check_scene.beside_objects(class_logits, rows, (len(sigmas), "D"), keypoint_outputs=keypoint_outputs)
    _check_scene.beside_objects(class_logits, objects, (len(sigmas), 2), keypoints=keypoints)
    _check_scene.beside_objects(class_logits, objects, (len(sigmas),), visible=visible)
    _check.real(xp, keypoint_outputs=keypoint_outputs, keypoints=keypoints)
    if not xp.isdtype(visible.dtype, "bool"):
        raise TypeError(f"visible must have a boolean dtype; got {visible.dtype}")
    found: Any = compiled(
        *(xp, _criterion, (knobs, sigmas), box_logits, class_logits, keypoint_outputs, labels, boxes, mask),
        *(keypoints, visible, anchors, strides, class_weights, normalizer, foreground_count, batch_scale),
    )
    return YOLOv8PoseLoss._make([*found[:6], Assignment(*found[6])])


def _criterion(
    knobs: Knobs,
    sigmas: tuple[float, ...],
    box_logits: Array,
    class_logits: Array,
    outputs: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    keypoints: Array,
    visible: Array,
    points: Array,
    strides: Array,
    class_weights: Array | None,
    normalizer: Array | float | None,
    foreground_count: Array | float | None,
    batch_scale: Array | float,
) -> YOLOv8PoseLoss:
    heads = box_logits, class_logits, None
    assignment, slots = apart(learn, (knobs, LEVEL), *heads, labels, boxes, mask, points, strides)
    goals, seen = apart(_goals, (), keypoints, visible, slots.index, slots.strides, slots.there)
    box, distribution = box_costs(box_logits, slots, knobs.bins)
    classes = class_cost(class_logits, labels, assignment, class_weights)
    poses, visibility = _costs(outputs, slots, goals, seen, sigmas)
    per, per_anchor = (
        batch_scale / divisor(slots, normalizer),
        batch_scale / foreground_divisor(slots, foreground_count),
    )
    costs = box * per, classes * per, distribution * per, poses * per_anchor, visibility * (per_anchor / len(sigmas))
    parts = [gain * cost for gain, cost in zip(knobs.gains, costs)]
    return YOLOv8PoseLoss._make([parts[0] + parts[1] + parts[2] + parts[3] + parts[4], *parts, assignment])


def _goals(keypoints: Array, visible: Array, index: Array, strides: Array, there: Array) -> tuple[Array, Array]:
    """What the slots' keypoints are to be, in strides, and which of them are labelled."""
    xp = namespace(keypoints, strides)
    count = visible.shape[-1]
    flat = xp.reshape(keypoints, (*keypoints.shape[:-2], 2 * count))
    goals = matched(xp, astype(xp, flat, strides.dtype), index) / strides[..., None]
    seen = matched(xp, astype(xp, visible, xp.int32), index) > 0
    return xp.reshape(goals, (*index.shape, count, 2)), seen & there[..., None]


def _costs(outputs: Array, slots: Slots, goals: Array, seen: Array, sigmas: tuple[float, ...]) -> tuple[Array, Array]:
    """The sums of 1 - OKS, and of the cross-entropies of being visible."""
    xp, base = namespace(outputs), namespace(slots.score)
    rows = rows_at(xp, xp.reshape(outputs, (*outputs.shape[:-2], outputs.shape[-2] * outputs.shape[-1])), slots.places)
    rows = xp.reshape(rows, (*slots.places.shape, *outputs.shape[-2:]))
    pred = 2.0 * rows[..., :2] + (slots.points[..., None, :] - 0.5)
    sides = slots.boxes[..., 2:] - slots.boxes[..., :2]
    area = sides[..., 0] * sides[..., 1]
    poses = oks_loss(pred, goals, area, sigmas=sigmas, visible=seen, where=slots.there, reduction="sum")
    if outputs.shape[-1] < 3:
        return poses, 0.0 * poses
    where = base.broadcast_to(slots.there[..., None], seen.shape)
    targets = astype(base, seen, slots.score.dtype)
    return poses, sigmoid_binary_cross_entropy(rows[..., 2], targets, where=where, reduction="sum")
