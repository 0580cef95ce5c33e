"""ultralytics as a contestant: `ultralytics.utils.metrics` and `ultralytics.utils.loss`."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np

from .backends import Function


def functions() -> dict[str, Function]:
    metrics, loss = _load()
    criterion = loss.DFLoss()  # 16 bins
    return {
        "ciou": lambda pred, target: (1.0 - metrics.bbox_iou(pred, target, xywh=False, CIoU=True)).sum(),
        "giou": lambda pred, target: (1.0 - metrics.bbox_iou(pred, target, xywh=False, GIoU=True)).sum(),
        "iou table": metrics.box_iou,
        "probiou": lambda pred, target: (1.0 - metrics.probiou(pred, target)).sum(),
        "distribution focal": lambda logits, targets: _distribution_focal(criterion, logits, targets),
    }


def _distribution_focal(criterion: Any, logits: Any, targets: Any) -> Any:
    """The sum over all sides, where `DFLoss` gives the mean over the sides of each box."""
    return targets.shape[-1] * criterion(logits.view(-1, logits.shape[-1]), targets).sum()


@cache
def _load() -> tuple[Any, Any]:
    # torch counts its threads at its own import, and ultralytics sets OMP_NUM_THREADS=1: torch must be first.
    torch = importlib.import_module("torch")
    with _quiet():
        metrics = importlib.import_module("ultralytics.utils.metrics")
        loss = importlib.import_module("ultralytics.utils.loss")
    torch.set_printoptions(profile="default")
    return metrics, loss


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let the import neither print, nor leave a settings file behind, nor change the environment
    or the way arrays are printed."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict(
            os.environ,
            YOLO_CONFIG_DIR=folder,
            YOLO_VERBOSE="False",
            YOLO_OFFLINE="True",
            YOLO_AUTOINSTALL="False",
        ),
        np.printoptions(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        yield
