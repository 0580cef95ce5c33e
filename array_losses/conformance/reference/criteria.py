"""Whole detection criteria of one image: sums of the losses of anchors, in 50 digits, for a given assignment.

The assignment is what the library under test found: which object each anchor stands for, and its score. Everything
after it is here: what the anchors are to learn, what each costs, and what the sums are divided by.

References
----------
YOLOv8: task-aligned scores (arXiv:2108.07755), CIoU, distribution focal loss (arXiv:2006.04388). RetinaNet,
arXiv:1708.02002. FCOS, arXiv:1904.01355. YOLOX, arXiv:2107.08430. DETR, arXiv:2005.12872.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..dual import Dual, constant, exp, larger, log, smaller, softplus, sqrt, total
from . import binary, boxes, classes, distributions, regression

Row = Sequence[Dual]


class Truth(NamedTuple):
    """The objects of an image as plain numbers, where anchors are, and what the assigner found."""

    labels: Sequence[int]
    boxes: Sequence[Sequence[float]]
    places: Sequence[Sequence[float]]
    """By anchor: x, y and stride; or the corners of an anchor box."""
    objects: Sequence[int]
    """By anchor: the object, or -1."""
    score: Sequence[float]
    ignored: Sequence[bool]

    def target(self, anchor: int) -> list[Dual]:
        return [Dual(x) for x in self.boxes[self.objects[anchor]]]

    def one_hot(self, anchor: int, count: int) -> list[Dual]:
        """1 for the class of the anchor's object."""
        own = self.labels[self.objects[anchor]] if self.objects[anchor] >= 0 else -1
        return [Dual(int(c == own)) for c in range(count)]

    @property
    def foreground(self) -> list[int]:
        return [a for a, g in enumerate(self.objects) if g >= 0]


def yolov8_detection_loss(box_logits: Sequence[Row], class_logits: Sequence[Row], truth: Truth, bins: int) -> Dual:
    """7.5 s CIoU + 1.5 s DFL over the foreground and 0.5 cross-entropies over all, over max(sum of s, 1)."""
    parts = [Dual(0)]
    score = [Dual(s) for s in truth.score]
    for a, row in enumerate(class_logits):
        targets = truth.one_hot(a, len(row))
        parts += [
            0.5 * total(((1 - t * score[a]) * softplus(x), t * score[a] * softplus(-x))) for x, t in zip(row, targets)
        ]
    for a in truth.foreground:
        x, y, stride = truth.places[a]
        sides = [box_logits[a][bins * k : bins * k + bins] for k in range(4)]
        means = [distributions.distribution_expectation(side) * stride for side in sides]
        target = truth.target(a)
        pred = [Dual(x) - means[0], Dual(y) - means[1], Dual(x) + means[2], Dual(y) + means[3]]
        parts.append(7.5 * score[a] * boxes.ROWS["ciou_loss"](pred, target))
        for side, way in zip(sides, (Dual(x) - target[0], Dual(y) - target[1], target[2] - x, target[3] - y)):
            goal = smaller(larger(way / stride, Dual(0)), Dual(bins - 1.01))
            parts.append(1.5 * 0.25 * score[a] * distributions.distribution_focal_loss(side, constant(goal)))
    divisor = larger(total(score), Dual(1))
    return total(parts) / constant(divisor)


def retinanet_loss(class_logits: Sequence[Row], deltas: Sequence[Row], truth: Truth) -> Dual:
    """Focal losses of all that are not ignored, and |d - d*| of the foreground's four deltas, over their number."""
    parts = [Dual(0)]
    for a, row in enumerate(class_logits):
        if not truth.ignored[a]:
            parts += [binary.sigmoid_focal_loss(x, t) for x, t in zip(row, truth.one_hot(a, len(row)))]
    for a in truth.foreground:
        goal = _deltas(truth.target(a), truth.places[a])
        parts += [regression.ROWS["l1_loss"](d, t) for d, t in zip(deltas[a], goal)]
    return total(parts) / max(1, len(truth.foreground))


def _deltas(box: Row, anchor: Sequence[float]) -> list[Dual]:
    """Centres in sides of the anchor, logarithms of sides."""
    width, height = Dual(anchor[2]) - anchor[0], Dual(anchor[3]) - anchor[1]
    return [
        ((box[0] + box[2]) - (Dual(anchor[0]) + anchor[2])) / (2 * width),
        ((box[1] + box[3]) - (Dual(anchor[1]) + anchor[3])) / (2 * height),
        log((box[2] - box[0]) / width),
        log((box[3] - box[1]) / height),
    ]


def fcos_loss(class_logits: Sequence[Row], distances: Sequence[Row], centerness: Sequence[Dual], truth: Truth) -> Dual:
    """Focal losses of all; of the foreground GIoU losses and cross-entropies with the centerness; over their number."""
    parts = [Dual(0)]
    for a, row in enumerate(class_logits):
        parts += [binary.sigmoid_focal_loss(x, t) for x, t in zip(row, truth.one_hot(a, len(row)))]
    for a in truth.foreground:
        x, y, stride = truth.places[a]
        left, top, right, bottom = [d * stride for d in distances[a]]
        target = truth.target(a)
        pred = [Dual(x) - left, Dual(y) - top, Dual(x) + right, Dual(y) + bottom]
        parts.append(boxes.ROWS["giou_loss"](pred, target))
        ways = Dual(x) - target[0], Dual(y) - target[1], target[2] - x, target[3] - y
        share = [smaller(p, q) / larger(p, q) for p, q in ((ways[0], ways[2]), (ways[1], ways[3]))]
        parts.append(binary.sigmoid_binary_cross_entropy(centerness[a], sqrt(share[0] * share[1])))
    return total(parts) / max(1, len(truth.foreground))


def yolox_loss(outputs: Sequence[Row], objectness: Sequence[Dual], class_logits: Sequence[Row], truth: Truth) -> Dual:
    """5 (1 - IoU^2) and cross-entropies with the IoU of the foreground, cross-entropies of all objectness; per each."""
    parts = [binary.sigmoid_binary_cross_entropy(x, Dual(int(g >= 0))) for x, g in zip(objectness, truth.objects)]
    for a in truth.foreground:
        x, y, stride = truth.places[a]
        dx, dy, w, h = outputs[a]
        centre = Dual(x) + dx * stride, Dual(y) + dy * stride
        half = exp(w) * (stride / 2), exp(h) * (stride / 2)
        pred = [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]]
        parts.append(5 * boxes.iou_loss(pred, truth.target(a), form="square"))
        targets = [t * truth.score[a] for t in truth.one_hot(a, len(class_logits[a]))]
        parts += [binary.sigmoid_binary_cross_entropy(z, t) for z, t in zip(class_logits[a], targets)]
    return total(parts) / max(1, len(truth.foreground))


def detr_loss(class_logits: Sequence[Row], pred: Sequence[Row], truth: Truth) -> Dual:
    """Cross-entropies, 0.1 of those without an object, over their weights; 5 L1 + 2 GIoU of the others per object."""
    entropies, weights, parts = [], [], [Dual(0)]
    for a, row in enumerate(class_logits):
        found = truth.objects[a]
        weights.append(Dual(1) if found >= 0 else Dual(0.1))
        label = truth.labels[found] if found >= 0 else len(row) - 1
        entropies.append(weights[-1] * classes.ROWS["softmax_cross_entropy"](row, label))
    for a in truth.foreground:
        target = truth.target(a)
        parts += [5 * regression.ROWS["l1_loss"](x, t) for x, t in zip(pred[a], target)]
        parts.append(2 * boxes.ROWS["giou_loss"](_corners(pred[a]), _corners(target)))
    return total(entropies) / total(weights) + total(parts) / max(1, len(truth.boxes))


def _corners(box: Row) -> list[Dual]:
    x, y, w, h = box
    return [x - 0.5 * w, y - 0.5 * h, x + 0.5 * w, y + 0.5 * h]


CRITERIA: dict[str, Callable[..., Any]] = {
    "yolov8_detection_loss": yolov8_detection_loss,
    "retinanet_loss": retinanet_loss,
    "fcos_loss": fcos_loss,
    "yolox_loss": yolox_loss,
    "detr_loss": detr_loss,
}
