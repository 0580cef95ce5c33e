"""What a detector found in a file of boxes, class by class, with every measure; NumPy is all it needs.

    python -m examples.evaluation [FILE]

FILE has the form of the package's own sample (`array_losses/data/README.md`), which is read without one. AP is the
average precision at an IoU of 0.5; the measures are means over the detections that overlap an object of their class,
each with the object that it overlaps most. IoA is the share of the object, IoF that of the detection.
"""

from __future__ import annotations

import argparse
import importlib.resources
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from array_losses import ciou, diou, eiou, giou, ioa, iof, iou, nwd_loss
from examples.detector.mean_ap import average_precision
from examples.detector.network import Detections

Array = np.ndarray[Any, Any]
MEASURES: dict[str, Callable[[Array, Array], Any]] = {
    "IoU": iou,
    "GIoU": giou,
    "DIoU": diou,
    "CIoU": ciou,
    "EIoU": eiou,
    "IoA": ioa,
    "IoF": iof,
    "NWD": lambda found, there: 1.0 - nwd_loss(found, there),
}


class Scenes(NamedTuple):
    """All images, padded: D detections and G objects in each, class -1 where there is none."""

    classes: list[str]
    found: Detections
    labels: Array  # (B, G)
    boxes: Array  # (B, G, 4)


class Row(NamedTuple):
    name: str
    objects: int
    detections: int
    precision: float
    measures: tuple[float, ...]


def read(file: Path | None) -> Scenes:
    """The scenes of a file."""
    sample = importlib.resources.files("array_losses") / "data" / "voc2012_100.json"
    content = json.loads((file or sample).read_text(encoding="utf-8"))
    found = _padded([image["detections"] for image in content["images"]], 6)
    there = _padded([image["ground_truth"] for image in content["images"]], 5)
    detections = Detections(found[..., 2:], found[..., 1], found[..., 0].astype(int))
    return Scenes(content["classes"], detections, there[..., 0].astype(int), there[..., 1:])


def _padded(images: Sequence[Sequence[Sequence[float]]], width: int) -> Array:
    table = np.zeros((len(images), max(1, *map(len, images)), width))
    table[..., 0] = -1
    for row, boxes in zip(table, images, strict=True):
        row[: len(boxes)] = np.reshape(boxes, (-1, width))
    return table


def evaluate(scenes: Scenes) -> list[Row]:
    """A row for each class that has an object, and one for all."""
    labels, found = scenes.labels, scenes.found
    overlaps = iou(found.boxes[..., :, None, :], scenes.boxes[..., None, :, :])
    overlaps = np.where(found.labels[..., :, None] == labels[..., None, :], overlaps, 0.0)
    hit = overlaps.max(axis=-1) > 0
    best = np.take_along_axis(scenes.boxes, overlaps.argmax(axis=-1)[..., None], axis=-2)
    rows = []
    for number in np.unique(labels[labels >= 0]):
        real, own = labels == number, found.labels == number
        precision = average_precision(found, scenes.boxes, real, int(number), 0.5)
        name = scenes.classes[number]
        rows.append(Row(name, int(real.sum()), int(own.sum()), precision, _means(found.boxes, best, hit & own)))
    precision = float(np.mean([row.precision for row in rows]))
    counts = int((labels >= 0).sum()), int((found.labels >= 0).sum())
    return [*rows, Row("all", *counts, precision, _means(found.boxes, best, hit))]


def _means(found: Array, there: Array, chosen: Array) -> tuple[float, ...]:
    pairs = found[chosen], there[chosen]
    return tuple(float(np.mean(measure(*pairs))) if chosen.any() else float("nan") for measure in MEASURES.values())


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.evaluation", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", help="JSON; the sample of the package by default")
    table = Table("class", "objects", "detections", "AP", *MEASURES)
    for row in evaluate(read(parser.parse_args(arguments).file)):
        numbers = [f"{number:.3f}" for number in (row.precision, *row.measures)]
        table.add_row(row.name, str(row.objects), str(row.detections), *numbers)
    Console(width=110).print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
