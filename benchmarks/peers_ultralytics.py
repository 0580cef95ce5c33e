"""ultralytics as a contestant: `ultralytics.utils.metrics` and `ultralytics.utils.loss`."""

from __future__ import annotations

from functools import cache
from typing import Any

from .backends import Function
from .inputs import DETECTION_STRIDES
from .ultralytics_criterion import Criterion
from .ultralytics_import import torch_and_ultralytics


def functions() -> dict[str, Function]:
    _, metrics, loss = torch_and_ultralytics()
    criterion = loss.DFLoss()  # 16 bins
    return {
        "ciou": lambda pred, target: (1.0 - metrics.bbox_iou(pred, target, xywh=False, CIoU=True)).sum(),
        "giou": lambda pred, target: (1.0 - metrics.bbox_iou(pred, target, xywh=False, GIoU=True)).sum(),
        "iou table": metrics.box_iou,
        "probiou": lambda pred, target: (1.0 - metrics.probiou(pred, target)).sum(),
        "yolov8": _yolov8,
        "distribution focal": lambda logits, targets: _distribution_focal(criterion, logits, targets),
    }


def _yolov8(box_logits: Any, class_logits: Any, labels: Any, boxes: Any, mask: Any, anchors: Any, strides: Any) -> Any:
    """Its mean over the images; compiled by `torch.compile` the criterion gives another result than eager."""
    side = round((len(anchors) * 1024 / 21) ** 0.5)  # of square images with strides of 8, 16 and 32
    criterion = _criterion(class_logits.shape[2], side)
    outputs = criterion.outputs(box_logits, class_logits)
    return criterion(outputs, criterion.batch(labels, boxes, mask))[0].sum() / len(labels)


@cache
def _criterion(classes: int, side: int) -> Criterion:
    sizes = [(side // stride, side // stride) for stride in DETECTION_STRIDES]
    return Criterion("v8DetectionLoss", classes, sizes, DETECTION_STRIDES)


def _distribution_focal(criterion: Any, logits: Any, targets: Any) -> Any:
    """The sum over all sides, where `DFLoss` gives the mean over the sides of each box."""
    return targets.shape[-1] * criterion(logits.view(-1, logits.shape[-1]), targets).sum()
