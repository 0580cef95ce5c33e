"""What the criteria of YOLOv8 share: what the anchors are to learn, and what boxes and classes cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from .. import _check
from .._array import Array, Namespace, astype, is_numpy, namespace, numpy_views, to_index
from .._numerics import at, count_below, device_of, rows_at, running_sum, table_rows, take
from ..autodiff import INDEX, closed_form, constant
from ..coding import boxes_to_distances, distances_to_boxes
from ..losses import ciou_loss, distribution_focal_loss, sigmoid_binary_cross_entropy
from ..measures import ciou, distribution_expectation
from ..measures.logits import labelled_kernel
from . import _check_scene
from ._pairs import Pairs, align_pairs
from .assignment import Assignment, matched
from .task_aligned import align, at_least_0, metric_of, points_inside, scores_of_labels

NEAR_THE_END = 0.01
"""Targets of distributions end this far below the last bin."""


class Knobs(NamedTuple):
    """What is told in numbers."""

    bins: int
    gains: tuple[float, ...]
    topk: int
    second_topk: int | None
    alpha: float
    beta: float
    least_side: float | None
    metric_eps: float


class Slots(NamedTuple):
    """The anchors of the foreground, in as many places as there can be: what they are to learn."""

    places: Array
    """(..., S): which anchors; the last one where there are no more."""
    boxes: Array
    """(..., S, 4): in strides."""
    points: Array
    """(..., S, 2): in strides."""
    score: Array
    """(..., S): 0 where there are no more."""
    index: Array
    """(..., S): which objects."""
    there: Array
    """(..., S): whether there is one more."""
    strides: Array
    """(..., S)"""


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


class Shape(NamedTuple):
    """What boxes are like: functions that work on tables and on pairs."""

    width: int
    decode: Callable[..., Array]
    """(distances in pixels, angles or None, points) -> boxes"""
    inside: Callable[..., Array]
    """(xp, points, boxes, mask, least side) -> booleans (..., G, A)"""
    overlap: Callable[[Array, Array], Array]


def _level(distances: Array, angles: Array | None, points: Array) -> Array:
    return distances_to_boxes(points, distances)


LEVEL = Shape(4, _level, points_inside, ciou)


def learn(
    knobs: Knobs,
    shape: Shape,
    box_logits: Array,
    class_logits: Array,
    angles: Array | None,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
) -> tuple[Assignment, Slots]:
    """The assignment, and what the anchors of the foreground are to learn."""
    arrays = box_logits, class_logits, angles, labels, boxes, mask, points, strides
    xp = namespace(*[x for x in arrays if x is not None])
    views = numpy_views(xp, *arrays)
    if views is None:
        return _in_a_table(xp, knobs, shape, *arrays)
    found, slots = _in_pairs(namespace(*[x for x in views if x is not None]), knobs, shape, *views)
    if is_numpy(xp):
        return found, slots
    return Assignment(*[xp.asarray(x) for x in found]), Slots(*[xp.asarray(x) for x in slots])


def _in_a_table(
    xp: Namespace,
    knobs: Knobs,
    shape: Shape,
    box_logits: Array,
    class_logits: Array,
    angles: Array | None,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
) -> tuple[Assignment, Slots]:
    distances = _distances(xp, box_logits, strides, knobs.bins)
    pred = shape.decode(distances, angles, points)
    boxes = xp.where(mask[..., None], boxes, xp.zeros_like(boxes))
    inside = shape.inside(xp, points, boxes, mask, side_of(xp, knobs, strides))
    overlaps = shape.overlap(boxes[..., :, None, :], pred[..., None, :, :])
    overlaps = at_least_0(xp, overlaps, inside, distances.dtype)
    scores = _sigmoid(xp, astype(xp, scores_of_labels(xp, class_logits, labels), distances.dtype))
    found = align(
        xp, scores, overlaps, inside, knobs.topk, knobs.alpha, knobs.beta, knobs.second_topk, knobs.metric_eps
    )
    return found, slots_of(xp, knobs, found, boxes, points, strides)


def _in_pairs(
    xp: Namespace,
    knobs: Knobs,
    shape: Shape,
    box_logits: Array,
    class_logits: Array,
    angles: Array | None,
    labels: Array,
    boxes: Array,
    mask: Array,
    points: Array,
    strides: Array,
) -> tuple[Assignment, Slots]:
    """The same of NumPy arrays, for the pairs of an object and an anchor inside of it alone."""
    leading, objects, anchors, classes = mask.shape[:-1], mask.shape[-1], points.shape[0], class_logits.shape[-1]
    images = math.prod(leading)
    boxes = xp.where(mask[..., None], boxes, xp.zeros_like(boxes))
    inside = shape.inside(xp, points, boxes, mask, side_of(xp, knobs, strides)).reshape(images, objects, anchors)
    pairs = Pairs.of(inside)
    used = inside.any(axis=1).reshape(-1)
    rows = xp.flatnonzero(used)
    here = rows % max(1, anchors)
    distances = _distances(xp, box_logits.reshape(-1, 4 * knobs.bins)[rows], strides[here], knobs.bins)
    pred = shape.decode(distances, None if angles is None else angles.reshape(-1)[rows], points[here])
    place = (xp.cumsum(used) - 1)[pairs.anchors]
    overlaps = shape.overlap(boxes.reshape(-1, shape.width)[pairs.objects], pred[place])
    overlaps = at_least_0(xp, overlaps, overlaps == overlaps, distances.dtype)
    own = xp.clip(labels.reshape(-1)[pairs.objects], 0, max(0, classes - 1))
    logits = class_logits.reshape(-1, classes)[pairs.anchors, own] if classes else xp.zeros_like(overlaps)
    metric = partial(metric_of, xp, knobs.alpha, knobs.beta)
    size = images, objects, anchors
    scores = _sigmoid(xp, astype(xp, logits, distances.dtype))
    found = align_pairs(pairs, size, scores, overlaps, metric, knobs.topk, knobs.second_topk, knobs.metric_eps)
    found = Assignment(*[x.reshape(*leading, anchors) for x in found])
    return found, slots_of(xp, knobs, found, boxes, points, strides)


def _distances(xp: Namespace, box_logits: Array, strides: Array, bins: int) -> Array:
    """In pixels."""
    found = distribution_expectation(xp.reshape(box_logits, (*box_logits.shape[:-1], 4, bins)))
    return found * astype(xp, strides, found.dtype)[..., None]


def _sigmoid(xp: Namespace, x: Array) -> Array:
    return 1.0 / (1.0 + xp.exp(-xp.clip(x, -80.0, None)))  # e^80 is finite in float32


def side_of(xp: Namespace, knobs: Knobs, strides: Array) -> Array | float:
    """The side below which objects count as larger: the second smallest of different strides, or the only one."""
    if knobs.least_side is not None or not strides.shape[0]:
        return knobs.least_side or 0.0
    least = xp.min(strides)
    more = xp.min(xp.where(strides > least, strides, xp.full_like(strides, xp.inf)))
    return xp.where(more < xp.inf, more, least)


def slots_of(xp: Namespace, knobs: Knobs, found: Assignment, boxes: Array, points: Array, strides: Array) -> Slots:
    """The anchors of the foreground of each image."""
    leading, anchors = found.foreground.shape[:-1], found.foreground.shape[-1]
    count = min(boxes.shape[-2] * knobs.topk, anchors)
    so_far = running_sum(xp, astype(xp, found.foreground, xp.int32))
    numbers = xp.arange(1, count + 1, dtype=xp.int32, device=device_of(xp, so_far))
    each = xp.zeros((*leading, count), dtype=xp.int32, device=device_of(xp, so_far)) + numbers
    places = to_index(xp, count_below(xp, so_far, each))
    there = places < anchors
    places = xp.clip(places, None, max(0, anchors - 1))
    score = at(xp, found.score, places)
    index = at(xp, found.index, places)
    stride = take(xp, astype(xp, strides, score.dtype), places)[..., None]
    return Slots(
        places,
        _in_strides(xp, matched(xp, astype(xp, boxes, score.dtype), index), stride),
        table_rows(xp, astype(xp, points, score.dtype), places) / stride,
        xp.where(there, score, xp.zeros_like(score)),
        index,
        there,
        stride[..., 0],
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
    own = base.clip(own, 0, max(0, class_logits.shape[-1] - 1))
    if class_weights is None and class_logits.shape[-1]:
        return xp.sum(closed_form(labelled_kernel, (1, INDEX, 0), (), class_logits, own, found.score))
    lanes = base.arange(class_logits.shape[-1], dtype=own.dtype, device=device_of(base, own))
    wide = found.score[..., None]
    targets = base.where(lanes == own[..., None], wide, base.zeros_like(wide))
    weights = None
    if class_weights is not None:
        weights = base.broadcast_to(class_weights, targets.shape)
    return sigmoid_binary_cross_entropy(class_logits, targets, weights=weights, reduction="sum")


def _in_strides(xp: Namespace, boxes: Array, stride: Array) -> Array:
    """Boxes whose first four numbers are lengths."""
    if boxes.shape[-1] == 4:
        return boxes / stride
    return xp.concat((boxes[..., :4] / stride, boxes[..., 4:]), axis=-1)


def divisor(slots: Slots, normalizer: Array | float | None) -> Array | float:
    """The sum of all scores, at least 1; or what has been given for it."""
    xp = namespace(slots.score)
    return xp.clip(xp.sum(slots.score), 1.0, None) if normalizer is None else normalizer


def foreground_divisor(slots: Slots, count: Array | float | None) -> Array | float:
    """How many anchors there are in the foreground, at least 1; or what has been given for it."""
    xp = namespace(slots.score)
    return xp.clip(xp.sum(astype(xp, slots.there, slots.score.dtype)), 1.0, None) if count is None else count
