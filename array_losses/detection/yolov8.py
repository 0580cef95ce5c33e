"""The criterion of YOLOv8: task-aligned assignment, CIoU, distribution focal loss and sigmoid cross-entropy."""

from __future__ import annotations

from typing import Any, NamedTuple

from .._array import Array
from ..autodiff import apart, compiled
from ..losses import softmax_cross_entropy
from . import _check_scene, _yolov8
from ._learning import LEVEL, Knobs, learn
from ._yolov8 import box_costs, class_cost, divisor
from .assignment import Assignment


class YOLOv8Loss(NamedTuple):
    """The parts of the criterion, times their gains, and their sum."""

    total: Array
    box: Array
    classification: Array
    distribution: Array
    assignment: Assignment


class YOLOv8EndToEndLoss(NamedTuple):
    """The losses of two heads, and their weighted sum."""

    total: Array
    one_to_many: YOLOv8Loss
    one_to_one: YOLOv8Loss


def yolov8_detection_loss(
    box_logits: Array,
    class_logits: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    *,
    anchors: Array,
    strides: Array,
    num_bins: int = 16,
    gains: tuple[float, float, float] = (7.5, 0.5, 1.5),
    topk: int = 10,
    second_topk: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    least_side: float | None = None,
    metric_eps: float = 0.0,
    class_weights: Array | None = None,
    normalizer: Array | float | None = None,
    batch_scale: Array | float = 1.0,
) -> YOLOv8Loss:
    r"""YOLOv8's criterion of detection, from what its head gives and padded ground truth.

    .. math::

        \mathrm{box} &= \frac{7.5}{n} \sum_{a \in F} s_a (1 - \mathrm{CIoU}_a),
            \qquad n = \max\left(\sum_a s_a, 1\right) \\
        \mathrm{distribution} &= \frac{1.5}{n} \sum_{a \in F} \frac{s_a}{4} \sum_{e=1}^4 \mathrm{DFL}_{ae} \\
        \mathrm{classification} &= \frac{0.5}{n} \sum_a \sum_k \mathrm{BCE}(p_{ak}, s_a [k = k_a])

    `task_aligned_assign` gives the anchors a of the foreground F an object of class k_a and a score s_a, which is 0
    for all others. CIoU_a is that of the predicted box with the object's, DFL_ae the `distribution_focal_loss` of
    the edge e, p_ak the probability of class k, BCE the binary cross-entropy; the bracket is 1 where it is true and
    else 0. 7.5, 0.5 and 1.5 are the default `gains`.

    Parameters
    ----------
    box_logits : array, shape (..., A, 4 num_bins), real dtype
        The bins of the left edge, then of the top, right and bottom one.
    class_logits : array, shape (..., A, C), real dtype
    labels : array, shape (..., G), integers
        The classes of the objects.
    boxes : array, shape (..., G, 4), real dtype
        Their boxes (x1, y1, x2, y2), in pixels.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    anchors, strides : arrays, shapes (A, 2) and (A,), real dtype
        As `anchor_points` gives them, in pixels.
    num_bins : int, default 16
        Bins of each edge, at least 2.
    gains : three floats >= 0, default (7.5, 0.5, 1.5)
        Of box, classification and distribution.
    topk, second_topk, alpha, beta, metric_eps
        As of `task_aligned_assign`.
    least_side : float, optional
        As of `task_aligned_assign`; the second smallest of the strides by default.
    class_weights : array, shape (C,), real dtype, optional
        Weigh the cross-entropies of the classes.
    normalizer : float or 0-d array, optional
        Takes the place of n: for several devices the sum over all of them.
    batch_scale : float or 0-d array, default 1
        Multiplies everything. ultralytics trains with the size of the batch here.

    Returns
    -------
    YOLOv8Loss
        `total`, `box`, `classification`, `distribution`: 0-d, at least float32; the total is the sum of the three. And
        the `assignment`.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is out of range.

    Notes
    -----
    The leading axes are a batch, over which everything is summed. Nothing of the assignment is differentiated. Without
    an object only the classification costs. Static shapes: at most ``G topk`` anchors learn boxes, and as many places
    are computed.

    ultralytics' `v8DetectionLoss` (8.4) is this with ``metric_eps=1e-9`` and the size of the batch for `batch_scale`,
    up to the eps of 1e-7 in its CIoU; its targets of distributions, too, end 0.01 below the last bin. There an object
    is real whose coordinates have a positive sum. How much its eps matters: where the largest t of an object is 1e-6,
    its scores are a thousandth lower.

    References
    ----------
    C. Feng et al., TOOD, arXiv:2108.07755; Z. Zheng et al., CIoU, arXiv:1911.08287; X. Li et al., GFL,
    arXiv:2006.04388.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import value_and_grad
    >>> from array_losses.detection import anchor_points, yolov8_detection_loss
    >>> draw = np.random.default_rng(0)
    >>> anchors, strides = anchor_points([(4, 4), (2, 2)], (8, 16), like=np.zeros(0))
    >>> box_logits, class_logits = draw.normal(size=(20, 64)), draw.normal(size=(20, 3))
    >>> labels, boxes = np.asarray([2, 0]), np.asarray([[2.0, 3.0, 27.0, 30.0], [0.0, 0.0, 0.0, 0.0]])
    >>> def total(box_logits, class_logits):
    ...     found = yolov8_detection_loss(box_logits, class_logits, labels, boxes, np.asarray([True, False]),
    ...                                   anchors=anchors, strides=strides)
    ...     return found.total, found
    >>> (value, found), gradients = value_and_grad(total, argnums=(0, 1), has_aux=True)(box_logits, class_logits)
    >>> print(found.assignment.foreground.sum(), [g.shape for g in gradients])
    10 [(20, 64), (20, 3)]
    """
    xp = _yolov8.check(
        *(box_logits, class_logits, labels, boxes, mask, anchors, strides),
        *(class_weights, normalizer, batch_scale, num_bins),
    )
    knobs = _yolov8.knobs(num_bins, gains, 3, topk, second_topk, alpha, beta, least_side, metric_eps)
    arrays = box_logits, class_logits, labels, boxes, mask, anchors, strides, class_weights, normalizer, batch_scale
    found: Any = compiled(xp, _criterion, (knobs,), *arrays)
    return YOLOv8Loss._make([*found[:4], Assignment(*found[4])])


def _criterion(
    knobs: Knobs,
    box_logits: Array,
    class_logits: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
    class_weights: Array | None,
    normalizer: Array | float | None,
    batch_scale: Array | float,
) -> YOLOv8Loss:
    heads = box_logits, class_logits, None
    assignment, slots = apart(learn, (knobs, LEVEL), *heads, labels, boxes, mask, points, strides)
    box, distribution = box_costs(box_logits, slots, knobs.bins)
    classes = class_cost(class_logits, labels, assignment, class_weights)
    per = batch_scale / divisor(slots, normalizer)
    parts = [gain * cost * per for gain, cost in zip(knobs.gains, (box, classes, distribution))]
    return YOLOv8Loss._make([parts[0] + parts[1] + parts[2], *parts, assignment])


def yolov8_end_to_end_loss(
    one_to_many: tuple[Array, Array],
    one_to_one: tuple[Array, Array],
    labels: Array,
    boxes: Array,
    mask: Array,
    *,
    anchors: Array,
    strides: Array,
    shares: tuple[float, float] = (0.8, 0.2),
    topk: tuple[int, int] = (10, 7),
    second_topk: int | None = 1,
    normalizers: tuple[Array | float | None, Array | float | None] = (None, None),
    **options: Any,
) -> YOLOv8EndToEndLoss:
    r"""The criterion of detectors that need no suppression: one head with many anchors an object, one with one.

    .. math::

        L = 0.8\, L_\mathrm{many} + 0.2\, L_\mathrm{one}

    The weighted sum of two `yolov8_detection_loss`; 0.8 and 0.2 are the default `shares`.

    Parameters
    ----------
    one_to_many, one_to_one : pairs of arrays
        (box_logits, class_logits) of the two heads.
    labels, boxes, mask, anchors, strides
        As of `yolov8_detection_loss`.
    shares : two floats >= 0, default (0.8, 0.2)
        Of the first and the second loss. ultralytics lets the first fall to 0.1 in the course of a training.
    topk : two ints, default (10, 7)
        How many anchors an object may choose in each head.
    second_topk : int, optional
        How many it keeps in the second head; 1 by default. YOLOv10: ``topk=(10, 1), shares=(1.0, 1.0)``.
    normalizers : two floats or 0-d arrays, optional
        The `normalizer` of each loss.
    **options
        Further options of `yolov8_detection_loss`, for both.

    Returns
    -------
    YOLOv8EndToEndLoss
        `total`, 0-d, and the losses `one_to_many` and `one_to_one`, without their shares.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is out of range.

    Notes
    -----
    ultralytics: `E2ELoss` has these defaults, `E2EDetectLoss` those of YOLOv10.

    References
    ----------
    A. Wang et al., YOLOv10, arXiv:2405.14458.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import anchor_points, yolov8_end_to_end_loss
    >>> draw = np.random.default_rng(0)
    >>> anchors, strides = anchor_points([(4, 4)], (8,), like=np.zeros(0))
    >>> heads = [(draw.normal(size=(16, 64)), draw.normal(size=(16, 1))) for _ in range(2)]
    >>> found = yolov8_end_to_end_loss(*heads, np.asarray([0]), np.asarray([[2.0, 3.0, 27.0, 30.0]]),
    ...                                np.asarray([True]), anchors=anchors, strides=strides)
    >>> print(found.one_to_one.assignment.foreground.sum())
    1
    """
    weights = _check_scene.factors("shares", shares, 2)
    first, second = [
        yolov8_detection_loss(
            *(*head, labels, boxes, mask),
            **{"anchors": anchors, "strides": strides, "topk": k, "second_topk": kept, "normalizer": n} | options,
        )
        for head, k, kept, n in zip((one_to_many, one_to_one), topk, (None, second_topk), normalizers)
    ]
    return YOLOv8EndToEndLoss(weights[0] * first.total + weights[1] * second.total, first, second)


def yolov8_classification_loss(logits: Array, labels: Array) -> Array:
    r"""YOLOv8's criterion of classification: the mean softmax cross-entropy.

    .. math::

        L = -\frac{1}{N} \sum_{i=1}^N \ln \frac{e^{z_{i y_i}}}{\sum_k e^{z_{ik}}}

    z_ik is the logit of class k in row i, y_i the row's label, N the number of rows.

    Parameters
    ----------
    logits : array, shape (..., C), real dtype
    labels : array, shape (...), integers

    Returns
    -------
    array, shape (), at least float32

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit.

    Notes
    -----
    ultralytics' `v8ClassificationLoss`. `softmax_cross_entropy` has label smoothing, weights and more.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import yolov8_classification_loss
    >>> print(yolov8_classification_loss(np.zeros((2, 4)), np.asarray([0, 3])).round(4))  # ln 4
    1.3863
    """
    return softmax_cross_entropy(logits, labels, reduction="mean")
