"""torchmetrics as a contestant: `torchmetrics.functional`.

Most of its functions are metrics and have no gradient of use.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from . import peers_torchvision
from .backends import Function


def functions() -> dict[str, Function]:
    """Its `kl_divergence` divides both arguments by their sums, so its gradient is another one."""
    peers_torchvision.load()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detection: Any = importlib.import_module("torchmetrics.functional.detection")
        regression: Any = importlib.import_module("torchmetrics.functional.regression")
    return {
        "iou table": lambda boxes, others: detection.intersection_over_union(boxes, others, aggregate=False),
        "giou table": lambda boxes, others: detection.generalized_intersection_over_union(
            boxes, others, aggregate=False
        ),
        "log cosh": lambda pred, target: regression.log_cosh_error(pred, target) * len(pred),
    }
