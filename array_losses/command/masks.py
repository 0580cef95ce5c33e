"""Masks made of boxes: those that are annotated, and those that were detected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .sample import Flags, Floats, Image, Sample

GRID = 64
"""Rows and columns of cells."""
MOST_MASKS = 1000
"""No more are made of a large file."""

_CENTRES = (np.arange(GRID) + 0.5) / GRID


@dataclass(frozen=True)
class Masks:
    """R masks: one for each class in each image."""

    target: Floats  # (R, GRID, GRID), 1 in the annotated boxes of the class and 0 elsewhere
    scores: Floats  # (R, GRID, GRID), the highest score of the detections of the class that lie there, 0 without any
    places: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.places)


def rasterise(sample: Sample) -> Masks:
    """Each image under a grid that reaches over all its boxes; a cell belongs to a box if its centre does."""
    target: list[Flags] = []
    scores: list[Floats] = []
    places: list[str] = []
    for index, image in enumerate(sample.images):
        truth, boxes = _on_the_grid(image)
        for label in np.union1d(image.truth_classes, image.classes)[: MOST_MASKS - len(places)]:
            detected = image.classes == label
            target.append(np.any(_cells(truth[image.truth_classes == label]), axis=0))
            painted = _cells(boxes[detected]) * image.scores[detected][:, None, None]
            scores.append(np.max(painted, axis=0, initial=0.0))
            places.append(f'images[{index}], class "{sample.classes[label]}"')
    return Masks(np.asarray(target, dtype=np.float64), np.asarray(scores), tuple(places))


def _on_the_grid(image: Image) -> tuple[Floats, Floats]:
    """The annotated and the detected boxes, where the box around all of them is the unit square."""
    boxes = np.concatenate([image.truth_boxes, image.boxes])
    if len(boxes) > 0:
        low, high = np.min(boxes[:, :2], axis=0), np.max(boxes[:, 2:], axis=0)
        boxes = (boxes - np.tile(low, 2)) / np.tile(np.where(high > low, high - low, 1.0), 2)
    return boxes[: len(image.truth_boxes)], boxes[len(image.truth_boxes) :]


def _cells(boxes: Floats) -> Flags:
    """The cells of each box."""
    x1, y1, x2, y2 = boxes.T[..., None]
    rows, columns = (y1 <= _CENTRES) & (y2 > _CENTRES), (x1 <= _CENTRES) & (x2 > _CENTRES)
    return np.asarray(rows[:, :, None] & columns[:, None, :])
