"""What is compared: the losses, which numbers each gets, and the sections of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import array_losses

from .errors import InputError
from .inputs import (
    MOST_EMBEDDINGS,
    Inputs,
    corners,
    embeddings,
    embeddings_of_pairs,
    logits,
    logits_and_overlaps,
    logits_and_signs,
    matched_boxes,
    painted,
    painted_logits,
    probabilities,
)
from .masks import GRID
from .matching import Matches


@dataclass(frozen=True)
class Section:
    """Losses whose means are taken over the same rows: one table."""

    name: str
    over: Callable[[Matches], str]
    remark: str = ""
    place: Callable[[Matches, int], str] = Matches.place
    """Where a row of its losses stands in the file."""


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
SEGMENTATION = Section(
    "segmentation",
    lambda matches: f"{len(matches.masks)} masks of {GRID} x {GRID} cells",
    "One mask for each class of an image, made of boxes: the sample has no outlines. The target is 1 in the annotated "
    "boxes of the class, the prediction is the highest score of its detections that cover the cell; losses from logits "
    "get its logit. The grid reaches over all boxes of the image.",
    lambda matches, row: matches.masks.places[row],
)
EMBEDDINGS = Section(
    "embeddings",
    lambda matches: f"{min(len(matches), MOST_EMBEDDINGS)} matched detections",
    "An embedding is the centre, the logarithms of width and height, and the score of a detection, each less its mean "
    "and over its standard deviation; its label is the annotated box that it is matched to. info_nce_loss goes without "
    "the score, and its keys are the annotated boxes. The mean is over the anchors, pairs or triplets that count.",
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
    return Entry(_name(function, knobs), function, knobs, corners, REGRESSION)


def _segmentation(function: Callable[..., Any], inputs: Callable[[Matches], Inputs] = painted) -> Entry:
    return Entry(function.__name__, function, {"axis": None}, inputs, SEGMENTATION)


def _embedding(function: Callable[..., Any], inputs: Callable[[Matches], Inputs] = embeddings, **knobs: float) -> Entry:
    return Entry(_name(function, knobs), function, knobs, inputs, EMBEDDINGS)


def _name(function: Callable[..., Any], knobs: Mapping[str, float]) -> str:
    return ":".join((function.__name__, *(f"{knob}={number}" for knob, number in knobs.items())))


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
    Entry("siou_loss", array_losses.siou_loss),
    Entry("alpha_iou_loss:ciou", array_losses.alpha_iou_loss, {"base": "ciou"}),
    Entry("inner_iou_loss:ciou", array_losses.inner_iou_loss, {"base": "ciou", "ratio": 0.75}),
    Entry("focaler_iou_loss:ciou", array_losses.focaler_iou_loss, {"base": "ciou"}),
    Entry("shape_iou_loss", array_losses.shape_iou_loss),
    Entry("powerful_iou_loss", array_losses.powerful_iou_loss),
    Entry("nwd_loss", array_losses.nwd_loss),
    Entry("bounded_iou_loss", array_losses.bounded_iou_loss),
    Entry("extended_iou_loss", array_losses.extended_iou_loss),
    Entry("unified_iou_loss:ciou", array_losses.unified_iou_loss, {"ratio": 0.75}),
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
    _segmentation(array_losses.dice_loss),
    _segmentation(array_losses.jaccard_loss),
    _segmentation(array_losses.tversky_loss),
    _segmentation(array_losses.focal_tversky_loss),
    _segmentation(array_losses.mcc_loss),
    _segmentation(array_losses.sigmoid_dice_loss, painted_logits),
    _segmentation(array_losses.combo_loss, painted_logits),
    _segmentation(array_losses.lovasz_hinge_loss, painted_logits),
    _embedding(array_losses.batch_hard_triplet_loss),
    _embedding(array_losses.batch_all_triplet_loss),
    _embedding(array_losses.semi_hard_triplet_loss),
    _embedding(array_losses.nt_xent_loss),
    _embedding(array_losses.sup_con_loss),
    _embedding(array_losses.multi_similarity_loss),
    _embedding(array_losses.info_nce_loss, embeddings_of_pairs, temperature=0.5),
)


def select(names: Sequence[str], entries: Sequence[Entry] = ENTRIES) -> list[Entry]:
    """The entries of these names, in the table's order; a function's name stands for all its forms."""
    for name in names:
        if not any(_is_called(entry, name) for entry in entries):
            raise InputError(f"--losses {name}: must be one of {', '.join(entry.name for entry in entries)}")
    return [entry for entry in entries if any(_is_called(entry, name) for name in names)]


def _is_called(entry: Entry, name: str) -> bool:
    return name in (entry.name, entry.name.partition(":")[0])
