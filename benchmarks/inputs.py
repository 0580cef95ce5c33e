"""The inputs of every race: float32 and integer labels, seeded, the same for all contestants."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

type_floats = NDArray[np.float32]
type_labels = NDArray[np.int64]

DETECTION_STRIDES = (8, 16, 32)
IMAGE = 640.0  # side of the imagined image, in pixels
STEP = 1 / 32  # of the pixel; see `_corners`

POSITIVE = 0.01  # share of ones among the targets of a dense classifier
SPREAD = 2.0  # standard deviation of logits

BLOCK = 8  # side of the squares of which label images are made, in pixels
LEAD = 2.0  # by which the logit of the right class is higher

FAR = 30.0  # a margin beyond all distances of embeddings, so that none lies on the kink
TOGETHER = 0.5  # standard deviation of the centres of embeddings, where that of the embeddings around theirs is 1


def matched_boxes(rows: int, seed: int = 0) -> tuple[type_floats, type_floats]:
    """Predictions and their targets, two arrays of shape (rows, 4).

    A prediction is its target moved by about 15 pixels and stretched by about 30 percent, so that large boxes
    overlap well and small ones often not at all.
    """
    draw = np.random.default_rng(seed)
    centre = draw.uniform(0, IMAGE, (rows, 2))
    side = draw.uniform(5, 105, (rows, 2))
    moved = centre + draw.normal(0, 15, (rows, 2))
    stretched = side * np.abs(draw.normal(1, 0.3, (rows, 2)))
    return _corners(moved, stretched, shift=0.0), _corners(centre, side, shift=STEP / 2)


def two_sets(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Two sets of boxes for a table, of shapes (N, 4) and (M, 4)."""
    return matched_boxes(size[0], seed)[0], matched_boxes(size[1], seed + 1)[1]


def rotated_boxes(rows: int, seed: int = 0) -> tuple[type_floats, type_floats]:
    """Predictions and targets (cx, cy, w, h, angle), moved and stretched as `matched_boxes` are, and turned.

    Sides are at least 20 pixels: peers add 1e-7 to determinants that they take as differences.
    """
    draw = np.random.default_rng(seed)
    centre = draw.uniform(0, IMAGE, (rows, 2))
    side = draw.uniform(20, 105, (rows, 2))
    angle = draw.uniform(-np.pi, np.pi, (rows, 1))
    stretched = side * np.exp(draw.normal(0, 0.25, (rows, 2)))
    moved = centre + draw.normal(0, 15, (rows, 2))
    pred = np.concatenate((moved, stretched, angle + draw.normal(0, 0.4, (rows, 1))), axis=-1)
    return pred.astype(np.float32), np.concatenate((centre, side, angle), axis=-1).astype(np.float32)


def two_rotated_sets(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Two sets of rotated boxes for a table."""
    return rotated_boxes(size[0], seed)[0], rotated_boxes(size[1], seed + 1)[1]


def detection(size: tuple[int, ...], bins: int = 16, seed: int = 0) -> tuple[NDArray[Any], ...]:
    """What a YOLOv8 head gives for images (images, side, classes, objects), their objects, and its anchors.

    The head, logits of bins and of classes, has learned the objects more or less.
    """
    images, side, classes, objects = size
    draw = np.random.default_rng(seed)
    levels = [(side // stride, stride) for stride in DETECTION_STRIDES]
    anchors = np.concatenate([(np.indices((n, n))[::-1].reshape(2, -1).T + 0.5) * stride for n, stride in levels])
    strides = np.concatenate([np.full(n * n, float(stride)) for n, stride in levels])
    centre = draw.uniform(0.1, 0.9, (images, objects, 2)) * side
    extent = np.exp(draw.uniform(np.log(0.06), np.log(0.5), (images, objects, 2))) * side
    boxes = np.clip(np.concatenate((centre - extent / 2, centre + extent / 2), axis=-1), 0, side)
    labels = draw.integers(0, classes, (images, objects))
    box_logits = 0.5 * draw.standard_normal((images, len(anchors), 4 * bins), dtype=np.float32)
    class_logits = 0.5 * draw.standard_normal((images, len(anchors), classes), dtype=np.float32) - 3.0
    for image in range(images):
        way = np.concatenate((anchors[:, None] - boxes[image, :, :2], boxes[image, :, 2:] - anchors[:, None]), axis=-1)
        first, hit = (way.min(axis=-1) > 0).argmax(axis=-1), (way.min(axis=-1) > 0).any(axis=-1)
        goal = way[np.arange(len(anchors)), first] / strides[:, None] + draw.normal(0, 0.5, (len(anchors), 4))
        peak = np.maximum(0, 5 - 2.5 * np.abs(np.arange(bins) - np.clip(goal, 0, bins - 1)[..., None]))
        sure = (np.arange(classes) == labels[image, first][:, None]) & hit[:, None]
        box_logits[image] += (hit[:, None, None] * peak).reshape(len(anchors), -1).astype(np.float32)
        class_logits[image] += 4.0 * sure.astype(np.float32)
    truth = labels, boxes.astype(np.float32), np.ones((images, objects), dtype=bool)
    return box_logits, class_logits, *truth, anchors.astype(np.float32), strides.astype(np.float32)


def binary(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Logits and their targets, 0 or (one in a hundred) 1."""
    draw = np.random.default_rng(seed)
    logits = SPREAD * draw.standard_normal(size, dtype=np.float32)
    return logits, (draw.random(size, dtype=np.float32) < POSITIVE).astype(np.float32)


def probabilities(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """What `binary` gives, its logits as probabilities."""
    logits, targets = binary(size, seed)
    return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32), targets


def two_distributions(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Two distributions over the last axis; no probability is below 1e-7, where keras cuts off."""
    raised = np.exp(np.random.default_rng(seed).standard_normal((2, *size), dtype=np.float32))
    first, second = raised / np.sum(raised, axis=-1, keepdims=True)
    return first, second


def scores(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Scores and their targets -1 and 1."""
    draw = np.random.default_rng(seed)
    return draw.standard_normal(size, dtype=np.float32), draw.choice(np.asarray([-1, 1], dtype=np.float32), size)


def labelled(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_labels]:
    """Logits over the last axis and the index of the right class of each row."""
    draw = np.random.default_rng(seed)
    logits = SPREAD * draw.standard_normal(size, dtype=np.float32)
    return logits, draw.integers(0, size[-1], size[:-1])


def distributions(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Logits over bins in the last axis, and where between the bins each row's target lies.

    No target comes near the last bin: ultralytics moves those to 0.01 below it, in place. Nor does one lie on a
    bin, where the slope is a convention.
    """
    draw = np.random.default_rng(seed)
    logits = SPREAD * draw.standard_normal(size, dtype=np.float32)
    bins = draw.integers(0, size[-1] - 1, size[:-1])
    return logits, (bins + draw.uniform(0.05, 0.95, size[:-1])).astype(np.float32)


def numbers(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """Predictions and their targets, about half of them less than 1 apart."""
    draw = np.random.default_rng(seed)
    target = 10 * draw.standard_normal(size, dtype=np.float32)
    return target + 1.5 * draw.standard_normal(size, dtype=np.float32), target


def segmented(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_labels]:
    """Logits (samples, classes, height, width) and the class of each pixel; every sample has all classes."""
    draw = np.random.default_rng(seed)
    samples, classes, *sides = size
    blocks = draw.integers(0, classes, (samples, *(side // BLOCK for side in sides)))
    labels = np.kron(blocks, np.ones((1, BLOCK, BLOCK), dtype=np.int64))
    logits = draw.standard_normal(size, dtype=np.float32)
    return logits + LEAD * _one_hot(labels, classes), labels


def masked(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats]:
    """The same as probabilities, and as targets of 0 and 1."""
    logits, labels = segmented(size, seed)
    raised = np.exp(logits)
    return raised / np.sum(raised, axis=1, keepdims=True), _one_hot(labels, size[1])


def identities(size: tuple[int, ...], each: int = 4, seed: int = 0) -> tuple[type_floats, type_labels]:
    """Embeddings in no order, `each` of one label around a common centre.

    The furthest of the own label is about as far away as the nearest of all others.
    """
    draw = np.random.default_rng(seed)
    labels = draw.permutation(np.arange(size[0]) // each)
    centres = TOGETHER * draw.standard_normal((size[0] // each, size[1]), dtype=np.float32)
    return centres[labels] + draw.standard_normal(size, dtype=np.float32), labels


def triplets(size: tuple[int, ...], seed: int = 0) -> tuple[type_floats, type_floats, type_floats]:
    """Anchors, positives and negatives, of which the first two are a little nearer."""
    draw = np.random.default_rng(seed)
    anchor, positive, negative = draw.standard_normal((3, *size), dtype=np.float32)
    return anchor, positive + np.float32(0.05) * anchor, negative


def views(size: tuple[int, ...]) -> tuple[type_floats, type_labels]:
    """Embeddings of two views of each image."""
    return identities(size, each=2)


def queries(size: tuple[int, ...]) -> tuple[type_floats, type_floats]:
    """Embeddings, and the embedding of another view of each."""
    embeddings, labels = views((2 * size[0], size[1]))
    first, second = embeddings[np.argsort(labels, stable=True)].reshape(*size[:1], 2, -1).swapaxes(0, 1)
    return np.ascontiguousarray(first), np.ascontiguousarray(second)


def _one_hot(labels: type_labels, classes: int) -> type_floats:
    return np.asarray(labels[:, None] == np.arange(classes)[:, None, None], dtype=np.float32)


def _corners(centre: NDArray[np.float64], side: NDArray[np.float64], shift: float) -> type_floats:
    """Corners on a grid of `STEP`, at least one pixel apart.

    The shift of half a step between predictions and targets keeps their edges from ever coinciding. There the
    slope is a convention, and peers need not share it.
    """
    low = np.floor((centre - side / 2) / STEP) * STEP
    high = low + np.maximum(np.round(side / STEP) * STEP, 1.0)
    return (np.concatenate((low, high), axis=1) + shift).astype(np.float32)
