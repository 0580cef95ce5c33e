"""RetinaNet: focal loss of the classes of all anchors, and a loss of the boxes of those that stand for an object."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from .. import _check
from .._array import Array, DType, astype, computing_dtype, namespace
from .._reduce import keep_rows
from ..autodiff import apart, compiled, constant
from ..coding import decode_deltas, encode_deltas
from ..losses import ciou_loss, diou_loss, giou_loss, iou_loss, l1_loss, sigmoid_focal_loss, smooth_l1_loss
from . import _check_scene, _heads
from ._heads import Normalizer
from .assignment import Assignment, matched
from .max_iou import max_iou_assign

OVERLAPS = {"iou": iou_loss, "giou": giou_loss, "diou": diou_loss, "ciou": ciou_loss}
BOX_LOSSES = ("l1", "smooth_l1", *OVERLAPS)
NORMALIZATIONS = ("batch", "image")


class RetinaNetLoss(NamedTuple):
    """What `retinanet_loss` returns."""

    total: Array
    """(): the sum of the components."""
    classification: Array
    """(): its gain times the focal loss of all anchors that are not ignored."""
    box: Array
    """(): its gain times the loss of the boxes of the foreground."""
    assignment: Assignment
    """Which object each anchor stands for, each field (..., A)."""


class _Options(NamedTuple):
    foreground_iou: float
    background_iou: float
    low_quality: str | None
    alpha: float | None
    gamma: float
    box_loss: str
    beta: float
    delta_weights: tuple[float, float, float, float]
    gains: tuple[float, ...]
    normalization: str


class _Goals(NamedTuple):
    assignment: Assignment
    classes: Array
    boxes: Array
    counted: Array
    weights: Array | None
    normalizer: Array | float


def retinanet_loss(
    class_logits: Array,
    box_deltas: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    *,
    anchors: Array,
    foreground_iou: float = 0.5,
    background_iou: float = 0.4,
    low_quality: str | None = "own",
    alpha: float | None = 0.25,
    gamma: float = 2.0,
    box_loss: str = "l1",
    beta: float = 1.0,
    delta_weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0),
    gains: tuple[float, float] = (1.0, 1.0),
    normalization: str = "batch",
    normalizer: Normalizer = None,
) -> RetinaNetLoss:
    r"""RetinaNet's criterion: (g_c sum of focal losses + g_b sum of box losses) / number of positives.

    .. math::

        \mathrm{classification} &= \frac{g_c}{N} \sum_{a \notin I} \sum_k \mathrm{FL}(p_{ak}, y_{ak}) \\
        \mathrm{box} &= \frac{g_b}{N} \sum_{a \in F} \lVert d_a - \hat{d}_a \rVert_1

    Anchors stand for objects by their overlap (`max_iou_assign`): F are those that do, N of them, I the ignored
    ones. FL is `sigmoid_focal_loss` of the probability p_ak of class k, y_ak is 1 for the class of the anchor's
    object and else 0; d_a are the deltas, with a hat those of the object (`encode_deltas`), and g_c and g_b the
    `gains`. Each class is a yes-or-no question to every anchor; the focal loss keeps the many easy answers from
    drowning the few hard ones.

    Parameters
    ----------
    class_logits : array, shape (..., A, C), real dtype
        Scores of C classes before the sigmoid, for A anchors. The leading axes are the batch.
    box_deltas : array, shape (..., A, 4), real dtype
        What leads from the anchors to the boxes (`encode_deltas`).
    labels : array, shape (..., G), integers
        The classes of the objects, from 0. One outside of [0, C) is an object of no class.
    boxes : array, shape (..., G, 4), real dtype
        Their boxes (x1, y1, x2, y2), in the unit of the anchors.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    anchors : array, shape (A, 4), real dtype
        Boxes (x1, y1, x2, y2) (`anchor_boxes`).
    foreground_iou, background_iou, low_quality
        Those of `max_iou_assign`.
    alpha, gamma
        Those of `sigmoid_focal_loss`.
    box_loss : {"l1", "smooth_l1", "iou", "giou", "diou", "ciou"}, default "l1"
        Of the four deltas, summed, or of the decoded boxes.
    beta : float >= 0, default 1
        That of `smooth_l1_loss`.
    delta_weights : four floats > 0, default (1, 1, 1, 1)
        Those of `encode_deltas`.
    gains : two floats >= 0, default (1, 1)
        Factors of classification and box.
    normalization : {"batch", "image"}, default "batch"
        Divide the sums by the number of positives of the batch, or those of each image by its own, and take their mean.
    normalizer : number or array of shape (), optional
        What to divide by instead of the number of positives of the batch (or of images), at least 1: the number over
        all devices, say. Of 0, everything is 0.

    Returns
    -------
    RetinaNetLoss
        `total`, the sum of `classification` and `box`, all of shape () and at least float32, and the `assignment`.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown or out of range.

    Notes
    -----
    Without objects, the classes of all anchors are background, the box loss is 0, and the divisor is 1. No gradient
    flows through the assignment, and none to objects or anchors.

    Other projects: torchvision's `RetinaNet` has ``normalization="image"``, detectron2 ``box_loss="smooth_l1",
    beta=0.1`` and divides by a moving average of the positives, to be passed as `normalizer`. mmdetection has
    ``low_quality="best"``. A class of background, as torchvision's class 0, is one that no object has.

    References
    ----------
    T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, arXiv:1708.02002.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import retinanet_loss
    >>> anchors = np.asarray([[0.0, 0.0, 8.0, 8.0], [8.0, 8.0, 16.0, 16.0]])
    >>> box, there = np.asarray([[0.0, 0.0, 8.0, 6.0]]), np.asarray([True])  # IoU 3/4 and 0
    >>> found = retinanet_loss(np.zeros((2, 1)), np.zeros((2, 4)), np.asarray([0]), box, there, anchors=anchors)
    >>> print(found.classification.round(6), found.box.round(6))  # (1/4 + 3/4) ln 2 / 4;  1/8 + ln 4/3
    0.173287 0.412682
    >>> print(found.assignment.foreground)
    [ True False]
    """
    outputs = {"box_deltas": (box_deltas, (4,))}
    xp = _heads.check(class_logits, labels, boxes, mask, outputs, {"anchors": (anchors, (4,))})
    _check.one_of("box_loss", box_loss, BOX_LOSSES)
    _check.one_of("normalization", normalization, NORMALIZATIONS)
    options = _Options(
        _check.number("foreground_iou", foreground_iou, 0.0, 1.0),
        _check.number("background_iou", background_iou, 0.0, 1.0),
        low_quality,
        None if alpha is None else _check.number("alpha", alpha, 0.0, 1.0),
        _check.number("gamma", gamma, 0.0),
        box_loss,
        _check.number("beta", beta, 0.0),
        _check.numbers("delta_weights", delta_weights, 4),  # type: ignore[arg-type]
        _check_scene.factors("gains", gains, 2),
        normalization,
    )
    _check_scene.one_number(class_logits, normalizer=normalizer)
    arrays = (class_logits, box_deltas, labels, boxes, mask, anchors, normalizer)
    found: RetinaNetLoss = compiled(xp, _loss, (options,), *arrays)
    return found


def _loss(
    options: _Options,
    class_logits: Array,
    box_deltas: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    anchors: Array,
    normalizer: Normalizer,
) -> RetinaNetLoss:
    static = (options, int(class_logits.shape[-1]), computing_dtype(namespace(boxes), class_logits, box_deltas))
    goals: _Goals = apart(_learn, static, labels, boxes, mask, anchors, normalizer)
    weights = goals.weights
    classification = sigmoid_focal_loss(
        class_logits,
        goals.classes,
        alpha=options.alpha,
        gamma=options.gamma,
        weights=None if weights is None else weights[..., None],
        where=goals.counted[..., None],
        normalizer=goals.normalizer,
        reduction="mean",
    )
    box = _box_loss(options, box_deltas, constant(anchors), goals)
    classification, box = options.gains[0] * classification, options.gains[1] * box
    return RetinaNetLoss(classification + box, classification, box, goals.assignment)


def _learn(
    options: _Options,
    classes: int,
    dtype: DType,
    labels: Array,
    boxes: Array,
    mask: Array,
    anchors: Array,
    normalizer: Normalizer,
) -> _Goals:
    xp = namespace(boxes)
    labels, boxes = _heads.real_ones(xp, labels, boxes, mask)
    found = max_iou_assign(
        anchors,
        boxes,
        mask,
        foreground_iou=options.foreground_iou,
        background_iou=options.background_iou,
        low_quality=options.low_quality,
    )
    weights = None
    if options.normalization == "image":
        positives = xp.sum(astype(xp, found.foreground, dtype), axis=-1, keepdims=True)
        weights = 1.0 / xp.maximum(positives, xp.ones_like(positives))
        normalizer = max(1, math.prod(positives.shape)) if normalizer is None else normalizer
    elif normalizer is None:
        normalizer = _heads.count(xp, found.foreground, dtype)
    return _Goals(
        found,
        _heads.class_targets(xp, classes, labels, found, dtype),
        matched(xp, boxes, found.index),
        xp.logical_not(found.ignored),
        weights,
        normalizer,
    )


def _box_loss(options: _Options, deltas: Array, anchors: Array, goals: _Goals) -> Array:
    weights, where = goals.weights, goals.assignment.foreground
    shared: Any = {"normalizer": goals.normalizer, "reduction": "mean"}
    if options.box_loss in OVERLAPS:
        # Before they are decoded: what exponentials of no interest give must not come back as a gradient.
        deltas = keep_rows(namespace(deltas), deltas, where, 1)
        pred = decode_deltas(deltas, anchors, weights=options.delta_weights)
        return OVERLAPS[options.box_loss](pred, goals.boxes, weights=weights, where=where, **shared)
    target = encode_deltas(goals.boxes, anchors, weights=options.delta_weights)
    shared |= {"weights": None if weights is None else weights[..., None], "where": where[..., None]}
    if options.box_loss == "l1":
        return l1_loss(deltas, target, **shared)
    return smooth_l1_loss(deltas, target, beta=options.beta, **shared)
