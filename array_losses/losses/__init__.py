"""Floor 3: one function = one published loss: check, compute, reduce."""

from .boxes import cdiou_loss, ciou_loss, diou_loss, eiou_loss, focal_eiou_loss, giou_loss, iou_loss

__all__ = ["cdiou_loss", "ciou_loss", "diou_loss", "eiou_loss", "focal_eiou_loss", "giou_loss", "iou_loss"]
