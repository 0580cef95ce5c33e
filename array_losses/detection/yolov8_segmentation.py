"""The criterion of YOLOv8 for instance segmentation: detection, and masks that are sums of prototypes."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import _check
from .._array import Array, astype, matmul, namespace
from .._numerics import device_of, reciprocal_or_zero, rows_at
from ..autodiff import apart, compiled
from ..losses import sigmoid_binary_cross_entropy
from . import _check_scene, _yolov8
from ._learning import LEVEL, Knobs, Slots, learn
from ._yolov8 import box_costs, class_cost, divisor, foreground_divisor
from .assignment import Assignment, matched


class YOLOv8SegmentationLoss(NamedTuple):
    """The parts of the criterion, times their gains, and their sum."""

    total: Array
    box: Array
    classification: Array
    distribution: Array
    masks: Array
    assignment: Assignment


def yolov8_segmentation_loss(
    box_logits: Array,
    class_logits: Array,
    coefficients: Array,
    prototypes: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    masks: Array,
    *,
    anchors: Array,
    strides: Array,
    image_size: tuple[float, float],
    num_bins: int = 16,
    gains: tuple[float, ...] = (7.5, 0.5, 1.5, 7.5),
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
) -> YOLOv8SegmentationLoss:
    r"""YOLOv8's criterion of instances: `yolov8_detection_loss`, and for each anchor of the foreground its mask.

    .. math::

        \mathrm{masks} = \frac{7.5}{N} \sum_{a \in F} \frac{1}{r_a H W} \sum_{(i, j) \in B_a}
            \mathrm{BCE}\left(\sigma\left(\sum_m k_{am} P_{mij}\right), y_{aij}\right)

    F is the foreground, of N anchors; k_am are the coefficients of anchor a, P_m the prototypes, of H rows and W
    columns, sigma is the sigmoid, and BCE the binary cross-entropy. B_a are the pixels inside of the object's box,
    r_a is the share of the image that the box takes, y_a the object's mask. 7.5 is one of the default `gains`.

    Parameters
    ----------
    box_logits : array, shape (..., A, 4 num_bins), real dtype
    class_logits : array, shape (..., A, C), real dtype
        As of `yolov8_detection_loss`.
    coefficients : array, shape (..., A, M), real dtype
    prototypes : array, shape (..., M, H, W), real dtype
    labels : array, shape (..., G), integers
    boxes : array, shape (..., G, 4), real dtype
    mask : array, shape (..., G), boolean
        The ground truth, padded, as of `yolov8_detection_loss`.
    masks : array, shape (..., G, H, W), boolean or real dtype
        Those of the objects, in the resolution of the prototypes.
    anchors, strides, num_bins
        As of `yolov8_detection_loss`.
    image_size : two floats > 0
        Height and width of the images, in pixels: what the prototypes reach over.
    gains : four floats >= 0, default (7.5, 0.5, 1.5, 7.5)
        Of box, classification, distribution and masks.
    topk, second_topk, alpha, beta, least_side, metric_eps, class_weights, normalizer, batch_scale
        As of `yolov8_detection_loss`.
    foreground_count : float or 0-d array, optional
        Takes the place of the number of anchors in the foreground, at least 1.

    Returns
    -------
    YOLOv8SegmentationLoss
        `total`, `box`, `classification`, `distribution`, `masks`: 0-d, at least float32; the total is the sum of the
        others. And the `assignment`.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is out of range.

    Notes
    -----
    A pixel is inside if its index is in [x1, x2) and [y1, y2) of the box in pixels of the prototypes. A box without
    area costs nothing here. In memory stand logits of ``G topk`` masks an image, or of A if there are fewer anchors.

    The values are those of ultralytics' `v8SegmentationLoss` (8.4) with ``overlap_mask=False`` and masks in the
    prototypes' resolution, where each object has `topk` anchors whose metric is above 0: there others fill up the
    foreground, and N with it. Its semantic branch is not part of this criterion.

    References
    ----------
    D. Bolya et al., YOLACT, ICCV 2019, arXiv:1904.02689.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import anchor_points, yolov8_segmentation_loss
    >>> draw = np.random.default_rng(0)
    >>> anchors, strides = anchor_points([(4, 4), (2, 2)], (8, 16), like=np.zeros(0))
    >>> heads = draw.normal(size=(20, 64)), draw.normal(size=(20, 1)), draw.normal(size=(20, 3))
    >>> prototypes, masks = draw.normal(size=(3, 8, 8)), np.zeros((1, 8, 8), dtype=bool)
    >>> truth = np.asarray([0]), np.asarray([[2.0, 3.0, 27.0, 30.0]]), np.asarray([True])
    >>> found = yolov8_segmentation_loss(*heads, prototypes, *truth, masks, anchors=anchors, strides=strides,
    ...                                  image_size=(32, 32))
    >>> print(bool(found.masks > 0))
    True
    """
    xp = _yolov8.check(
        *(box_logits, class_logits, labels, boxes, mask, anchors, strides),
        *(class_weights, normalizer, batch_scale, num_bins),
    )
    _check_scene.one_number(class_logits, foreground_count=foreground_count)
    knobs = _yolov8.knobs(num_bins, gains, 4, topk, second_topk, alpha, beta, least_side, metric_eps)
    size = _check.size("image_size", image_size)
    rows = tuple(box_logits.shape[:-1])
    _check_scene.beside_objects(class_logits, rows, ("M",), coefficients=coefficients)
    _check_scene.beside_objects(class_logits, rows[:-1], (coefficients.shape[-1], "H", "W"), prototypes=prototypes)
    _check_scene.beside_objects(class_logits, tuple(mask.shape), tuple(prototypes.shape[-2:]), masks=masks)
    _check.real(xp, coefficients=coefficients, prototypes=prototypes)
    if not xp.isdtype(masks.dtype, "bool"):
        _check.real(xp, masks=masks)
    found: Any = compiled(
        *(xp, _criterion, (knobs, size), box_logits, class_logits, coefficients, prototypes, labels, boxes, mask),
        *(masks, anchors, strides, class_weights, normalizer, foreground_count, batch_scale),
    )
    return YOLOv8SegmentationLoss._make([*found[:5], Assignment(*found[5])])


def _criterion(
    knobs: Knobs,
    size: tuple[float, float],
    box_logits: Array,
    class_logits: Array,
    coefficients: Array,
    prototypes: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    masks: Array,
    points: Array,
    strides: Array,
    class_weights: Array | None,
    normalizer: Array | float | None,
    foreground_count: Array | float | None,
    batch_scale: Array | float,
) -> YOLOv8SegmentationLoss:
    heads = box_logits, class_logits, None
    assignment, slots = apart(learn, (knobs, LEVEL), *heads, labels, boxes, mask, points, strides)
    targets, weights = apart(_goals, (size,), masks, *slots)
    box, distribution = box_costs(box_logits, slots, knobs.bins)
    classes = class_cost(class_logits, labels, assignment, class_weights)
    drawn = _mask_cost(coefficients, prototypes, slots, targets, weights)
    per, per_anchor = (
        batch_scale / divisor(slots, normalizer),
        batch_scale / foreground_divisor(slots, foreground_count),
    )
    costs = box * per, classes * per, distribution * per, drawn * per_anchor
    parts = [gain * cost for gain, cost in zip(knobs.gains, costs)]
    return YOLOv8SegmentationLoss._make([parts[0] + parts[1] + parts[2] + parts[3], *parts, assignment])


def _goals(size: tuple[float, float], masks: Array, *given: Array) -> tuple[Array, Array]:
    """The masks of the slots, (..., S, H W), and the weights of their pixels."""
    slots = Slots(*given)
    xp, dtype = namespace(slots.score), slots.score.dtype
    height, width = masks.shape[-2:]
    flat = xp.reshape(astype(xp, masks, dtype), (*masks.shape[:-2], height * width))
    boxes = slots.boxes * slots.strides[..., None]
    columns, rows = [
        _covered(xp, count, count / side * boxes[..., k], count / side * boxes[..., k + 2], dtype)
        for k, (count, side) in enumerate(((width, size[1]), (height, size[0])))
    ]
    inside = xp.reshape(rows[..., :, None] * columns[..., None, :], (*slots.index.shape, height * width))
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    scale = reciprocal_or_zero(xp, area) * (size[0] * size[1] / (height * width))
    scale = xp.where(slots.there & (area > 0.0), scale, xp.zeros_like(scale))
    return matched(xp, flat, slots.index), inside * scale[..., None]


def _covered(xp: Any, count: int, low: Array, high: Array, dtype: Any) -> Array:
    """1 for each of so many pixels along an axis that is inside of [low, high), else 0."""
    lanes = xp.arange(count, dtype=dtype, device=device_of(xp, low))
    return astype(xp, (lanes >= low[..., None]) & (lanes < high[..., None]), dtype)


def _mask_cost(coefficients: Array, prototypes: Array, slots: Slots, targets: Array, weights: Array) -> Array:
    xp = namespace(coefficients, prototypes)
    rows = rows_at(xp, coefficients, slots.places)
    flat = xp.reshape(prototypes, (*prototypes.shape[:-2], prototypes.shape[-2] * prototypes.shape[-1]))
    return sigmoid_binary_cross_entropy(matmul(xp, rows, flat), targets, weights=weights, reduction="sum")
