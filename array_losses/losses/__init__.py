"""Floor 3: one function = one published loss: check, compute, reduce."""

from .boxes import cdiou_loss, ciou_loss, diou_loss, eiou_loss, focal_eiou_loss, giou_loss, iou_loss
from .regression import (
    balanced_l1_loss,
    charbonnier_loss,
    focal_l1_loss,
    huber_loss,
    l1_loss,
    l2_loss,
    log_cosh_loss,
    smooth_l1_loss,
    squared_error,
    wing_loss,
)

__all__ = [
    "balanced_l1_loss",
    "cdiou_loss",
    "charbonnier_loss",
    "ciou_loss",
    "diou_loss",
    "eiou_loss",
    "focal_eiou_loss",
    "focal_l1_loss",
    "giou_loss",
    "huber_loss",
    "iou_loss",
    "l1_loss",
    "l2_loss",
    "log_cosh_loss",
    "smooth_l1_loss",
    "squared_error",
    "wing_loss",
]
