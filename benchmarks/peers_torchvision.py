"""torchvision as a contestant: `torchvision.ops`."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from .backends import Function


def functions() -> dict[str, Function]:
    _, ops = load()
    return {
        "ciou": lambda pred, target: ops.complete_box_iou_loss(pred, target, reduction="sum"),
        "giou": lambda pred, target: ops.generalized_box_iou_loss(pred, target, reduction="sum"),
        "iou table": ops.box_iou,
        "giou table": ops.generalized_box_iou,
        "sigmoid focal": lambda logits, targets: ops.sigmoid_focal_loss(logits, targets, 0.25, 2.0, reduction="sum"),
    }


def numpy_functions() -> dict[str, Function]:
    """From NumPy to NumPy: the same memory seen as tensors, nothing is copied."""
    torch, ops = load()

    def from_numpy(table: Function) -> Function:
        return lambda boxes, others: table(torch.from_numpy(boxes), torch.from_numpy(others)).numpy()

    return {"iou table": from_numpy(ops.box_iou), "giou table": from_numpy(ops.generalized_box_iou)}


@cache
def load() -> tuple[Any, Any]:
    """torch and torchvision.ops."""
    torch: Any = importlib.import_module("torch")
    try:
        return torch, importlib.import_module("torchvision.ops")
    except RuntimeError as error:
        if "does not exist" not in str(error):
            raise
    _declare_missing_operators(torch)
    return torch, importlib.import_module("torchvision.ops")


def _declare_missing_operators(torch: Any) -> None:
    """Tell torch the names of two C++ operators.

    A torchvision wheel built for another torch cannot load its C++ extension, and `import torchvision` fails
    where it describes operators that nobody defined. The functions raced here are Python and never call them.
    """
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
