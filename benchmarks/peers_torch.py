"""PyTorch itself as a contestant: `torch.nn.functional`."""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function


def functions() -> dict[str, Function]:
    functional = _functional()
    return {
        "sigmoid bce": lambda logits, targets: functional.binary_cross_entropy_with_logits(
            logits, targets, reduction="sum"
        ),
        "softmax ce": lambda logits, labels: functional.cross_entropy(logits, labels, reduction="sum"),
        "probability bce": lambda probs, targets: functional.binary_cross_entropy(probs, targets, reduction="sum"),
        "kl divergence": lambda probs, targets: functional.kl_div(probs.log(), targets, reduction="sum"),
        "triplet": lambda anchor, positive, negative: functional.triplet_margin_loss(
            anchor, positive, negative, margin=0.2, eps=0.0
        ),
        "smooth l1": lambda pred, target: functional.smooth_l1_loss(pred, target, reduction="sum"),
        "huber": lambda pred, target: functional.huber_loss(pred, target, reduction="sum"),
    }


def bounds() -> dict[str, Function]:
    """Less work than the loss of this name: its cross-entropy alone."""
    return {"sigmoid focal": functions()["sigmoid bce"]}


def _functional() -> Any:
    return importlib.import_module("torch.nn.functional")
