"""All pages, in the order of the index."""

from __future__ import annotations

from . import (
    keras,
    kornia,
    mmdetection,
    monai,
    optax,
    pytorch,
    pytorch_metric_learning,
    segmentation_models_pytorch,
    torchmetrics,
    torchvision,
    ultralytics,
)

PAGES = (
    torchvision.PAGE,
    ultralytics.PAGE,
    mmdetection.PAGE,
    monai.PAGE,
    segmentation_models_pytorch.PAGE,
    kornia.PAGE,
    optax.PAGE,
    keras.PAGE,
    pytorch.PAGE,
    torchmetrics.PAGE,
    pytorch_metric_learning.PAGE,
)
