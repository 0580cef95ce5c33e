"""fvcore as a contestant: `fvcore.nn`."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from .backends import Function


def functions() -> dict[str, Function]:
    torch: Any = importlib.import_module("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch.jit.script, which it calls when imported
        losses: Any = importlib.import_module("fvcore.nn")

    def sigmoid_focal(logits: Any, targets: Any) -> Any:
        """As its TorchScript, which `torch.compile` cannot follow: that gets the same function in Python."""
        compiling = torch.compiler.is_compiling()
        focal = losses.sigmoid_focal_loss if compiling else losses.sigmoid_focal_loss_jit
        return focal(logits, targets, 0.25, 2.0, reduction="sum")

    return {
        "giou": lambda pred, target: losses.giou_loss(pred, target, reduction="sum"),
        "sigmoid focal": sigmoid_focal,
        "smooth l1": lambda pred, target: losses.smooth_l1_loss(pred, target, beta=1.0, reduction="sum"),
    }
