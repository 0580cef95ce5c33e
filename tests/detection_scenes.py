"""Heads of detectors, made up or from real detections, with padded ground truth."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from array_losses.detection import anchor_points

STRIDES = (8, 16, 32)


class Scene(NamedTuple):
    """Raw outputs, ground truth and anchors; float32."""

    box_logits: Any
    class_logits: Any
    labels: Any
    boxes: Any
    mask: Any
    anchors: Any
    strides: Any

    @property
    def places(self) -> dict[str, Any]:
        return {"anchors": self.anchors, "strides": self.strides}


def sizes_of(side: int) -> list[tuple[int, int]]:
    """Height and width of the levels of square images."""
    return [(side // stride, side // stride) for stride in STRIDES]


def made_up(
    images: int = 2, side: int = 160, classes: int = 4, objects: int = 6, seed: int = 0, bins: int = 16
) -> Scene:
    """Objects at random, and a head that has learned them more or less."""
    draw = np.random.default_rng(seed)
    count = draw.integers(max(1, objects // 2), objects + 1, images)
    mask = np.arange(objects) < count[:, None]
    centre = draw.uniform(0.15, 0.85, (images, objects, 2)) * side
    extent = np.exp(draw.uniform(np.log(0.1), np.log(0.5), (images, objects, 2))) * side
    boxes = np.clip(np.concatenate((centre - extent / 2, centre + extent / 2), axis=-1), 0, side)
    return head(boxes * mask[..., None], draw.integers(0, classes, (images, objects)), mask, side, classes, draw, bins)


def real(images: int = 4, side: int = 512) -> Scene:
    """Annotated boxes of photographs, and a head that saw them."""
    text = (resources.files("array_losses") / "data" / "voc2012_100.json").read_text(encoding="utf-8")
    content = json.loads(text)
    found = [entry["ground_truth"] for entry in content["images"] if 2 <= len(entry["ground_truth"]) <= 8][:images]
    mask, boxes = np.zeros((images, 8), dtype=bool), np.zeros((images, 8, 4))
    labels = np.zeros((images, 8), dtype=np.int64)
    for i, truths in enumerate(found):
        for g, (label, *box) in enumerate(truths):
            mask[i, g], labels[i, g], boxes[i, g] = True, label, np.clip(box, 0, side)
    return head(boxes, labels, mask, side, len(content["classes"]), np.random.default_rng(1))


def head(
    boxes: Any, labels: Any, mask: Any, side: int, classes: int, draw: np.random.Generator, bins: int = 16
) -> Scene:
    """Logits near what the first object around each anchor asks for."""
    anchors, strides = anchor_points(sizes_of(side), STRIDES, like=np.zeros(0, dtype=np.float32))
    low, high = anchors[:, None] - boxes[:, None, :, :2], boxes[:, None, :, 2:] - anchors[:, None]
    distances = np.concatenate((low, high), axis=-1)
    inside = (distances.min(axis=-1) > 0) & mask[:, None, :]
    first, hit = inside.argmax(axis=-1), inside.any(axis=-1)
    near = np.take_along_axis(distances, first[..., None, None], axis=2)[:, :, 0] / strides[:, None]
    near = np.clip(near + draw.normal(0, 0.5, near.shape), 0, bins - 1)
    peaks = np.maximum(0, 5 - 2.5 * np.abs(np.arange(bins) - near[..., None]))
    box_logits = draw.normal(0, 0.5, peaks.shape) + hit[..., None, None] * peaks
    sure = np.arange(classes) == np.take_along_axis(labels, first, axis=1)[..., None]
    class_logits = draw.normal(-3, 1, sure.shape) + 4.0 * (sure & hit[..., None])
    shape = (*box_logits.shape[:2], 4 * bins)
    wide = box_logits.reshape(shape), class_logits, labels, boxes, mask, anchors, strides
    return Scene(*[x.astype(np.float32) if x.dtype == np.float64 else x for x in wide])
