"""What the anchors of YOLOv8 are to learn: the assignment, and the boxes of the anchors of the foreground."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from .._array import Array, Namespace, astype, is_fused, is_numpy, is_torch, namespace, numpy_views, to_index
from .._numerics import among, at, count_below, device_of, running_sum, table_rows, take
from ..coding import distances_to_boxes
from ..measures import ciou, distribution_expectation
from ._heads import sigmoid
from ._pairs import Pairs, align_pairs
from .assignment import Assignment, matched
from .task_aligned import align, at_least_0, metric_of, points_inside, scores_of_labels


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


class Scene(NamedTuple):
    """What a head gives, the ground truth, and where the anchors are."""

    box_logits: Array
    class_logits: Array
    angles: Array | None
    labels: Array
    boxes: Array
    mask: Array
    points: Array
    strides: Array


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


def learn(knobs: Knobs, shape: Shape, *arrays: Array | None) -> tuple[Assignment, Slots]:
    """The assignment, and what the anchors of the foreground are to learn; from the arrays of a `Scene`."""
    xp = namespace(*[x for x in arrays if x is not None])
    views = numpy_views(xp, *arrays)
    if views is not None:
        found, slots = in_pairs(namespace(*[x for x in views if x is not None]), knobs, shape, Scene._make(views))
        if is_numpy(xp):
            return found, slots
        return Assignment(*[xp.asarray(x) for x in found]), Slots(*[xp.asarray(x) for x in slots])
    scene = Scene._make(arrays)
    if is_torch(xp) and is_fused(xp) and scene.points.is_cpu:
        from . import _torch

        # An operator for the pairs: a compiler's table takes more than twice as long.
        return _torch.learned(knobs, shape, scene)
    return in_a_table(xp, knobs, shape, scene)


def in_a_table(xp: Namespace, knobs: Knobs, shape: Shape, scene: Scene) -> tuple[Assignment, Slots]:
    """Of any arrays, with static shapes."""
    labels, points, mask = scene.labels, scene.points, scene.mask
    distances = _distances(xp, scene.box_logits, scene.strides, knobs.bins)
    pred = shape.decode(distances, scene.angles, points)
    boxes = xp.where(mask[..., None], scene.boxes, xp.zeros_like(scene.boxes))
    inside = shape.inside(xp, points, boxes, mask, side_of(xp, knobs, scene.strides))
    overlaps = shape.overlap(boxes[..., :, None, :], pred[..., None, :, :])
    overlaps = at_least_0(xp, overlaps, inside, distances.dtype)
    scores = sigmoid(xp, astype(xp, scores_of_labels(xp, scene.class_logits, labels), distances.dtype))
    found = align(
        xp, scores, overlaps, inside, knobs.topk, knobs.alpha, knobs.beta, knobs.second_topk, knobs.metric_eps
    )
    return found, slots_of(xp, knobs, found, boxes, points, scene.strides)


def in_pairs(xp: Namespace, knobs: Knobs, shape: Shape, scene: Scene) -> tuple[Assignment, Slots]:
    """The same of NumPy arrays, for the pairs of an object and an anchor inside of it alone."""
    box_logits, class_logits, angles, labels, boxes, mask, points, strides = scene
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
    own = among(xp, labels.reshape(-1)[pairs.objects], classes)
    logits = class_logits.reshape(-1, classes)[pairs.anchors, own] if classes else xp.zeros_like(overlaps)
    metric = partial(metric_of, xp, knobs.alpha, knobs.beta)
    size = images, objects, anchors
    scores = sigmoid(xp, astype(xp, logits, distances.dtype))
    found = align_pairs(pairs, size, scores, overlaps, metric, knobs.topk, knobs.second_topk, knobs.metric_eps)
    found = Assignment(*[x.reshape(*leading, anchors) for x in found])
    return found, slots_of(xp, knobs, found, boxes, points, strides)


def _distances(xp: Namespace, box_logits: Array, strides: Array, bins: int) -> Array:
    """In pixels."""
    found = distribution_expectation(xp.reshape(box_logits, (*box_logits.shape[:-1], 4, bins)))
    return found * astype(xp, strides, found.dtype)[..., None]


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
    places = among(xp, places, anchors)
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


def _in_strides(xp: Namespace, boxes: Array, stride: Array) -> Array:
    """Boxes whose first four numbers are lengths."""
    if boxes.shape[-1] == 4:
        return boxes / stride
    return xp.concat((boxes[..., :4] / stride, boxes[..., 4:]), axis=-1)
