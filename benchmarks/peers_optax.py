"""optax as a contestant: `optax.losses`."""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function


def functions() -> dict[str, Function]:
    losses: Any = importlib.import_module("optax.losses")
    return {
        "sigmoid focal": lambda logits, targets: losses.sigmoid_focal_loss(
            logits, targets, alpha=0.25, gamma=2.0
        ).sum(),
        "sigmoid bce": lambda logits, targets: losses.sigmoid_binary_cross_entropy(logits, targets).sum(),
        "softmax ce": lambda logits, labels: losses.softmax_cross_entropy_with_integer_labels(logits, labels).sum(),
        "huber": lambda pred, target: losses.huber_loss(pred, target).sum(),
    }
