"""Plain formulas of regression and margin losses as a contestant in PyTorch: as training scripts write them."""

from __future__ import annotations

import importlib
import math
from typing import Any

from .backends import Function

EPSILON = 1e-3  # of Charbonnier's loss
ALPHA, GAMMA = 0.5, 1.5  # of the balanced L1 loss; its beta is 1
B = math.exp(GAMMA / ALPHA) - 1


def functions() -> dict[str, Function]:
    torch: Any = importlib.import_module("torch")
    functional: Any = importlib.import_module("torch.nn.functional")

    def log_cosh(pred: Any, target: Any) -> Any:
        difference = pred - target
        return (difference + functional.softplus(-2.0 * difference) - math.log(2.0)).sum()

    def charbonnier(pred: Any, target: Any) -> Any:
        return torch.sqrt((pred - target) ** 2 + EPSILON**2).sum()

    def balanced_l1(pred: Any, target: Any) -> Any:
        """As mmdetection writes it."""
        apart = torch.abs(pred - target)
        near = ALPHA / B * (B * apart + 1) * torch.log(B * apart + 1) - ALPHA * apart
        return torch.where(apart < 1, near, GAMMA * apart + GAMMA / B - ALPHA).sum()

    def hinge(scores: Any, targets: Any) -> Any:
        return functional.relu(1 - targets * scores).sum()

    return {"log cosh": log_cosh, "charbonnier": charbonnier, "balanced l1": balanced_l1, "hinge": hinge}
