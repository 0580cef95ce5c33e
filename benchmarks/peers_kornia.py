"""kornia as a contestant: `kornia.losses`."""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function


def functions() -> dict[str, Function]:
    """Its `tversky_loss` starts from logits, where ours races from probabilities."""
    losses: Any = importlib.import_module("kornia.losses")
    return {
        "softmax focal": lambda logits, labels: losses.focal_loss(
            logits, labels, alpha=None, gamma=2.0, reduction="sum"
        ),
        "softmax dice": lambda logits, labels: losses.dice_loss(logits, labels, average="macro"),
        "lovasz softmax": losses.lovasz_softmax_loss,
    }
