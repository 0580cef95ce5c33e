"""segmentation_models_pytorch as a contestant: its `losses`."""

from __future__ import annotations

import importlib
from typing import Any

from . import peers_torchvision
from .backends import Function


def functions() -> dict[str, Function]:
    """Its regions reach over the whole batch: each sample's classes are handed over as classes of one large sample."""
    peers_torchvision.load()
    losses: Any = importlib.import_module("segmentation_models_pytorch.losses")
    dice = losses.DiceLoss("multilabel", from_logits=False)
    tversky = losses.TverskyLoss("multilabel", from_logits=False, alpha=0.3, beta=0.7)  # alpha is of false positives
    return {
        "dice": lambda probs, targets: dice(_one_sample(probs), _one_sample(targets)),
        "tversky": lambda probs, targets: tversky(_one_sample(probs), _one_sample(targets)),
        "lovasz softmax": losses.LovaszLoss("multiclass", per_image=True),
    }


def _one_sample(pixels: Any) -> Any:
    return pixels.reshape(1, -1, *pixels.shape[2:])
