"""ultralytics, imported without a word or a trace."""

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


@cache
def torch_and_ultralytics() -> tuple[Any, Any, Any]:
    """torch, `ultralytics.utils.metrics` and `ultralytics.utils.loss`."""
    # torch counts its threads at its own import, and ultralytics sets OMP_NUM_THREADS=1: torch must be first.
    torch = importlib.import_module("torch")
    with quiet():
        metrics = importlib.import_module("ultralytics.utils.metrics")
        loss = importlib.import_module("ultralytics.utils.loss")
    torch.set_printoptions(profile="default")
    return torch, metrics, loss


@contextlib.contextmanager
def quiet() -> Iterator[None]:
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
