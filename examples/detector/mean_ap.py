"""Mean average precision: how well detections find objects, whatever the threshold of scores."""

from __future__ import annotations

import numpy as np

from array_losses import iou

from .network import Detections
from .shapes import Array


def mean_average_precision(
    found: Detections, labels: Array, boxes: Array, mask: Array, *, threshold: float = 0.5
) -> float:
    """The mean over all classes that have an object; NaN if none has.

    Detections with a score of 0 do not count, nor do objects outside of the mask.
    """
    classes = np.unique(labels[mask])
    each = [average_precision(found, boxes, mask & (labels == c), int(c), threshold) for c in classes]
    return float(np.mean(each)) if each else float("nan")


def average_precision(found: Detections, boxes: Array, real: Array, label: int, threshold: float) -> float:
    """The area below the precision as a function of recall, made to fall: the best precision at no less recall.

    From the best score to the worst, a detection takes the object of its image that it overlaps most among those not
    taken yet. If that overlap is below the threshold, it takes none and is false.
    """
    images, numbers = np.nonzero((found.labels == label) & (found.scores > 0))
    order = np.argsort(-found.scores[images, numbers], kind="stable")
    free, true = real.copy(), np.zeros(len(order), dtype=bool)
    for rank, (image, number) in enumerate(zip(images[order], numbers[order])):
        overlaps = np.where(free[image], iou(found.boxes[image, number], boxes[image]), -1.0)
        best = np.argmax(overlaps)
        if overlaps[best] >= threshold:
            true[rank], free[image, best] = True, False

    precision = np.cumsum(true) / np.arange(1, len(true) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(falling[true])) / int(np.sum(real))  # recall grows by 1 / objects at each true detection
