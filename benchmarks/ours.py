"""`array_losses` as a contestant."""

from __future__ import annotations

from typing import Any

import array_losses

from .backends import Function

NAME = "array_losses"


def ciou(pred: Any, target: Any) -> Any:
    return array_losses.ciou_loss(pred, target, reduction="sum")


def giou(pred: Any, target: Any) -> Any:
    return array_losses.giou_loss(pred, target, reduction="sum")


def iou_table(boxes: Any, others: Any) -> Any:
    return array_losses.iou(boxes[:, None, :], others[None, :, :])


def sigmoid_focal(logits: Any, targets: Any) -> Any:
    return array_losses.sigmoid_focal_loss(logits, targets, alpha=0.25, gamma=2.0, reduction="sum")


def sigmoid_bce(logits: Any, targets: Any) -> Any:
    return array_losses.sigmoid_binary_cross_entropy(logits, targets, reduction="sum")


def softmax_ce(logits: Any, labels: Any) -> Any:
    return array_losses.softmax_cross_entropy(logits, labels, reduction="sum")


def distribution_focal(logits: Any, targets: Any) -> Any:
    return array_losses.distribution_focal_loss(logits, targets, reduction="sum")


def smooth_l1(pred: Any, target: Any) -> Any:
    return array_losses.smooth_l1_loss(pred, target, reduction="sum")


def huber(pred: Any, target: Any) -> Any:
    return array_losses.huber_loss(pred, target, reduction="sum")


LOSSES: dict[str, Function] = {
    "ciou": ciou,
    "giou": giou,
    "sigmoid focal": sigmoid_focal,
    "sigmoid bce": sigmoid_bce,
    "softmax ce": softmax_ce,
    "distribution focal": distribution_focal,
    "smooth l1": smooth_l1,
    "huber": huber,
}


def functions() -> dict[str, Function]:
    return LOSSES | {"iou table": iou_table}


def numpy_functions() -> dict[str, Function]:
    return functions() | {
        f"{name} and gradient": array_losses.value_and_grad(function) for name, function in LOSSES.items()
    }
