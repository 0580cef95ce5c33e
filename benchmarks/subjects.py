"""What is raced: families of subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from . import goals, inputs, ours
from .agreement import CANCELLING, GRADIENT, SORTED, SURE
from .backends import Call
from .goals import Added, Goal
from .sizes import Size

Work = Literal["value", "value+gradient"]
WORKS: tuple[Work, ...] = ("value", "value+gradient")


@dataclass(frozen=True)
class Subject:
    """What becomes a task at each size and in each way of calling it."""

    title: str
    inputs: Callable[[Size], tuple[NDArray[Any], ...]]
    goal: Callable[[str, Size, Call], Goal | Added | None]  # of a backend's name, a size, a call
    works: tuple[Work, ...] = WORKS
    compilable: bool = True
    tolerance: float = GRADIENT
    learned: int = 1  # how many of the first inputs have a gradient


FAMILIES: dict[str, dict[str, Subject]] = {
    "boxes": {
        "ciou": Subject("CIoU loss", lambda size: inputs.matched_boxes(size[0]), goals.box_goal),
        "giou": Subject("GIoU loss", lambda size: inputs.matched_boxes(size[0]), goals.box_goal),
        "iou table": Subject("IoU table", inputs.two_sets, goals.table_goal, works=("value",), compilable=False),
        "giou table": Subject("GIoU table", inputs.two_sets, goals.no_goal, works=("value",), compilable=False),
    },
    "modern boxes": {
        entry: Subject(
            f"{entry} loss", lambda size: inputs.matched_boxes(size[0]), goals.modern_goal, works=("value+gradient",)
        )
        for entry in ours.MODERN
    },
    "rotated boxes": {
        "probiou": Subject(
            "ProbIoU loss", lambda size: inputs.rotated_boxes(size[0]), goals.probiou_goal, tolerance=CANCELLING
        ),
        "rotated iou table": Subject(
            "rotated IoU table", inputs.two_rotated_sets, goals.rotated_goal, works=("value",), compilable=False
        ),
    },
    "detection": {
        "yolov8": Subject("YOLOv8 criterion", inputs.detection, goals.yolov8_goal, tolerance=CANCELLING, learned=2),
    },
    "classification": {
        "sigmoid focal": Subject("sigmoid focal loss", inputs.binary, goals.focal_goal),
        "sigmoid bce": Subject("sigmoid cross-entropy", inputs.binary, goals.no_goal),
        "probability bce": Subject("binary cross-entropy", inputs.probabilities, goals.no_goal),
        "softmax ce": Subject("softmax cross-entropy", inputs.labelled, goals.softmax_goal, tolerance=SURE),
        "softmax focal": Subject("softmax focal loss", inputs.labelled, goals.no_goal),
        "kl divergence": Subject("KL divergence", inputs.two_distributions, goals.no_goal),
        "hinge": Subject("hinge loss", inputs.scores, goals.no_goal),
        "distribution focal": Subject("distribution focal", inputs.distributions, goals.distribution_goal),
    },
    "regression": {
        "smooth l1": Subject("smooth L1 loss", inputs.numbers, goals.regression_goal),
        "huber": Subject("Huber loss", inputs.numbers, goals.regression_goal),
        "log cosh": Subject("log-cosh loss", inputs.numbers, goals.no_goal),
        "charbonnier": Subject("Charbonnier loss", inputs.numbers, goals.no_goal),
        "balanced l1": Subject("balanced L1 loss", inputs.numbers, goals.no_goal),
    },
    "segmentation": {
        "dice": Subject("Dice loss", inputs.masked, goals.dice_goal),
        "tversky": Subject("Tversky loss", inputs.masked, goals.dice_goal),
        "softmax dice": Subject("softmax Dice loss", inputs.segmented, goals.dice_goal),
        "lovasz softmax": Subject("Lovasz softmax loss", inputs.segmented, goals.lovasz_goal, tolerance=SORTED),
    },
    "embeddings": {
        "batch hard triplet": Subject("batch-hard triplet", inputs.identities, goals.triplet_goal),
        "triplet": Subject("triplet loss", inputs.triplets, goals.no_goal),
        "contrastive": Subject("contrastive loss", inputs.identities, goals.no_goal),
        "nt-xent": Subject("NT-Xent loss", inputs.views, goals.no_goal),
        "info nce": Subject("InfoNCE loss", inputs.queries, goals.no_goal),
    },
    "overhead": {
        entry: Subject(f"one row: {title}", given, goals.overhead_goal, works=("value",), compilable=False)
        for entry, title, given in (
            ("one ciou", "CIoU loss", lambda size: inputs.matched_boxes(size[0])),
            ("one sigmoid focal", "sigmoid focal", inputs.binary),
            ("one huber", "Huber loss", inputs.numbers),
            ("one softmax ce", "softmax CE", inputs.labelled),
        )
    },
}
