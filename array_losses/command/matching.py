"""Detections matched to the annotated boxes of their class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import iou
from .sample import Floats, Image, Indices, Sample


@dataclass(frozen=True)
class Matches:
    """M detections, the annotated box of each, and where they stand in the file."""

    predicted: Floats  # (M, 4)
    target: Floats  # (M, 4)
    image: Indices  # (M,)
    detection: Indices  # (M,)
    without_class: int
    """Detections in whose image no box of their class is annotated."""
    without_overlap: int
    """Detections that overlap no annotated box of their class."""

    def __len__(self) -> int:
        return len(self.predicted)

    def place(self, row: int) -> str:
        """Where the detection of this row stands in the file."""
        return f"images[{self.image[row]}].detections[{self.detection[row]}]"


def match(sample: Sample) -> Matches:
    """Each detection with the box of its class that it overlaps most; several may share a box."""
    image, detection, truth = [], [], []
    without_class = without_overlap = 0
    for index, content in enumerate(sample.images):
        overlaps = _overlaps(content)
        best = np.max(overlaps, axis=1, initial=-1.0)
        matched = np.flatnonzero(best > 0)
        image.append(np.full(len(matched), index))
        detection.append(matched)
        truth.append(content.truth_boxes[np.argmax(overlaps[matched], axis=1)] if len(matched) else np.empty((0, 4)))
        without_class += int(np.sum(best < 0))
        without_overlap += int(np.sum(best == 0))
    predicted = [content.boxes[matched] for content, matched in zip(sample.images, detection, strict=True)]
    return Matches(
        np.concatenate(predicted),
        np.concatenate(truth),
        np.concatenate(image),
        np.concatenate(detection),
        without_class,
        without_overlap,
    )


def _overlaps(image: Image) -> Floats:
    """The IoU of every detection (rows) with every annotated box, -1 where their classes differ."""
    table = np.asarray(iou(image.boxes[:, None, :], image.truth_boxes[None, :, :]))
    return np.where(image.classes[:, None] == image.truth_classes[None, :], table, -1.0)
