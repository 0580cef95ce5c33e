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


def functions() -> dict[str, Function]:
    return {"ciou": ciou, "giou": giou, "iou table": iou_table}


def numpy_functions() -> dict[str, Function]:
    return functions() | {
        "ciou and gradient": array_losses.value_and_grad(ciou),
        "giou and gradient": array_losses.value_and_grad(giou),
    }
