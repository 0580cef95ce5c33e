"""Detections matched to the annotated boxes of their class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .. import iou
from .masks import Masks, rasterise
from .sample import Floats, Image, Indices, Sample


@dataclass(frozen=True)
class Matches:
    """N detections, of which M are matched to an annotated box, and where they stand in the file."""

    sample: Sample
    scores: Floats  # (N,)
    overlap: Floats  # (N,), IoU with the matched box, 0 where there is none
    image: Indices  # (N,)
    detection: Indices  # (N,)
    matched: Indices  # (M,), which of the N
    predicted: Floats  # (M, 4)
    target: Floats  # (M, 4)
    annotation: Indices  # (M,), which of all annotated boxes
    without_class: int
    """Detections in whose image no box of their class is annotated."""
    without_overlap: int
    """Detections that overlap no annotated box of their class."""

    def __len__(self) -> int:
        return len(self.matched)

    @property
    def detections(self) -> int:
        return len(self.scores)

    @cached_property
    def masks(self) -> Masks:
        """The boxes of the sample as masks."""
        return rasterise(self.sample)

    def place(self, row: int) -> str:
        """Where this one of the N detections stands in the file."""
        return f"images[{self.image[row]}].detections[{self.detection[row]}]"


def match(sample: Sample) -> Matches:
    """Each detection with the box of its class that it overlaps most; several may share a box."""
    overlap, annotation = [], []
    before = 0  # annotated boxes of earlier images
    for content in sample.images:
        overlaps = _overlaps(content)
        best = np.max(overlaps, axis=1, initial=-1.0)
        hit = np.flatnonzero(best > 0)
        overlap.append(best)
        if len(hit):
            annotation.append(before + np.argmax(overlaps[hit], axis=1))
        before += len(content.truth_boxes)
    best = np.concatenate(overlap)
    matched = np.flatnonzero(best > 0)
    chosen = np.concatenate([np.empty(0, dtype=np.intp), *annotation])
    return Matches(
        sample=sample,
        scores=np.concatenate([content.scores for content in sample.images]),
        overlap=np.maximum(best, 0.0),
        image=np.concatenate([np.full(len(content.boxes), index) for index, content in enumerate(sample.images)]),
        detection=np.concatenate([np.arange(len(content.boxes)) for content in sample.images]),
        matched=matched,
        predicted=np.concatenate([content.boxes for content in sample.images])[matched],
        target=np.concatenate([content.truth_boxes for content in sample.images])[chosen],
        annotation=chosen,
        without_class=int(np.sum(best < 0)),
        without_overlap=int(np.sum(best == 0)),
    )


def _overlaps(image: Image) -> Floats:
    """The IoU of every detection (rows) with every annotated box, -1 where their classes differ."""
    table = np.asarray(iou(image.boxes[:, None, :], image.truth_boxes[None, :, :]))
    return np.where(image.classes[:, None] == image.truth_classes[None, :], table, -1.0)
