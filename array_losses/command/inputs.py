"""The numbers that each loss gets from the matches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .masks import GRID
from .matching import Matches
from .sample import Floats, Indices, Rows


class Inputs(NamedTuple):
    """What a loss gets, row by row, and the size by which its slopes are measured."""

    pred: Floats
    target: Rows
    rows: Indices
    """Which of the detections, or of the masks, each row is."""
    size: Floats | float = 1.0
    """Broadcasts to `pred`. A slope times this size is a pure number, whatever the unit of length."""


def matched_boxes(matches: Matches) -> Inputs:
    """The matched pairs; x is measured by the width of the box around both, y by its height."""
    _, side = _box_around(matches)
    return Inputs(matches.predicted, matches.target, matches.matched, side)


SCORE_MARGIN = 1e-6
"""Scores are kept this far from 0 and 1, where logits are infinite. Logits are then within +-13.8."""


def probabilities(matches: Matches) -> Inputs:
    """The score of each detection; 1 where it is matched, else 0."""
    scores = np.clip(matches.scores, SCORE_MARGIN, 1 - SCORE_MARGIN)
    return Inputs(scores, np.where(matches.overlap > 0, 1.0, 0.0), np.arange(matches.detections))


def logits(matches: Matches) -> Inputs:
    """The logit of each score; 1 where the detection is matched, else 0."""
    found = probabilities(matches)
    return found._replace(pred=np.log(found.pred / (1 - found.pred)))


def logits_and_signs(matches: Matches) -> Inputs:
    """The same, with -1 for the unmatched."""
    found = logits(matches)
    return found._replace(target=2 * found.target - 1)


def logits_and_overlaps(matches: Matches) -> Inputs:
    """The logit of each score; the IoU with the matched box, 0 without one."""
    return logits(matches)._replace(target=matches.overlap)


def corners(matches: Matches) -> Inputs:
    """The matched pairs in the coordinates in which the box around both is the unit square."""
    origin, side = _box_around(matches)
    return Inputs((matches.predicted - origin) / side, (matches.target - origin) / side, matches.matched)


def _box_around(matches: Matches) -> tuple[Floats, Floats]:
    """Its (x1, y1, x1, y1) and (width, height, width, height), which are not 0: the two boxes overlap."""
    low = np.minimum(matches.predicted[:, :2], matches.target[:, :2])
    high = np.maximum(matches.predicted[:, 2:], matches.target[:, 2:])
    return np.tile(low, 2), np.tile(high - low, 2)


def painted(matches: Matches) -> Inputs:
    """The scores of the detections, painted over the cells of each mask; 1 in the annotated boxes, else 0."""
    masks = matches.masks
    return Inputs(masks.scores, masks.target, np.arange(len(masks)), float(GRID**2))


def painted_logits(matches: Matches) -> Inputs:
    """The logits of the same."""
    found = painted(matches)
    scores = np.clip(found.pred, SCORE_MARGIN, 1 - SCORE_MARGIN)
    return found._replace(pred=np.log(scores / (1 - scores)))


MOST_EMBEDDINGS = 512
"""The tables have a row and a column for each: the first so many of a large file."""


def embeddings(matches: Matches) -> Inputs:
    """What a matched detection looks like, in five numbers, and the annotated box that it shows."""
    detected, _ = _standardized(matches)
    kept = matches.matched[:MOST_EMBEDDINGS]
    scores = matches.scores[kept]
    spread = np.std(scores)
    scores = (scores - np.mean(scores)) / (spread if spread > 0 else 1.0)
    return Inputs(np.concatenate([detected, scores[:, None]], axis=1), matches.annotation[:MOST_EMBEDDINGS], kept)


def embeddings_of_pairs(matches: Matches) -> Inputs:
    """What a matched detection looks like, in four numbers, and what its annotated box looks like."""
    return Inputs(*_standardized(matches), matches.matched[:MOST_EMBEDDINGS])


def _standardized(matches: Matches) -> tuple[Floats, Floats]:
    """Centre and logarithms of width and height of both boxes, in standard deviations of the detected ones from their
    mean."""
    detected, annotated = _geometry(matches.predicted), _geometry(matches.target)
    mean, spread = np.mean(detected, axis=0), np.std(detected, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    return (detected - mean) / spread, (annotated - mean) / spread


def _geometry(boxes: Floats) -> Floats:
    low, high = boxes[:MOST_EMBEDDINGS, :2], boxes[:MOST_EMBEDDINGS, 2:]
    return np.concatenate([(low + high) / 2, np.log(high - low)], axis=1)
