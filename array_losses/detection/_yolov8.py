"""What the criteria of YOLOv8 share: who may come in, and what boxes and classes cost."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, Namespace, astype, namespace, to_index
from .._numerics import among, device_of, rows_at
from ..autodiff import INDEX, closed_form, constant
from ..coding import boxes_to_distances, distances_to_boxes
from ..losses import ciou_loss, distribution_focal_loss, sigmoid_binary_cross_entropy
from ..measures import distribution_expectation
from ..measures.logits import labelled_kernel
from . import _check_scene
from ._learning import Knobs, Slots
from .assignment import Assignment, matched

NEAR_THE_END = 0.01
"""Targets of distributions end this far below the last bin."""


def check(
    box_logits: Array,
    class_logits: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    anchors: Array,
    strides: Array,
    class_weights: Array | None,
    normalizer: Array | float | None,
    batch_scale: Array | float,
    num_bins: int,
    width: int = 4,
) -> Namespace:
    """What a detection head gives, the ground truth with boxes of some width, and what is multiplied in."""
    xp = _check.library(
        box_logits=box_logits,
        class_logits=class_logits,
        labels=labels,
        boxes=boxes,
        mask=mask,
        anchors=anchors,
        strides=strides,
    )
    _check_scene.head(xp, box_logits, class_logits, num_bins, anchors, strides)
    _check_scene.ground_truth(xp, tuple(box_logits.shape[:-2]), boxes, mask, labels, width)
    if class_weights is not None:
        _check.beside(class_logits, class_weights=class_weights)
        _check.shaped(class_logits, (int(class_logits.shape[-1]),), class_weights=class_weights)
    _check_scene.one_number(class_logits, normalizer=normalizer, batch_scale=batch_scale)
    return xp


def knobs(
    num_bins: int,
    gains: Any,
    parts: int,
    topk: int,
    second_topk: int | None,
    alpha: float,
    beta: float,
    least_side: float | None,
    metric_eps: float,
) -> Knobs:
    """The knobs, checked."""
    return Knobs(
        num_bins,
        _check_scene.factors("gains", gains, parts),
        _check.at_least_one("topk", topk),
        None if second_topk is None else _check.at_least_one("second_topk", second_topk),
        _check.number("alpha", alpha, 0.0),
        _check.number("beta", beta, 0.0),
        None if least_side is None else _check.number("least_side", least_side, 0.0),
        _check.number("metric_eps", metric_eps, 0.0),
    )


def box_costs(box_logits: Array, slots: Slots, bins: int) -> tuple[Array, Array]:
    """Sums of s (1 - CIoU) and of s DFL."""
    xp = namespace(box_logits)
    logits = rows_at(xp, box_logits, slots.places)
    logits = xp.reshape(logits, (*logits.shape[:-1], 4, bins))
    pred = distances_to_boxes(slots.points, distribution_expectation(logits))
    box = ciou_loss(pred, slots.boxes, weights=slots.score, reduction="sum")
    distances = boxes_to_distances(slots.points, slots.boxes, limit=bins - 1 - NEAR_THE_END)
    weights = namespace(slots.score).broadcast_to(0.25 * slots.score[..., None], distances.shape)
    return box, distribution_focal_loss(logits, distances, weights=weights, reduction="sum")


def class_cost(class_logits: Array, labels: Array, found: Assignment, class_weights: Array | None) -> Array:
    """The sum of the cross-entropies of all anchors and classes."""
    xp, base, labels = namespace(class_logits), namespace(found.score), constant(labels)
    own = matched(base, to_index(base, labels), found.index)
    own = among(base, own, class_logits.shape[-1])
    if class_weights is None and class_logits.shape[-1]:
        return xp.sum(closed_form(labelled_kernel, (1, INDEX, 0), (), class_logits, own, found.score))
    lanes = base.arange(class_logits.shape[-1], dtype=own.dtype, device=device_of(base, own))
    wide = found.score[..., None]
    targets = base.where(lanes == own[..., None], wide, base.zeros_like(wide))
    weights = None
    if class_weights is not None:
        weights = base.broadcast_to(class_weights, targets.shape)
    return sigmoid_binary_cross_entropy(class_logits, targets, weights=weights, reduction="sum")


def divisor(slots: Slots, normalizer: Array | float | None) -> Array | float:
    """The sum of all scores, at least 1; or what has been given for it."""
    xp = namespace(slots.score)
    return xp.clip(xp.sum(slots.score), 1.0, None) if normalizer is None else normalizer


def foreground_divisor(slots: Slots, count: Array | float | None) -> Array | float:
    """How many anchors there are in the foreground, at least 1; or what has been given for it."""
    xp = namespace(slots.score)
    return xp.clip(xp.sum(astype(xp, slots.there, slots.score.dtype)), 1.0, None) if count is None else count
