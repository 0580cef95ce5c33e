"""What is compared: the losses, the numbers that each gets from the matches, and the sections of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

import array_losses

from .errors import InputError
from .matching import Matches
from .sample import Floats, Indices


class Inputs(NamedTuple):
    """What a loss gets, row by row, and the size by which its slopes are measured."""

    pred: Floats
    target: Floats
    rows: Indices
    """Which of the detections each row is."""
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


@dataclass(frozen=True)
class Section:
    """Losses whose means are taken over the same rows: one table."""

    name: str
    over: Callable[[Matches], str]
    remark: str = ""


BOXES = Section("boxes", lambda matches: f"{len(matches)} matched pairs")
CLASSIFICATION = Section(
    "classification",
    lambda matches: f"{matches.detections} detections, {len(matches)} of them matched",
    "The logit is ln(s/(1-s)) of the score s, kept a millionth away from 0 and 1. The target is 1 where the detection "
    "is matched and 0 elsewhere; hinge losses take -1 for 0, quality_focal_loss and varifocal_loss the IoU of the pair "
    "for 1.",
)
REGRESSION = Section(
    "regression",
    lambda matches: f"the 4 corner coordinates of {len(matches)} matched pairs",
    "In the coordinates in which the box around both is the unit square.",
)


@dataclass(frozen=True)
class Entry:
    """One line of a table: a loss with its knobs, and which part of the matches it is computed on."""

    name: str
    function: Callable[..., Any]
    knobs: Mapping[str, Any] = field(default_factory=dict)
    inputs: Callable[[Matches], Inputs] = matched_boxes
    section: Section = BOXES


def _classification(function: Callable[..., Any], inputs: Callable[[Matches], Inputs] = logits) -> Entry:
    return Entry(function.__name__, function, inputs=inputs, section=CLASSIFICATION)


def _regression(function: Callable[..., Any], **knobs: float) -> Entry:
    name = ":".join((function.__name__, *(f"{knob}={number}" for knob, number in knobs.items())))
    return Entry(name, function, knobs, corners, REGRESSION)


ENTRIES: tuple[Entry, ...] = (
    Entry("iou_loss:linear", array_losses.iou_loss, {"form": "linear"}),
    Entry("iou_loss:log", array_losses.iou_loss, {"form": "log"}),
    Entry("iou_loss:square", array_losses.iou_loss, {"form": "square"}),
    Entry("giou_loss", array_losses.giou_loss),
    Entry("diou_loss", array_losses.diou_loss),
    Entry("ciou_loss", array_losses.ciou_loss),
    Entry("eiou_loss", array_losses.eiou_loss),
    Entry("focal_eiou_loss", array_losses.focal_eiou_loss),
    Entry("cdiou_loss", array_losses.cdiou_loss),
    _classification(array_losses.binary_cross_entropy, probabilities),
    _classification(array_losses.sigmoid_binary_cross_entropy),
    _classification(array_losses.sigmoid_focal_loss),
    _classification(array_losses.asymmetric_loss),
    _classification(array_losses.quality_focal_loss, logits_and_overlaps),
    _classification(array_losses.varifocal_loss, logits_and_overlaps),
    _classification(array_losses.hinge_loss, logits_and_signs),
    _classification(array_losses.squared_hinge_loss, logits_and_signs),
    _regression(array_losses.l1_loss),
    _regression(array_losses.l2_loss),
    _regression(array_losses.smooth_l1_loss, beta=0.1),
    _regression(array_losses.huber_loss, delta=0.1),
    _regression(array_losses.log_cosh_loss),
    _regression(array_losses.charbonnier_loss),
    _regression(array_losses.balanced_l1_loss),
    _regression(array_losses.focal_l1_loss),
)


def select(names: Sequence[str], entries: Sequence[Entry] = ENTRIES) -> list[Entry]:
    """The entries of these names, in the table's order; a function's name stands for all its forms."""
    for name in names:
        if not any(_is_called(entry, name) for entry in entries):
            raise InputError(f"--losses {name}: must be one of {', '.join(entry.name for entry in entries)}")
    return [entry for entry in entries if any(_is_called(entry, name) for name in names)]


def _is_called(entry: Entry, name: str) -> bool:
    return name in (entry.name, entry.name.partition(":")[0])
