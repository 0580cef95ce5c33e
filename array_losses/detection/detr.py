"""DETR: every object is predicted by exactly one query, found by the cheapest matching of all."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from .. import _check
from .._array import Array, Namespace, astype, broadcast_shape, computing_dtype, namespace, to_index
from .._numerics import among, logistic, power, rows_at, softmax
from ..autodiff import apart, compiled
from ..coding import convert_boxes
from ..losses import giou_loss, l1_loss, sigmoid_focal_loss, softmax_cross_entropy, varifocal_loss
from ..measures import giou, iou
from . import _check_scene, _heads
from ._heads import Normalizer
from .assignment import Assignment, matched
from .hungarian import hungarian_assign

FORMS = ("softmax", "focal", "varifocal")


class DETRLoss(NamedTuple):
    """What `detr_loss` returns."""

    total: Array
    """(): the sum of the components."""
    classification: Array
    """(): its gain times the loss of the classes of all queries."""
    l1: Array
    """(): its gain times the absolute error of the boxes of matched queries."""
    giou: Array
    """(): its gain times the GIoU loss of the boxes of matched queries."""
    assignment: Assignment
    """Which object each query stands for, each field (..., Q)."""


class _Options(NamedTuple):
    form: str
    gains: tuple[float, ...]
    costs: tuple[float, ...]
    no_object_weight: float
    alpha: float
    gamma: float
    cost_alpha: float
    cost_gamma: float


class _Goals(NamedTuple):
    assignment: Assignment
    classes: Array
    weights: Array | None
    counted: Array | None
    boxes: Array
    normalizer: Array | float
    class_normalizer: Array | float


def detr_loss(
    class_logits: Array,
    pred_boxes: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    *,
    form: str = "softmax",
    gains: tuple[float, float, float] = (1.0, 5.0, 2.0),
    costs: tuple[float, float, float] = (1.0, 5.0, 2.0),
    no_object_weight: float = 0.1,
    alpha: float = 0.25,
    gamma: float = 2.0,
    cost_alpha: float = 0.25,
    cost_gamma: float = 2.0,
    normalizer: Normalizer = None,
    class_normalizer: Normalizer = None,
) -> DETRLoss:
    r"""DETR's criterion: loss of classes, 5 L1 + 2 GIoU loss of boxes, over the cheapest matching.

    .. math::

        \mathrm{cost}_{qg} &= \kappa_{qg} + 5 \lVert b_q - b_g \rVert_1 + 2 (1 - \mathrm{GIoU}_{qg}) \\
        \kappa_{qg} &= \begin{cases}
            -p_{q k_g} & \text{softmax} \\
            (1 - \alpha)\, p_{q k_g}^\gamma \ln(1 - p_{q k_g})
                - \alpha (1 - p_{q k_g})^\gamma \ln p_{q k_g} & \text{else}
        \end{cases} \\
        \mathrm{classification} &= \begin{cases}
            -\sum_q w_q \ln p_{q y_q} / \sum_q w_q & \text{softmax} \\
            \sum_q \sum_k \mathrm{FL}(p_{qk}, y_{qk}) / N & \text{else}
        \end{cases} \\
        \mathrm{l1} &= \frac{5}{N} \sum_{q \in F} \lVert b_q - b_{g(q)} \rVert_1,
            \qquad \mathrm{giou} = \frac{2}{N} \sum_{q \in F} (1 - \mathrm{GIoU}_{q g(q)})

    p_qk is the probability that query q gives class k, k_g the class of object g, b are boxes. Queries and objects
    are matched one to one so that the sum of costs is the least (`hungarian_assign`). F are the queries that have
    an object, g(q); they should say its class y_q, with w_q = 1, and those left over that there is no object, with
    w_q = `no_object_weight`. FL is the focal or the varifocal loss, y_qk its target: 0, or for the object's class 1
    or the IoU; alpha and gamma of kappa are `cost_alpha` and `cost_gamma`. N is the number of objects; 1, 5 and 2
    are the default `costs` and `gains`. There is nothing to suppress afterwards.

    Parameters
    ----------
    class_logits : array, shape (..., Q, C + 1) or (..., Q, C), real dtype
        Scores of C classes for Q queries, and after them that of "no object" if `form` is "softmax". The leading axes
        are the batch.
    pred_boxes : array, shape (..., Q, 4), real dtype
        Boxes (cx, cy, w, h) in [0, 1], as parts of the image.
    labels : array, shape (..., G), integers
        The classes of the objects, from 0 to C - 1.
    boxes : array, shape (..., G, 4), real dtype
        Their boxes, in the same format.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    form : {"softmax", "focal", "varifocal"}, default "softmax"
        `softmax_cross_entropy` with one more class; `sigmoid_focal_loss`; or `varifocal_loss`, where the score of the
        class should be the IoU that the box has now.
    gains : three floats >= 0, default (1, 5, 2)
        Factors of classification, l1 and giou.
    costs : three floats >= 0, default (1, 5, 2)
        Their factors in the matching.
    no_object_weight : float >= 0, default 0.1
        How much a query without an object counts in the mean of cross-entropies, if `form` is "softmax".
    alpha, gamma : float >= 0, default 0.25 and 2
        Those of `sigmoid_focal_loss` or `varifocal_loss`.
    cost_alpha, cost_gamma : float >= 0, default 0.25 and 2
        Those of the cost of a class unless `form` is "softmax": what its focal loss would be, less that of its absence.
    normalizer : number or array of shape (), optional
        What to divide by instead of the number of real objects in `mask`, at least 1: the number over all devices, say.
        Of 0, everything is 0.
    class_normalizer : number or array of shape (), optional
        The same for the classification; by default `normalizer`, or the sum of weights if `form` is "softmax".

    Returns
    -------
    DETRLoss
        `total`, the sum of `classification`, `l1` and `giou`, all of shape () and at least float32, and the
        `assignment`.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown or out of range.
    ImportError
        If SciPy is missing.

    Notes
    -----
    The outputs of all decoder layers go in at once, as (L, B, Q, ...), beside objects (B, G): objects broadcast to the
    leading axes of the predictions, and what the predictions have more is summed over, not averaged, as DETR's
    auxiliary losses are. Each layer has its own matching.

    Without objects the boxes cost nothing, and all queries should say so. With more objects than queries some of them
    go unmatched, and count in the divisor. No gradient flows through the matching, and none to objects.

    Other projects: these defaults are DETR's, whose mean of cross-entropies is one over the device: with all devices'
    sum as `class_normalizer`, P + no_object_weight (N - P) for P matched of N queries, it is one over all, as in
    mmdetection. Deformable DETR and DINO: ``form="focal", costs=(2, 5, 2)`` with gains (2, 5, 2) and (1, 5, 2).
    ultralytics' RT-DETR: ``form="varifocal", costs=(2, 5, 2), gamma=1.5``, or "focal" likewise; it divides by the
    number of matched queries and adds 1e-7 to areas.

    References
    ----------
    N. Carion et al., "End-to-End Object Detection with Transformers", ECCV 2020, arXiv:2005.12872; X. Zhu et al.,
    "Deformable DETR", ICLR 2021, arXiv:2010.04159 (focal); Y. Zhao et al., "DETRs Beat YOLOs on Real-time Object
    Detection", arXiv:2304.08069 (varifocal).

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import detr_loss
    >>> queries = np.asarray([[0.7, 0.5, 0.2, 0.2], [0.5, 0.5, 0.4, 0.2]])
    >>> found = detr_loss(np.zeros((2, 2)), queries, np.asarray([0]), queries[1:], np.asarray([True]))
    >>> print(found.assignment.foreground, found.l1, found.giou, found.classification.round(6))  # ln 2
    [False  True] 0.0 0.0 0.693147
    """
    xp = _checked(class_logits, pred_boxes, labels, boxes, mask)
    _check.one_of("form", form, FORMS)
    options = _Options(
        form,
        _check_scene.factors("gains", gains, 3),
        _check_scene.factors("costs", costs, 3),
        _check.number("no_object_weight", no_object_weight, 0.0),
        _check.number("alpha", alpha, 0.0, 1.0),
        _check.number("gamma", gamma, 0.0),
        _check.number("cost_alpha", cost_alpha, 0.0, 1.0),
        _check.number("cost_gamma", cost_gamma, 0.0),
    )
    _check_scene.one_number(class_logits, normalizer=normalizer, class_normalizer=class_normalizer)
    arrays = (class_logits, pred_boxes, labels, boxes, mask, normalizer, class_normalizer)
    found: DETRLoss = compiled(xp, _loss, (options,), *arrays)
    return found


def _checked(class_logits: Array, pred_boxes: Array, labels: Array, boxes: Array, mask: Array) -> Namespace:
    xp = _check.library(class_logits=class_logits)
    _check.real(xp, class_logits=class_logits)
    if class_logits.ndim < 2:
        raise ValueError(f"class_logits must have shape (..., Q, C); got {tuple(class_logits.shape)}")
    leading = tuple(class_logits.shape[:-2])
    _check.shaped(class_logits, (*leading, int(class_logits.shape[-2]), 4), pred_boxes=pred_boxes)
    for name, x in {"labels": labels, "boxes": boxes, "mask": mask}.items():
        _check.beside(class_logits, **{name: x})
    own = tuple(mask.shape[:-1])
    _check_scene.ground_truth(xp, own, boxes, mask, labels)
    try:
        fits = broadcast_shape(own, leading) == leading
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"mask must have leading axes that broadcast to {leading}; got {tuple(mask.shape)}")
    return xp


def _loss(
    options: _Options,
    class_logits: Array,
    pred_boxes: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    normalizer: Normalizer,
    class_normalizer: Normalizer,
) -> DETRLoss:
    arrays = (class_logits, pred_boxes, labels, boxes, mask, normalizer, class_normalizer)
    goals: _Goals = apart(_learn, (options,), *arrays)
    where = goals.assignment.foreground
    shared: Any = {"normalizer": goals.normalizer, "reduction": "mean"}
    of_boxes: Any = shared | {"where": where}
    of_numbers: Any = shared | {"where": where[..., None]}
    of_classes: Any = {"normalizer": goals.class_normalizer, "reduction": "mean"}
    if options.form == "softmax":
        classification = softmax_cross_entropy(class_logits, goals.classes, weights=goals.weights, **of_classes)
    else:
        of_classes |= {"alpha": options.alpha, "gamma": options.gamma, "where": goals.counted}
        loss = varifocal_loss if options.form == "varifocal" else sigmoid_focal_loss
        classification = loss(class_logits, goals.classes, **of_classes)
    l1 = l1_loss(pred_boxes, goals.boxes, **of_numbers)
    overlap = giou_loss(_corners(pred_boxes), _corners(goals.boxes), **of_boxes)
    classification, l1, overlap = [gain * x for gain, x in zip(options.gains, (classification, l1, overlap))]
    return DETRLoss(classification + l1 + overlap, classification, l1, overlap, goals.assignment)


def _learn(
    options: _Options,
    logits: Array,
    pred: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    normalizer: Normalizer,
    class_normalizer: Normalizer,
) -> _Goals:
    xp = namespace(boxes)
    dtype = computing_dtype(xp, logits, pred)
    leading, objects = tuple(logits.shape[:-2]), int(mask.shape[-1])
    layers = math.prod(leading) / max(1, math.prod(mask.shape[:-1]))
    normalizer = _heads.count(xp, mask, dtype) if normalizer is None else normalizer
    labels, boxes = _heads.real_ones(xp, to_index(xp, labels), astype(xp, boxes, dtype), mask)
    labels, mask = [xp.broadcast_to(x, (*leading, objects)) for x in (labels, mask)]
    boxes = xp.broadcast_to(boxes, (*leading, objects, 4))
    logits, pred = [astype(xp, x, dtype) for x in (logits, pred)]
    found = hungarian_assign(_costs(xp, options, logits, pred, labels, boxes), mask)
    target, weights, counted = matched(xp, boxes, found.index), None, None
    if options.form == "softmax":
        own = matched(xp, labels, found.index)
        classes = xp.where(found.foreground, own, xp.full_like(own, int(logits.shape[-1]) - 1))
        ones = xp.ones_like(pred[..., 0])
        weights = xp.where(found.foreground, ones, options.no_object_weight * ones)
        otherwise = xp.sum(weights) / max(1.0, layers)
    else:
        classes = _heads.class_targets(xp, int(logits.shape[-1]), labels, found, dtype)
        otherwise = normalizer
        if options.form == "varifocal":
            own, overlap = classes > 0.0, iou(_corners(pred), _corners(target))[..., None]
            classes = xp.where(own, overlap, xp.zeros_like(classes))
            counted = xp.logical_not(own) | (classes > 0.0)  # what should be 0 and yet is the object's costs 0
    class_normalizer = otherwise if class_normalizer is None else class_normalizer
    return _Goals(found, classes, weights, counted, target, normalizer, class_normalizer)


def _corners(boxes: Array) -> Array:
    return convert_boxes(boxes, "cxcywh", "xyxy")


def _costs(xp: Namespace, options: _Options, logits: Array, pred: Array, labels: Array, boxes: Array) -> Array:
    """What it costs that each query, the last axis but one, predicts each object. Of constants."""
    classes = int(logits.shape[-1])
    labels = among(xp, labels, classes)

    def own(x: Array) -> Array:
        return xp.matrix_transpose(rows_at(xp, xp.matrix_transpose(x), labels))

    if options.form == "softmax":
        of_class = 0.0 - own(softmax(xp, logits, -1))
    else:
        p = logistic(xp, own(logits))
        positive = options.cost_alpha * power(xp, p.q, options.cost_gamma) * p.down
        of_class = positive - (1.0 - options.cost_alpha) * power(xp, p.p, options.cost_gamma) * p.up
    distance = xp.zeros_like(of_class)
    for i in range(4):
        distance = distance + xp.abs(pred[..., :, None, i] - boxes[..., None, :, i])
    overlap = giou(_corners(pred)[..., :, None, :], _corners(boxes)[..., None, :, :])
    costs = options.costs
    return costs[0] * of_class + costs[1] * distance + costs[2] * (1.0 - overlap)
