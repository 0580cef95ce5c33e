"""ultralytics' own trainer, with our criterion in place of its own.

    python -m examples.ultralytics_trainer

A YOLOv8n with random weights is trained twice on images made on the fly, by the same trainer with the same seed: once
with `v8DetectionLoss`, once with `yolov8_detection_loss`. Exit status 1 if a part of the loss is ever further away than
`ALIKE`. What differs is an eps of 1e-7 in ultralytics' CIoU, and rounding, which training multiplies.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ |= {"YOLO_OFFLINE": "True", "YOLO_AUTOINSTALL": "False", "YOLO_VERBOSE": "False"}
os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.gettempdir())

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

with contextlib.redirect_stdout(io.StringIO()):  # it reports of the settings that it writes
    from ultralytics.models.yolo.detect import DetectionTrainer
    from ultralytics.utils.loss import v8DetectionLoss

from array_losses.detection import anchor_points, yolov8_detection_loss
from examples.detector import shapes

ALIKE = 1e-3
SIDE, IMAGES, BATCH = shapes.SIDE, 32, 8


class Trainer(DetectionTrainer):  # type: ignore[misc]
    """Theirs, without the validation after the last epoch."""

    def validate(self) -> tuple[dict[str, float], float]:
        return {}, 0.0

    def final_eval(self) -> None:
        return


class Criterion:
    """What the trainer asks of a criterion, answered by `yolov8_detection_loss`."""

    def __init__(self, model: Any) -> None:
        self.strides = model.stride.tolist()
        self.gains = model.args.box, model.args.cls, model.args.dfl
        self.bins = model.model[-1].reg_max

    def __call__(self, outputs: Any, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        heads = outputs[1] if isinstance(outputs, tuple) else outputs
        box_logits, class_logits = heads["boxes"].permute(0, 2, 1), heads["scores"].permute(0, 2, 1)
        sizes = [tuple(features.shape[2:]) for features in heads["feats"]]
        anchors, strides = anchor_points(sizes, self.strides, like=box_logits)
        height, width = [int(size * self.strides[0]) for size in sizes[0]]
        labels, boxes, mask = padded(batch, box_logits.shape[0], (width, height))
        found = yolov8_detection_loss(
            *(box_logits, class_logits, labels, boxes, mask),
            anchors=anchors,
            strides=strides,
            num_bins=self.bins,
            gains=self.gains,
            metric_eps=1e-9,
        )
        parts = torch.stack((found.box, found.classification, found.distribution))
        names = ("box_loss", "cls_loss", "dfl_loss")
        return parts * box_logits.shape[0], dict(zip(names, parts.detach(), strict=True))


def padded(batch: dict[str, torch.Tensor], images: int, size: tuple[int, int]) -> Any:
    """From the trainer's list of objects, boxes as shares of the image, to (B, G) places: labels, boxes, mask."""
    place = batch["batch_idx"].long()
    count = torch.bincount(place, minlength=images)
    rank = torch.arange(len(place)) - (count.cumsum(0) - count)[place]
    mask = torch.arange(int(count.max()) if len(place) else 0) < count[:, None]
    labels = torch.zeros(mask.shape, dtype=torch.int64)
    boxes = torch.zeros((*mask.shape, 4), dtype=batch["bboxes"].dtype)
    labels[place, rank] = batch["cls"].view(-1).long()
    centre, side = batch["bboxes"].split(2, dim=-1)
    boxes[place, rank] = torch.cat((centre - side / 2, centre + side / 2), -1) * torch.tensor((*size, *size))
    return labels, boxes, mask


def write_images(folder: Path) -> Path:
    """Images and labels as the trainer's loader wants them; returns the file that says where they are."""
    scenes = shapes.draw(np.random.default_rng(0), IMAGES)
    for kind in ("images", "labels"):
        (folder / kind).mkdir()
    for number, (picture, labels, boxes, mask) in enumerate(zip(*scenes, strict=True)):
        pixels = np.clip(64 * picture.transpose(1, 2, 0) + 128, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")
        lines = []
        for label, (x1, y1, x2, y2) in zip(labels[mask], boxes[mask] / SIDE, strict=True):
            lines.append(f"{label} {(x1 + x2) / 2} {(y1 + y2) / 2} {x2 - x1} {y2 - y1}")
        (folder / "labels" / f"{number}.txt").write_text("\n".join(lines), encoding="utf-8")
    names = "\n".join(f"  {number}: {name}" for number, name in enumerate(shapes.SHAPES))
    file = folder / "data.yaml"
    file.write_text(f"path: {folder}\ntrain: images\nval: images\nnames:\n{names}\n", encoding="utf-8")
    return file


def train(criterion: Any, epochs: int) -> list[dict[str, float]]:
    """The parts of the loss of each batch."""
    found: list[dict[str, float]] = []
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        folder = Path(name)
        trainer = Trainer(
            overrides={
                "model": "yolov8n.yaml",
                "data": str(write_images(folder)),
                "project": name,
                **{"epochs": epochs, "batch": BATCH, "imgsz": SIDE, "device": "cpu", "workers": 0, "seed": 0},
                **dict.fromkeys(("amp", "val", "plots", "save", "verbose"), False),
            }
        )
        trainer.add_callback("on_train_start", lambda it: setattr(it.model, "criterion", criterion(it.model)))
        trainer.add_callback(
            "on_train_batch_end", lambda it: found.append({key: float(x) for key, x in it.loss_items.items()})
        )
        trainer.train()
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.ultralytics_trainer", description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3, help=f"of {IMAGES // BATCH} batches (default 3)")
    epochs = parser.parse_args(arguments).epochs
    theirs, ours = [train(criterion, epochs) for criterion in (v8DetectionLoss, Criterion)]
    table = Table("batch", *theirs[0], title="v8DetectionLoss / yolov8_detection_loss")
    worst = 0.0
    for number, (one, other) in enumerate(zip(theirs, ours, strict=True)):
        table.add_row(str(number), *[f"{one[part]:.5f} / {other[part]:.5f}" for part in one])
        worst = max([worst, *[abs(other[part] - one[part]) / abs(one[part]) for part in one]])
    Console(width=100).print(table)
    print(f"{len(ours)} batches; never further away than {worst:.1e} of a part")
    return int(not worst < ALIKE)


if __name__ == "__main__":
    raise SystemExit(main())
