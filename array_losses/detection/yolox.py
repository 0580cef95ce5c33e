"""YOLOX: boxes, objectness, classes without anchors' shapes, and SimOTA to decide who predicts what."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import _check
from .._array import Array, astype, computing_dtype, namespace
from .._reduce import keep_rows
from ..autodiff import apart, compiled, constant
from ..coding import decode_deltas, encode_deltas
from ..losses import iou_loss, l1_loss, sigmoid_binary_cross_entropy
from . import _check_scene, _heads
from ._heads import Normalizer
from .assignment import Assignment, matched
from .simota import simota_assign

MAX_LOG_RATIO = 16.0  # a side of nine million strides, whose square still is a float32


class YOLOXLoss(NamedTuple):
    """What `yolox_loss` returns."""

    total: Array
    """(): the sum of the components."""
    box: Array
    """(): its gain times 1 - IoU^2 of the foreground."""
    objectness: Array
    """(): its gain times the cross-entropy of all places."""
    classification: Array
    """(): its gain times the cross-entropy of the foreground."""
    l1: Array
    """(): its gain times the absolute error of the raw boxes of the foreground; 0 unless wanted."""
    assignment: Assignment
    """Which object each place stands for, each field (..., A)."""


class _Options(NamedTuple):
    candidates: int
    radius: float
    iou_weight: float
    region: str
    l1: bool
    gains: tuple[float, ...]


class _Goals(NamedTuple):
    assignment: Assignment
    squares: Array
    """(A, 4): squares of the strides' sides around the corners, from which centres are told."""
    boxes: Array
    objectness: Array
    classes: Array
    normalizer: Array | float


def yolox_loss(
    box_outputs: Array,
    objectness_logits: Array,
    class_logits: Array,
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
    l1: bool = False,
    gains: tuple[float, float, float, float] = (5.0, 1.0, 1.0, 1.0),
    normalizer: Normalizer = None,
) -> YOLOXLoss:
    r"""YOLOX's criterion: (5 sum of 1 - IoU^2 + objectness + classes (+ L1)) / number of positives.

    .. math::

        \mathrm{box} &= \frac{5}{N} \sum_{a \in F} (1 - \mathrm{IoU}_a^2),
            \qquad \mathrm{objectness} = \frac{1}{N} \sum_a \mathrm{BCE}(o_a, [a \in F]) \\
        \mathrm{classification} &= \frac{1}{N} \sum_{a \in F} \sum_k \mathrm{BCE}(p_{ak}, \mathrm{IoU}_a [k = k_a]) \\
        \mathrm{l1} &= \frac{1}{N} \sum_{a \in F} \lVert z_a - \hat{z}_a \rVert_1

    Every place a of the feature maps predicts one box, the probability o_a that there is an object, and the
    probabilities p_ak of its classes k. SimOTA (`simota_assign`) gives each object the places that predict it at
    the least cost, as many as overlap it in sum: N places, which are F. IoU_a is that of the place's box with its
    object's now, k_a the object's class, BCE the binary cross-entropy; brackets are 1 where they are true and else
    0. z_a is the raw box, with a hat what it would be for the object's box. l1 counts only if it is wanted; 5, 1, 1
    and 1 are the default `gains`.

    Parameters
    ----------
    box_outputs : array, shape (..., A, 4), real dtype
        Raw: centre in strides from the place's corner, and logarithms of the sides in strides. The leading axes are
        the batch.
    objectness_logits : array, shape (..., A), real dtype
        Before the sigmoid.
    class_logits : array, shape (..., A, C), real dtype
        Scores of C classes before the sigmoid.
    labels : array, shape (..., G), integers
        The classes of the objects, from 0. One outside of [0, C) is an object of no class.
    boxes : array, shape (..., G, 4), real dtype
        Their boxes (x1, y1, x2, y2), in pixels.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    points : array, shape (A, 2), real dtype
        (x, y) of the places' upper left corners in pixels: `anchor_points` with ``offset=0``.
    strides : array, shape (A,), real dtype
        Pixels between neighbours of their level.
    candidates, radius, iou_weight, region
        Those of `simota_assign`.
    l1 : bool, default False
        Whether the raw boxes cost their absolute error, too, as in YOLOX's last epochs.
    gains : four floats >= 0, default (5, 1, 1, 1)
        Factors of box, objectness, classification and l1.
    normalizer : number or array of shape (), optional
        What to divide by instead of the number of positives of the batch, at least 1: the number over all devices, say.
        Of 0, everything is 0.

    Returns
    -------
    YOLOXLoss
        `total`, the sum of `box`, `objectness`, `classification` and `l1`, all of shape () and at least float32, and
        the `assignment`.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is out of range.

    Notes
    -----
    Without objects only the objectness costs, with the divisor 1. No gradient flows through the assignment, and none
    to the IoU that the class should say, to objects or places. How many are positive depends on the predictions: with
    ``normalizer=1`` the losses are sums, to be divided by what the `assignment` counts on all devices.

    The authors' code, whose defaults these are, adds 1e-16 to the union, 1e-8 in the logarithms of `l1` and ends no
    side; here a logarithm of 16 does. mmdetection and older YOLOX have ``radius=2.5, region="box and center"``.

    References
    ----------
    Z. Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv:2107.08430.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import yolox_loss
    >>> points, strides = np.asarray([[0.0, 0.0], [8.0, 0.0]]), np.asarray([8.0, 8.0])
    >>> outputs = np.asarray([[0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]])  # each predicts its own square
    >>> box, there = np.asarray([[0.0, 0.0, 8.0, 4.0]]), np.asarray([True])
    >>> found = yolox_loss(outputs, np.zeros(2), np.zeros((2, 1)), np.asarray([0]), box, there,
    ...                    points=points, strides=strides)
    >>> print(found.assignment.foreground, found.box, found.objectness.round(4))  # 5 (1 - (1/2)^2); 2 ln 2
    [ True False] 3.75 1.3863
    """
    outputs = {"box_outputs": (box_outputs, (4,)), "objectness_logits": (objectness_logits, ())}
    places = {"points": (points, (2,)), "strides": (strides, ())}
    xp = _heads.check(class_logits, labels, boxes, mask, outputs, places)
    options = _Options(
        _check.at_least_one("candidates", candidates),
        _check.positive("radius", radius),
        _check.number("iou_weight", iou_weight, 0.0),
        region,
        bool(l1),
        _check_scene.factors("gains", gains, 4),
    )
    _check_scene.one_number(class_logits, normalizer=normalizer)
    arrays = (box_outputs, objectness_logits, class_logits, labels, boxes, mask, points, strides)
    found: YOLOXLoss = compiled(xp, _loss, (options,), *arrays, normalizer)
    return found


def _loss(
    options: _Options,
    box_outputs: Array,
    objectness_logits: Array,
    class_logits: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
    normalizer: Normalizer,
) -> YOLOXLoss:
    arrays = (box_outputs, objectness_logits, class_logits, labels, boxes, mask, points, strides, normalizer)
    goals: _Goals = apart(_learn, (options,), *arrays)
    where = goals.assignment.foreground
    shared: Any = {"normalizer": goals.normalizer, "reduction": "mean"}
    of_positives: Any = shared | {"where": where}
    of_numbers: Any = shared | {"where": where[..., None]}
    # Before they are decoded: what exponentials of no interest give must not come back as a gradient.
    outputs = keep_rows(namespace(box_outputs), box_outputs, where, 1)
    costs = (
        iou_loss(_decoded(outputs, goals.squares), goals.boxes, form="square", **of_positives),
        sigmoid_binary_cross_entropy(objectness_logits, goals.objectness, **shared),
        sigmoid_binary_cross_entropy(class_logits, goals.classes, **of_numbers),
    )
    box, objectness, classification = [gain * cost for gain, cost in zip(options.gains, costs)]
    if options.l1:
        l1 = options.gains[3] * l1_loss(outputs, encode_deltas(goals.boxes, goals.squares), **of_numbers)
    else:
        l1 = namespace(goals.boxes).zeros_like(constant(box))
    total = box + objectness + classification + l1
    return YOLOXLoss(total, box, objectness, classification, l1, goals.assignment)


def _learn(
    options: _Options,
    box_outputs: Array,
    objectness_logits: Array,
    class_logits: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
    normalizer: Normalizer,
) -> _Goals:
    xp = namespace(boxes)
    labels, boxes = _heads.real_ones(xp, labels, boxes, mask)
    dtype = computing_dtype(xp, box_outputs, objectness_logits, class_logits)
    half = 0.5 * strides[:, None]
    squares = xp.concat([points - half, points + half], axis=-1)
    scores = [_heads.sigmoid(xp, astype(xp, x, dtype)) for x in (class_logits, objectness_logits)]
    found = simota_assign(
        xp.sqrt(scores[0] * scores[1][..., None]),
        _decoded(astype(xp, box_outputs, dtype), squares),
        labels,
        boxes,
        mask,
        points=points + half,
        strides=strides,
        candidates=options.candidates,
        radius=options.radius,
        iou_weight=options.iou_weight,
        region=options.region,
    )
    classes = _heads.class_targets(xp, int(class_logits.shape[-1]), labels, found, dtype)
    overlap = astype(xp, found.score, dtype)[..., None]
    return _Goals(
        found,
        squares,
        matched(xp, boxes, found.index),
        astype(xp, found.foreground, dtype),
        xp.where(classes > 0.0, overlap, xp.zeros_like(classes)),
        _heads.count(xp, found.foreground, dtype) if normalizer is None else normalizer,
    )


def _decoded(outputs: Array, squares: Array) -> Array:
    return decode_deltas(outputs, squares, max_log_ratio=MAX_LOG_RATIO)
